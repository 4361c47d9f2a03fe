import { type Connection, permissionSetOf } from '../domain/connection.js';
import type { PermissionSet } from '../domain/permission-set.js';
import { type PermissionSetView, viewPermissionSet } from '../domain/permission-set-view.js';
import type { Site, Visit } from './site.js';

/** The newest version of each of the vendor's sets. */
export const newestSets = ({ deps }: Site): PermissionSet[] => {
  const names = [...new Set(deps.permissionSets.list().map(({ name }) => name))];
  return names.flatMap((name) => deps.permissionSets.get(name) ?? []);
};

/** The optional statements that a form did not check; all are included before there is a form. */
export function leftOut(visit: Visit, { name, statements }: PermissionSet): string[] {
  if (visit.request.method !== 'POST') return [];
  const included = visit.fields(`optional-${name}`);
  return statements.flatMap(({ sid, optional }) => (optional && !included.includes(sid) ? [sid] : []));
}

/** The set as the role has it, or the newest with what changes. */
export function deployedSet({ deps }: Site, connection: Connection): PermissionSetView | undefined {
  const own = permissionSetOf(connection);
  const newest = own && deps.permissionSets.get(own.name);
  if (newest === undefined) return undefined;
  const deployed = own?.version === undefined ? undefined : deps.permissionSets.get(own.name, own.version);
  const shown = viewPermissionSet(deployed ?? newest, own?.without);
  return { ...shown, changes: viewPermissionSet(newest, own?.without, deployed).changes };
}
