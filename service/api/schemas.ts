import { z } from 'zod';
import { assurance, region } from '../domain/connection.js';
import { RolebridgeError } from '../domain/errors.js';
import { accountId as anAccountId, apiKeyId, auditId, connectionId } from '../domain/ids.js';
import { metadata, reference, targetsMode } from '../domain/organization.js';
import { authority, ceilings, defaultPermissions } from '../domain/permission.js';
import { permissionSetName } from '../domain/permission-set.js';
import { partition as aPartition } from '../domain/role-arn.js';
import { scope } from '../domain/scope.js';
import { sessionLimits } from '../domain/session-limits.js';
import { access } from '../domain/sign-in-link.js';
import { permissionsState } from '../domain/verification/permissions-report.js';
import { errorCode } from '../domain/verification.js';
import { endpointUrl, eventFilter } from '../domain/webhook-endpoint.js';
import { accessKeyMembers, sessionTokenFits } from './access-key-schema.js';

export { scope } from '../domain/scope.js';

export const name = z
  .string()
  .min(1)
  .max(100)
  .regex(/^\P{C}+$/u, 'must not hold control or invisible characters')
  .regex(/^\S(.*\S)?$/u, 'must not begin or end with a space');

export const accountId = anAccountId.meta({ description: 'An AWS account.' });

export const partition = aPartition.default('aws');

export const permissionSetMembers = {
  permissionSet: permissionSetName
    .optional()
    .meta({ description: "The name of the vendor's permission set that the role is made with." }),
  without: z
    .array(z.string().max(64))
    .max(100)
    .optional()
    .meta({ description: 'Optional statements of the set that are left out.' }),
};

const connectionLabels = {
  reference: reference.meta({ description: 'What you call it.' }),
  metadata: metadata.meta({ description: 'Up to 20 texts that the service keeps for you.' }),
  defaultRegion: region.meta({ description: 'Passed on with credentials.' }),
};
const newConnectionLabels = {
  reference: connectionLabels.reference.optional(),
  metadata: connectionLabels.metadata.optional(),
  defaultRegion: connectionLabels.defaultRegion.optional(),
};

export const createRoleConnectionRequest = z.strictObject({
  name,
  ...newConnectionLabels,
  method: z.literal('assume_role').optional(),
  scope: scope.optional(),
  scopeFrom: z.literal('callback').optional(),
  partition,
  expectedAccountId: accountId.optional(),
  ...permissionSetMembers,
});

export const createAccessKeyConnectionRequest = z
  .strictObject({
    name,
    method: z.literal('access_key'),
    ...newConnectionLabels,
    ...accessKeyMembers,
    scope: scope.optional(),
    partition,
    expectedAccountId: accountId.optional(),
  })
  .superRefine(sessionTokenFits);

export const createConnectionRequest = z.discriminatedUnion('method', [
  createRoleConnectionRequest,
  createAccessKeyConnectionRequest,
]);

export const renameRequest = z.strictObject({ name });

/** While pending, the account and the permission set as well. */
export const changeConnectionRequest = z
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

const organizationMembers = {
  reference: reference.meta({
    description: 'What you call it: unique, and in every path it stands for the id.',
  }),
  metadata: metadata.meta({ description: 'Up to 20 texts that the service keeps for you.' }),
};

export const createOrganizationRequest = z.strictObject({
  name,
  reference: organizationMembers.reference.optional(),
  metadata: organizationMembers.metadata.optional(),
});

export const changeOrganizationRequest = z
  .strictObject({
    name: name.optional(),
    reference: organizationMembers.reference.nullable().optional(),
    metadata: organizationMembers.metadata.optional(),
    targets: targetsMode.optional(),
  })
  .refine((change) => Object.keys(change).length > 0, 'must name what to change');

/** Seconds that the secret before still signs; a week at most. */
export const rotateCallbackSecretRequest = z.strictObject({
  previousValidSeconds: z.int().min(0).max(604_800).optional(),
});

export const rotateExternalIdRequest = z.strictObject({ rotateCallbackSecret: z.boolean().optional() });

