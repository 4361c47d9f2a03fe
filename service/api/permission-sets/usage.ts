import { z } from 'zod';
import { permissionSetId } from '../../domain/permission-set.js';
import { permissionsState } from '../../domain/verification/permissions-report.js';
import { defineOperation } from '../operation.js';

const permissionSetUsage = z.object({
  permissionSets: z.array(
    z.object({
      permissionSet: z.string().meta({
        description: '`deploy@3`, or `deploy` for connections whose role was not checked against a version.',
      }),
      connections: z.int(),
      isServed: z.boolean().meta({ description: 'Whether the service has the file of this version.' }),
    }),
  ),
  permissions: z
    .record(permissionsState, z.int())
    .meta({ description: "Connected roles by what IAM's simulator says of their permission set." }),
});

/** A version without connections can be removed from the folder. */
export const countPermissionSets = defineOperation({
  method: 'get',
  path: '/v1/operator/permission-sets',
  tag: 'Permission sets',
  summary: 'Counts the connections of each permission set version, across organizations.',
  auth: 'operator',
  operatorPermission: 'connections:read',
  answer: { status: 200, description: 'The versions and their connections.', schema: permissionSetUsage },
  examples: { all: { returns: 200 } },
  async handler({ deps }) {
    const { permissionSets: counted, permissions } = await deps.store.connectionTotals();
    const served = new Set<string>(deps.permissionSets.list().map(permissionSetId));
    const ids = [...new Set([...served, ...counted.keys()])];
    const stateCount = (state: string) => permissions.get(state) ?? 0;
    return {
      permissionSets: ids
        .sort((one, other) => one.localeCompare(other, 'en', { numeric: true }))
        .map((permissionSet) => ({
          permissionSet,
          connections: counted.get(permissionSet) ?? 0,
          isServed: served.has(permissionSet),
        })),
      permissions: {
        complete: stateCount('complete'),
        incomplete: stateCount('incomplete'),
        not_checked: stateCount('not_checked'),
      },
    };
  },
});
