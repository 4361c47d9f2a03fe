import { connectionOperations } from './connection-operations.js';
import { enrollmentOperations } from './enrollment-operations.js';
import { openOperations, organizationOperations } from './organization-operations.js';
import { targetOperations } from './target-operations.js';

/** Every call of the API, once: `/openapi.json`, the typed client and the tests of the contract come from here. */
export const operations = {
  ...connectionOperations,
  ...targetOperations,
  ...enrollmentOperations,
  ...organizationOperations,
  ...openOperations,
} as const;
export type Operations = typeof operations;
