import { z } from 'zod';
import { accountId } from '../../domain/ids.js';
import { sid } from '../../domain/permission-set.js';
import { scope } from '../../domain/scope.js';

const roleId = z
  .string()
  .regex(/^[A-Z0-9]{16,128}$/)
  .meta({ description: "The role's unique id (AROA…): Terraform's `unique_id`, IAM's `RoleId`." });
/** Only control characters are refused here: the checks report other faults in detail. */
const line = (most: number) =>
  z
    .string()
    .max(most)
    .regex(/^\P{Cc}*$/u, 'must not hold control characters');
const reportedRole = { connectionId: z.string(), roleArn: line(2_048), roleId };
const permissionSet = line(100)
  .meta({ description: 'Name and version of the permission set that is deployed: `deploy@3`.' })
  .optional();
const without = z.array(sid).max(100).meta({ description: 'The omitted optional statements.' }).optional();
const timestamp = z.iso.datetime({ offset: true });

/** The events of the callback. */
export const callbackEvent = z.discriminatedUnion('type', [
  z.strictObject({
    type: z.literal('role.provisioned'),
    timestamp,
    data: z.strictObject({ ...reportedRole, scope: scope.optional(), permissionSet, without }),
  }),
  z.strictObject({
    type: z.literal('role.deprovisioned'),
    timestamp,
    data: z.strictObject(reportedRole),
  }),
  z.strictObject({
    type: z.literal('connection.check'),
    timestamp,
    data: z.strictObject({
      connectionId: z.string(),
      accountId: accountId,
      roleArn: line(2_048).optional(),
      externalId: line(1_224).optional(),
      permissionSet,
      without,
    }),
  }),
]);