/** Seconds that the link works for: 30 days at most. The page that it leads to is the connection's, or the list. */
export const signInLinkRequest = z.strictObject({
  expiresInSeconds: z.int().min(60).max(2_592_000).optional(),
  connectionId: connectionId.optional().meta({ description: 'The only connection that it opens.' }),
  access: access.optional().meta({
    description:
      'What its person may do: `read`; `connect` and check roles; `manage` all but bind another account. Never more than the key that creates the link. By default `connect` for one connection, else `manage`.',
  }),
  user: z
    .strictObject({
      id: z
        .string()
        .min(1)
        .max(128)
        .regex(/^[\x21-\x7e]+$/, 'must be visible ASCII')
        .optional(),
      name,
      email: z.email().max(254).optional(),
    })
    .optional()
    .meta({ description: 'Who you make it for. It is shown and recorded as "link for NAME", unverified.' }),
  returnUrl: z.url().max(2000).optional().meta({
    description: 'Where the page leads back to: an address below one of the brand\u2019s `returnUrls`.',
  }),
});

export const policyText = z
  .string()
  .max(sessionLimits.sessionPolicy, `must be ${sessionLimits.sessionPolicy} characters or less`)
  // What AWS takes: tab, line ends, and the printable characters of Latin-1.
  .regex(/^[\t\n\r\x20-\xff]*$/, 'must hold no character outside Latin-1')
  .refine(isJsonObject, 'must be a JSON object');

/** A session policy: an object, or the text of one. */
export const sessionPolicy = z.union(
  [
    policyText,
    z
      .record(z.string(), z.unknown())
      .transform((policy) => JSON.stringify(policy))
      .pipe(policyText),
  ],
  `must be a JSON object, or the text of one, of at most ${sessionLimits.sessionPolicy} characters of Latin-1`,
);

export const createApiKeyRequest = z.strictObject({
  name,
  permissions: authority.shape.permissions
    .default([...defaultPermissions])
    .meta({ description: 'What the key may do, at most what the key that creates it may.' }),
  scope: scope
    .optional()
    .meta({ description: 'The key sees connections and issues credentials within it only.' }),
  ceilings: ceilings
    .extend({ sessionPolicy: sessionPolicy.optional() })
    .optional()
    .meta({ description: 'The longest duration, and a session policy for all credentials of the key.' }),
  expiresAt: z.iso.datetime().optional().meta({ description: 'By default that of the key that creates it.' }),
});

function isJsonObject(text: string): boolean {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value);
  } catch {
    return false;
  }
}

export const limit = z
  .string()
  .regex(/^[1-9]\d{0,2}$/, 'must be a whole number from 1 to 100')
  .transform(Number)
  .pipe(z.number().max(100))
  .meta({ override: { type: 'integer', minimum: 1, maximum: 100 } })
  .default(50);

const connectionFilters = {
  limit,
  after: z.string().max(200).optional(),
  reference: reference.optional(),
  accountId: anAccountId.optional().meta({ description: 'Of the role or key, or the expected one.' }),
  assurance: assurance.optional(),
  code: errorCode.optional().meta({ description: 'Why the last verification failed.' }),
  status: z.enum(['pending', 'connected', 'failed', 'disconnected']).optional(),
  permissionSet: z
    .string()
    .max(72)
    .optional()
    .meta({ description: 'Name (`deploy`) or name and version (`deploy@3`) of a permission set.' }),
  permissions: permissionsState.optional().meta({ description: "What IAM's simulator said of it." }),
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
    .meta({ description: 'Those that apply to it or to something in it: `shop/production`.' }),
});

/** Across organizations. */
export const operatorListQuery = z.strictObject(connectionFilters);

export const listOrganizationsQuery = z.strictObject({
  limit,
  after: z.string().max(200).optional(),
  search: z
    .string()
    .min(1)
    .max(100)
    .regex(/^\P{C}+$/u, 'must not hold control or invisible characters')
    .meta({ description: 'A part of the name; letter case does not count.' })
    .optional(),
});

