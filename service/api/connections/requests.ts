import { z } from 'zod';
import { assurance, connectionStatus, region } from '../../domain/connection.js';
import { accountId, connectionId } from '../../domain/ids.js';
import { metadata, reference } from '../../domain/organization.js';
import { scope } from '../../domain/scope.js';
import { permissionsState } from '../../domain/verification/permissions-report.js';
import { errorCode } from '../../domain/verification.js';
import { accessKeyMembers, sessionTokenFits } from '../access-key-schema.js';
import { limit, name, partition, permissionSetMembers } from '../schemas.js';

const connectionLabels = {
  reference: reference.meta({ description: 'Your own name for the connection.' }),
  metadata: metadata.meta({ description: 'Up to 20 texts for your own use.' }),
  defaultRegion: region.meta({ description: 'The region that is returned with credentials.' }),
};
const newConnectionLabels = z.object(connectionLabels).partial().shape;

/** The name of a connection that was created without one. */
export const defaultName = 'New connection';

const createRoleConnectionRequest = z
  .strictObject({
    name: name.default(defaultName),
    ...newConnectionLabels,
    method: z.literal('assume_role').optional(),
    scope: scope.optional(),
    scopeFrom: z.literal('callback').optional(),
    partition,
    expectedAccountId: accountId.optional(),
    ...permissionSetMembers,
  })
  .meta({ id: 'CreateRoleConnectionRequest' });

export const createAccessKeyConnectionRequest = z
  .strictObject({
    name: name.default(defaultName),
    method: z.literal('access_key'),
    ...newConnectionLabels,
    ...accessKeyMembers,
    scope: scope.optional(),
    partition,
    expectedAccountId: accountId.optional(),
  })
  .superRefine(sessionTokenFits)
  .meta({ id: 'CreateAccessKeyConnectionRequest' });

export const createConnectionRequest = z
  .discriminatedUnion('method', [createRoleConnectionRequest, createAccessKeyConnectionRequest])
  .meta({ id: 'CreateConnectionRequest' });

export const renameRequest = z.strictObject({ name });

/** The account and permission set can change while the connection is pending. */
export const updateConnectionRequest = z
  .strictObject({
    name: name.optional(),
    reference: connectionLabels.reference.nullable().optional(),
    metadata: connectionLabels.metadata.optional(),
    defaultRegion: connectionLabels.defaultRegion.nullable().optional(),
    expectedAccountId: accountId.optional(),
    ...permissionSetMembers,
  })
  .refine((change) => Object.keys(change).length > 0, 'must name what to change');

export const releaseAccountRequest = z.strictObject({ expectedAccountId: accountId });

export const setRoleRequest = z.strictObject({ roleArn: z.string() });

export const setScopesRequest = z.strictObject({
  scopes: z.array(scope).max(100),
  replace: z.boolean().default(false),
});

/** How long the previous secret stays valid; a week at most. */
export const rotateCallbackSecretRequest = z.strictObject({
  previousValidSeconds: z.int().min(0).max(604_800).optional(),
});

export const rotateExternalIdRequest = z.strictObject({ rotateCallbackSecret: z.boolean().optional() });

const connectionFilters = {
  limit,
  after: connectionId.meta({ description: 'The `next` of the previous page.' }).optional(),
  reference: reference.optional(),
  accountId: accountId
    .optional()
    .meta({ description: 'The account of the role or key, or the expected one.' }),
  assurance: assurance.optional(),
  code: errorCode.optional().meta({ description: 'Why the last verification failed.' }),
  status: connectionStatus.optional(),
  permissionSet: z
    .string()
    .max(72)
    .regex(/^[a-z0-9-]+(@\d{1,7})?$/, 'must be NAME or NAME@VERSION')
    .optional()
    .meta({ description: 'Name (`deploy`) or name and version (`deploy@3`) of a permission set.' }),
  permissions: permissionsState.optional().meta({ description: "IAM's simulator result." }),
};

export const listQuery = z.strictObject({
  ...connectionFilters,
  scope: z
    .string()
    .regex(
      /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}(\/[A-Za-z0-9][A-Za-z0-9._-]{0,63}){0,2}$/,
      'must be a path of names',
    )
    .optional()
    .meta({ description: 'Connections that hold this scope or one within it: `shop/production`.' }),
});

/** Filters across organizations. */
export const operatorListQuery = z.strictObject(connectionFilters).meta({ id: 'ConnectionFilters' });
