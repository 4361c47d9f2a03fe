import type { Connection } from '../../client/index.js';

/** The permission findings of a connection, one per line. */
export function permissionLines(connection: Connection): string[] {
  const set = 'permissionSet' in connection ? connection.permissionSet : undefined;
  if (set === undefined) return ['no permission set'];
  const newest = 'newestPermissionSet' in connection ? connection.newestPermissionSet : undefined;
  const report = 'verification' in connection ? connection.verification.permissions : undefined;
  const state = report?.state ?? 'not checked yet';
  const finding = (mark: string) => (one: NonNullable<typeof report>['missing'][number]) =>
    `  ${mark} ${one.action} on ${one.resource} (${one.sid}: ${one.reason})${one.deniedBy ? `: ${one.deniedBy}` : ''}`;
  return [
    `${set}: ${state}${newest ? `; ${newest} is available (rolebridge permissions diff ${set})` : ''}`,
    ...(report?.missing.map(finding('missing')) ?? []),
    ...(report?.notDenied.map(finding('allowed, and must not be:')) ?? []),
    ...(report?.unavailable.map(finding('not available')) ?? []),
    ...(report?.notChecked.map(({ sid, because }) => `  not checked ${sid}: ${because}`) ?? []),
  ];
}