export const apiKeysQuery = z.strictObject({
  limit,
  after: apiKeyId.meta({ description: 'The "next" of the page before.' }).optional(),
});

export const signInLinksQuery = z.strictObject({
  limit,
  before: z
    .string()
    .regex(/^[0-9T:.Z-]{24}~lnk_[a-z2-7]{16}$/, 'must be the "next" of the page before')
    .optional(),
});

export const auditQuery = z.strictObject({
  limit,
  before: auditId.meta({ description: 'The "next" of the page before.' }).optional(),
  connection: connectionId.meta({ description: 'Records about one connection only.' }).optional(),
});

const roleId = z
  .string()
  .regex(/^[A-Z0-9]{16,128}$/)
  .meta({ description: "The role's unique id (AROA…): Terraform's `unique_id`, IAM's `RoleId`." });
const reportedRole = { connectionId: z.string(), roleArn: z.string(), roleId };
const permissionSet = z
  .string()
  .max(100)
  .meta({ description: 'Name and version of the permission set that is deployed: `deploy@3`.' })
  .optional();
const without = z
  .array(z.string().max(128))
  .max(100)
  .meta({ description: 'The optional statements that are left out.' })
  .optional();
const timestamp = z.iso.datetime({ offset: true });

/** The wire contract of the callback. */
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
      accountId: anAccountId,
      roleArn: z.string().optional(),
      externalId: z.string().optional(),
      permissionSet,
      without,
    }),
  }),
]);

const endpointMembers = {
  url: endpointUrl.meta({ description: 'An `https` URL. Requests to private addresses are refused.' }),
  description: name.meta({ description: 'A text that the service keeps for you.' }),
  events: eventFilter.meta({ description: 'The types that it gets; left out: all.' }),
  enabled: z.boolean().meta({ description: 'A disabled endpoint gets nothing, later either.' }),
};
export const createWebhookEndpointRequest = z.strictObject({
  url: endpointMembers.url,
  description: endpointMembers.description.optional(),
  events: endpointMembers.events.optional(),
  enabled: endpointMembers.enabled.optional(),
});
export const changeWebhookEndpointRequest = z
  .strictObject({
    url: endpointMembers.url.optional(),
    description: endpointMembers.description.nullable().optional(),
    events: endpointMembers.events.nullable().optional(),
    enabled: endpointMembers.enabled.optional(),
  })
  .refine((change) => Object.keys(change).length > 0, 'must name what to change');
/** Seconds that the secret before still signs; a week at most. */
export const rotateWebhookSecretRequest = z.strictObject({
  previousValidSeconds: z.int().min(0).max(604_800).optional(),
});
export const deliveriesQuery = z.strictObject({
  limit,
  status: z.enum(['pending', 'delivered', 'failed']).optional(),
  after: z
    .string()
    .regex(/^msg_[a-z2-7]{24}$/, 'must be a webhook id')
    .meta({ description: 'The "next" of the page before.' })
    .optional(),
});
export const replayRequest = z.strictObject({
  since: z.iso.datetime().meta({ description: 'Messages created then or later.' }),
  until: z.iso.datetime().optional().meta({ description: 'Messages created then or before.' }),
  status: z.enum(['failed', 'delivered']).optional().meta({ description: 'By default those that failed.' }),
});

/** @throws RolebridgeError `request_invalid` with every fault and where it is */
export function parse<Schema extends z.ZodType>(
  schema: Schema,
  value: unknown,
  where: 'body' | 'query',
): z.infer<Schema> {
  const result = schema.safeParse(value ?? {});
  if (result.success) return result.data;
  const errors = result.error.issues.map((issue) => ({
    at: [where, ...issue.path].join('.'),
    message: issue.message,
  }));
  throw new RolebridgeError(
    'request_invalid',
    errors.map((error) => `${error.at}: ${error.message}`).join('; '),
    {
      remedy: 'Correct what is named and send the request again.',
      members: { errors },
    },
  );
}
