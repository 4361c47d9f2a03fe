/** What an API key may do. */
export const permissions = [
  'connections:read',
  'connections:write',
  'connections:release',
  'credentials:issue',
  'targets:write',
  'keys:write',
  'links:write',
  'webhooks:write',
  'audit:read',
] as const;
export type Permission = (typeof permissions)[number];
