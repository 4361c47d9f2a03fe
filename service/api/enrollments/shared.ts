import { z } from 'zod';
import { type Enrollment, enrollmentSchema } from '../../domain/enrollment.js';
import { accountId, connectionId } from '../../domain/ids.js';
import { stackSetTemplate } from '../../templates/index.js';
import { enrollmentId } from '../example-values.js';
import type { ApiDependencies } from '../operation.js';
import { shownBy } from '../schemas.js';

export const tag = 'Enrollments';
/** Common members of the operations in this folder. */
export const reading = {
  tag,
  auth: 'organization',
  permission: 'connections:read',
  isOrganizationWide: true,
} as const;
export const changing = { ...reading, permission: 'connections:write' } as const;
export const path = { id: enrollmentId };
export const unknownPath = { id: 'enr_aaaaaaaaaaaaaaaaaaaaaaaa' };
export const unknown = { path: unknownPath, returns: 'not_found' } as const;

const own = enrollmentSchema.pick({
  id: true,
  name: true,
  partition: true,
  scopeRule: true,
  accountIds: true,
  maxAccounts: true,
  rolePattern: true,
  createdAt: true,
  expiresAt: true,
});
export const enrollment = own
  .extend({
    permissionSet: z
      .string()
      .optional()
      .meta({ description: "The name of the permission set of its accounts' roles." }),
    without: z.array(z.string()).optional(),
    accounts: z
      .array(z.object({ accountId, connectionId }))
      .meta({ description: 'The registered accounts.' }),
    enrollmentUrl: z.string(),
    stackSetTemplate: z.string().meta({ description: 'A CloudFormation template for a StackSet, as YAML.' }),
  })
  .meta({ id: 'Enrollment' });

/** The enrollment as the API shows it, without its secret. */
export function enrollmentView(deps: ApiDependencies, enrollment: Enrollment) {
  const { id, partition, accounts, permissionSet } = enrollment;
  const set = permissionSet && deps.permissionSets.get(permissionSet.name);
  const permissions = set && { set, without: permissionSet.without };
  const enrollmentUrl = `${deps.publicUrl}/v1/enrollments/${id}/accounts`;
  const vendor = {
    principals: deps.principals,
    callbackUrl: `${deps.publicUrl}/v1/callbacks`,
    vendorName: deps.vendor.name,
  };
  return {
    ...shownBy(own, enrollment),
    ...(permissionSet && { permissionSet: permissionSet.name, without: permissionSet.without }),
    accounts: Object.entries(accounts).map(([accountId, connectionId]) => ({ accountId, connectionId })),
    enrollmentUrl,
    stackSetTemplate: stackSetTemplate(vendor, { id, partition, enrollmentUrl, permissions }),
  };
}
