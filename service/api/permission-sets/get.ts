import { RolebridgeError } from '../../domain/errors.js';
import {
  type PermissionSet,
  type PermissionSets,
  parsePermissionSetId,
  permissionSetSchema,
} from '../../domain/permission-set.js';
import { defineOperation } from '../operation.js';

/** The answer is the vendor's file, so that customers can commit it beside their stack. A version never changes. */
export const getPermissionSet = defineOperation({
  method: 'get',
  path: '/v1/permission-sets/{name}/{version}',
  tag: 'Permission sets',
  summary: 'Returns one version of a permission set.',
  auth: 'none',
  answer: {
    status: 200,
    description: 'The permission set.',
    schema: permissionSetSchema.meta({ id: 'PermissionSet' }),
  },
  errors: ['not_found'],
  examples: {
    one: { path: { name: 'deploy', version: '1' }, returns: 200 },
    unknown: { path: { name: 'deploy', version: '999' }, returns: 'not_found' },
  },
  handler: ({ deps, params }) => servedSet(deps.permissionSets, `${params.name}@${params.version}`),
});

/** @throws RolebridgeError `not_found` */
export function servedSet(sets: PermissionSets, text: string): PermissionSet {
  const id = parsePermissionSetId(text);
  const set = id && sets.get(id.name, id.version);
  if (set === undefined)
    throw new RolebridgeError('not_found', 'There is no such version of a permission set.', {
      remedy: 'List them with GET /v1/permission-sets.',
    });
  return set;
}
