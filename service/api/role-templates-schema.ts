import { z } from 'zod';
import { keysOf } from '../domain/keys-of.js';
import { sid } from '../domain/permission-set.js';
import { isManagedPolicy, permissionPresets, type RoleChoices } from '../templates/index.js';

const flag = z.enum(['true', 'false']).transform((text) => text === 'true');

/** Options of a role, within IAM's limits. https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateRole.html */
export const roleTemplatesQuery = z
  .strictObject({
    permissions: z.enum(keysOf(permissionPresets)).optional(),
    managedPolicies: z
      .string()
      .transform((text) => text.split(','))
      .pipe(
        z
          .array(
            z
              .string()
              .refine(isManagedPolicy, 'must be names or ARNs of managed policies, separated by commas'),
          )
          .max(20),
      )
      .optional()
      .meta({
        override: {
          type: 'string',
          description:
            "Instead of permissions: names of AWS's own managed policies, or ARNs, separated by commas.",
        },
      }),
    without: z
      .string()
      .max(6_500)
      .transform((text) => text.split(',').filter(Boolean))
      .pipe(z.array(sid))
      .optional()
      .meta({
        override: {
          type: 'string',
          description: 'Optional statements of the permission set to omit, separated by commas.',
        },
      }),
    roleName: z
      .string()
      .regex(/^[\w+=,.@-]{1,64}$/, 'must be 1 to 64 letters, digits or any of _+=,.@-')
      .optional(),
    path: z
      .string()
      .max(512)
      .regex(/^\/([\w+=,.@-]+\/)*$/, 'must be "/" or names between slashes')
      .optional(),
    maxSessionDuration: z
      .string()
      .regex(/^\d{4,5}$/, 'must be a whole number of seconds from 3600 to 43200')
      .transform(Number)
      .pipe(z.number().min(3600).max(43_200))
      .optional()
      .meta({
        override: { type: 'integer', description: 'The longest session, in seconds: 3,600 to 43,200.' },
      }),
    allowSessionTags: flag
      .optional()
      .meta({ override: { type: 'string', description: '"true": the vendor may tag its sessions.' } }),
    allowSourceIdentity: flag.optional().meta({
      override: {
        type: 'string',
        description: '"true": the vendor may name who is behind a session.',
      },
    }),
  })
  .refine((choices) => choices.permissions === undefined || choices.managedPolicies === undefined, {
    path: ['managedPolicies'],
    message: 'replaces permissions: send one of them',
  });

/** The query as choices of a role description. */
export const choicesOf = ({
  managedPolicies,
  permissions,
  ...rest
}: z.infer<typeof roleTemplatesQuery>): RoleChoices => ({
  ...rest,
  ...(managedPolicies !== undefined ? { permissions: { managedPolicies } } : permissions && { permissions }),
});
