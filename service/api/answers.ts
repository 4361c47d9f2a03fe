/** What the API answers, as zod schemas: the document and the typed client are made of them, and the tests hold the service to them. */
import { z } from 'zod';
import { auditActions } from '../domain/audit.js';
import { assurance } from '../domain/connection.js';
import { authority } from '../domain/permission.js';
import { quotaNames } from '../domain/quotas.js';
import { access } from '../domain/sign-in-link.js';
import { permissionsReport, permissionsState } from '../domain/verification/permissions-report.js';
import { cause, check, errorCode, verificationSchema } from '../domain/verification.js';
import { eventType, webhookEndpointSchema } from '../domain/webhook-endpoint.js';
import { scope } from './schemas.js';

const text = z.string();
const dateTime = text.meta({ format: 'date-time', description: 'ISO 8601, in UTC.' });
const code = errorCode;
const accountId = text.meta({ description: 'An AWS account: 12 digits.' });
const externalId = text.meta({ description: "What the role's trust policy must require as sts:ExternalId." });
const path = z.array(scope);

const verification = verificationSchema.meta({ id: 'Verification' });

const connectionBase = {
  id: text,
  name: text,
  reference: text.optional(),
  metadata: z.record(text, text).optional(),
  defaultRegion: text.optional().meta({ description: 'Passed on with credentials.' }),
  partition: text,
  expectedAccountId: accountId.optional(),
  scopes: path.meta({ description: "Where it applies; {} is the organization's default." }),
  createdAt: dateTime,
  updatedAt: dateTime,
  warnings: z
    .array(z.object({ code: z.enum(['scope_kept', 'permission_set_kept']), message: text }))
    .optional()
    .meta({ description: 'In the answer to a callback: what of it changed nothing.' }),
  links: z
    .object({ page: text })
    .optional()
    .meta({ description: 'In the answer to a callback: the page of the connection.' }),
};

const disconnected = {
  status: z.literal('disconnected'),
  reason: z.enum(['deprovisioned', 'deleted']),
  disconnectedAt: dateTime,
};

const roleConnection = {
  ...connectionBase,
  method: z.literal('assume_role'),
  externalId,
  permissionSet: text.optional().meta({
    description: 'What the vendor needs: `deploy@3`, or `deploy` until a role was checked against a version.',
  }),
  without: z.array(text).optional().meta({ description: 'Its optional statements that are left out.' }),
  newestPermissionSet: text.optional().meta({ description: 'A newer version, when there is one.' }),
  pendingExternalId: text
    .optional()
    .meta({ description: 'While the external ID is being changed: the one that is to take its place.' }),
};

const heldAccessKey = {
  ...connectionBase,
  method: z.literal('access_key'),
  accountId,
  principalArn: text,
  accessKeyLastFour: text.meta({ description: "The last four characters of the access key's id." }),
  sessionExpiresAt: dateTime.optional(),
  verification,
  migrateToRole: z
    .object({ externalId, roleArn: text.optional(), verification: verification.optional() })
    .optional()
    .meta({ description: 'The role that is to take its place.' }),
};

const ofConnectedRole = {
  assurance: assurance.meta({
    description: 'proven: the trust policy was read and judged. tested: by probes only.',
  }),
  missingForProven: z
    .array(z.object({ message: text, remedy: text }))
    .optional()
    .meta({ description: 'Of a tested one: why it is not proven, and what to do.' }),
  permissions: permissionsState.optional().meta({
    description:
      "Whether IAM's simulator allows what the permission set needs. complete: everything required was checked and allowed. incomplete: something required is missing. not_checked: nothing is known to be missing, and something required was not checked.",
  }),
};

const pendingConnection = z.object({ ...roleConnection, status: z.literal('pending') });

/** Every state has its own shape: a pending connection has no role to forget to check. */
export const connection = z
  .union([
    pendingConnection,
    z.object({
      ...roleConnection,
      status: z.literal('connected'),
      accountId,
      roleArn: text,
      roleId: text.meta({ description: "The role's unique id." }),
      ...ofConnectedRole,
      verification,
    }),
    z.object({ ...roleConnection, status: z.literal('failed'), roleArn: text, verification }),
    z.object({ ...roleConnection, ...disconnected }),
    z.object({ ...heldAccessKey, status: z.enum(['connected', 'failed']) }),
    z.object({ ...connectionBase, method: z.literal('access_key'), ...disconnected }),
  ])
  .meta({ id: 'Connection' });

/** To `connection.check`. */
export const preflight = z
  .object({
    checks: z.array(
      z.object({
        name: z.enum(['secret', 'account', 'external_id', 'role', 'permission_set']),
        outcome: z.enum(['passed', 'failed', 'not_checked']),
        code: code.optional(),
        message: text,
        remedy: text.optional(),
      }),
    ),
  })
  .meta({ id: 'Preflight' });

const templateTexts = z
  .object({
    console: text.meta({ description: 'A link that opens the AWS console, filled in.' }),
    consolePolicy: text.meta({
      description:
        'To paste there as an inline policy: the permission set, and that the role may read itself.',
    }),
    consoleManagedPolicies: z.array(text).optional().meta({
      description:
        'What of the permission set has no room in an inline policy: to create and attach as managed policies.',
    }),
    cdktn: text.meta({ description: 'A whole main.ts for CDK Terrain, for new stacks.' }),
    cdktf: text.meta({ description: 'A whole main.ts for CDKTF, for stacks that use it already.' }),
    terraform: text.meta({ description: 'One file of HCL.' }),
    terraformModule: text.meta({ description: 'A file of HCL that calls the module of the service.' }),
    cloudFormation: text.meta({ description: 'A template, as YAML.' }),
    cloudFormationLink: text.optional().meta({
      description:
        'A link that opens CloudFormation, filled in; with ROLEBRIDGE_TEMPLATE_URL for presets, ROLEBRIDGE_SET_TEMPLATE_URL for whole permission sets.',
    }),
    awsCli: text.meta({ description: 'Commands for bash, the signed callback with them.' }),
  })
  .meta({ id: 'RoleTemplates' });

const roleToCreate = {
  externalId,
  principal: text.meta({ description: "The vendor's IAM principal, which the role must trust." }),
  callbackUrl: text,
  callbackSecret: text.meta({ description: 'Signs the callback; in no other answer.' }),
  statusUrl: text,
  statusToken: text.meta({ description: "Reads the connection's status and nothing else." }),
  trustPolicy: z.record(text, z.unknown()),
  roleTemplates: templateTexts,
};

export const createdSetupCode = z
  .object({
    code: text.meta({ description: 'Reads what the code of a customer needs; in no other answer.' }),
    link: text.meta({ description: 'The code with the address of this service: what init --setup takes.' }),
    command: text.meta({ description: 'The whole command.' }),
    expiresAt: text,
  })
  .meta({ id: 'CreatedSetupCode' });
export const setup = z
  .object({
    vendorName: text.optional().meta({ description: "The vendor's name, from its brand file." }),
    name: text,
    connectionId: text,
    externalId,
    principal: text.meta({ description: "The vendor's IAM principal, which the role must trust." }),
    callbackUrl: text,
    expectedAccountId: accountId.optional(),
    scope: scope.optional(),
    permissions: text.optional().meta({ description: 'A preset, such as read-only.' }),
    region: text,
    expiresAt: text,
  })
  .meta({ id: 'Setup' });

/** The same later, without a secret. */
export const roleTemplates = z.object({
  externalId,
  principal: text,
  callbackUrl: text,
  trustPolicy: z.record(text, z.unknown()),
  roleTemplates: templateTexts,
});

/** Once, with everything that the customer needs to make the role. */
export const createdRoleConnection = pendingConnection.extend(roleToCreate).meta({ id: 'CreatedConnection' });

export const startedMigration = z.object({ ...heldAccessKey, ...roleToCreate, status: text });

const { callbackSecret, statusToken, ...roleToChange } = roleToCreate;

/** With everything that the customer needs to change the role. */
export const rotatedExternalId = z.object({
  ...roleConnection,
  ...roleToChange,
  previousExternalId: externalId,
  callbackSecret: callbackSecret.optional(),
  statusToken: statusToken.optional(),
  status: z.enum(['pending', 'connected', 'failed', 'disconnected']),
  accountId: accountId.optional(),
  roleArn: text.optional(),
  roleId: text.optional(),
  ...z.object(ofConnectedRole).partial().shape,
  verification: verification.optional(),
  reason: z.literal('deprovisioned').optional(),
  disconnectedAt: dateTime.optional(),
});

export const connectionStatus = z.object({
  status: z.enum(['pending', 'connected', 'failed', 'disconnected']),
  code: code.optional(),
  checkedAt: dateTime,
});

export const connectionList = z.object({
  connections: z.array(connection),
  next: text.optional().meta({ description: '"after" of the next page; absent on the last one.' }),
});

export const operatorConnectionList = z.object({
  connections: z.array(
    z.object({ organization: z.object({ id: text, name: text, reference: text.optional() }), connection }),
  ),
  next: text.optional().meta({ description: '"after" of the next page; absent on the last one.' }),
});

export const permissionSetUsage = z.object({
  permissionSets: z.array(
    z.object({
      permissionSet: text.meta({
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

export const rotatedCallbackSecret = z.object({
  callbackSecret: text,
  statusToken: text,
  previousValidUntil: dateTime,
});

const enrollmentMembers = {
  id: text,
  name: text,
  partition: text,
  scopeRule: z.object({
    accounts: z.record(text, scope).optional(),
    otherwise: z
      .object({ project: text.optional(), environment: text.optional(), architecture: text.optional() })
      .optional(),
  }),
  accountIds: z.array(accountId).optional(),
  maxAccounts: z.number(),
  permissionSet: text.optional().meta({ description: 'What the roles of its accounts are made with.' }),
  without: z.array(text).optional(),
  rolePattern: text.meta({ description: 'Name of the role that an account proves itself with.' }),
  createdAt: dateTime,
  expiresAt: dateTime,
  accounts: z
    .array(z.object({ accountId, connectionId: text }))
    .meta({ description: 'Those that have registered themselves.' }),
  enrollmentUrl: text,
  stackSetTemplate: text.meta({ description: 'A CloudFormation template for a StackSet, as YAML.' }),
};
export const enrollment = z.object(enrollmentMembers).meta({ id: 'Enrollment' });
export const enrollmentList = z.object({
  enrollments: z
    .array(
      z.object({
        id: text,
        name: text,
        partition: text,
        maxAccounts: z.number(),
        registered: z.number().meta({ description: 'How many accounts have registered themselves.' }),
        createdAt: dateTime,
        expiresAt: dateTime,
      }),
    )
    .meta({ description: 'The newest first.' }),
  next: text.optional().meta({ description: '"before" of the next page; absent on the last one.' }),
});
export const createdEnrollment = z.object({
  ...enrollmentMembers,
  secret: text.meta({ description: 'Signs the registrations; in no other answer.' }),
});
export const enrolledAccount = z.object({
  connectionId: text,
  externalId,
  callbackSecret: text.meta({ description: 'Signs the callbacks of this connection.' }),
});

const connectionSummary = z
  .object({
    id: text,
    name: text,
    status: z.enum(['pending', 'connected', 'failed', 'disconnected']),
    method: z.enum(['assume_role', 'access_key']),
    roleArn: text.optional(),
    principalArn: text.optional(),
    accountId: accountId.optional(),
    assurance: assurance.optional().meta({ description: 'Of a connected role.' }),
    permissions: permissionsState.optional().meta({ description: 'Of a role with a permission set.' }),
    code: code.optional().meta({ description: 'Why it failed.' }),
  })
  .meta({ id: 'ConnectionSummary' });

export const resolution = z.object({
  connection: connectionSummary,
  matchedScope: scope,
  path: path.meta({ description: 'The scopes that were looked at, the narrowest first.' }),
  shadows: z
    .array(z.object({ scope, connection: connectionSummary }))
    .meta({ description: 'Wider connections that would apply if this one did not.' }),
});

/** Of a target that resolves to nothing. */
export const targetProblem = z.object({ code, detail: text });

export const credentials = z.object({
  accessKeyId: text,
  secretAccessKey: text,
  sessionToken: text.optional(),
  expiration: dateTime.optional().meta({ description: 'Unknown for most access keys.' }),
  accountId,
  region: text.optional().meta({ description: "The connection's default region." }),
  connection: z.object({ id: text, name: text }),
  matchedScope: scope,
  attribution: z
    .enum(['source_identity', 'session_name'])
    .optional()
    .meta({ description: "Where the customer's CloudTrail says who asked." }),
});

const organizationMembers = {
  id: text,
  name: text,
  reference: text.optional(),
  metadata: z.record(text, text).optional(),
  targets: z
    .enum(['open', 'declared'])
    .meta({ description: 'declared: a scope or target that is not declared is refused.' }),
  createdAt: dateTime,
  suspendedAt: dateTime.optional().meta({ description: 'Absent while it is not suspended.' }),
};
const organizationWarnings = z
  .array(z.object({ code: z.literal('name_taken'), message: text }))
  .optional()
  .meta({ description: 'Another organization has the same name.' });
export const organization = z.object(organizationMembers).meta({ id: 'Organization' });
export const organizationInUse = z.object({
  ...organizationMembers,
  quotas: z
    .record(z.enum(quotaNames), z.object({ used: z.int(), limit: z.int().meta({ description: '0: none.' }) }))
    .meta({ description: 'How much of each kind the organization has, and may have.' }),
});
export const changedOrganization = z.object({
  ...organizationMembers,
  warnings: organizationWarnings,
  undeclaredScopes: z
    .array(z.object({ connectionId: text, name: text, scope }))
    .optional()
    .meta({ description: 'With targets: declared, the scopes that match no declared target.' }),
});
export const createdOrganization = z.object({
  ...organizationMembers,
  warnings: organizationWarnings,
  apiKey: text.meta({ description: 'In no other answer.' }),
});
export const organizationList = z.object({
  organizations: z.array(organization),
  next: text.optional().meta({ description: '"after" of the next page; absent on the last one.' }),
});

const reencrypted = z.object({
  keyId: text.meta({ description: 'The key that they are under now, but for those that failed.' }),
  reencrypted: z.number(),
  unchanged: z.number(),
  failed: z.array(
    z.object({
      id: text.meta({ description: 'Of the connection, enrollment or organization.' }),
      reason: text,
    }),
  ),
});
export const reencryption = z.object({
  accessKeys: reencrypted.optional().meta({ description: 'Missing when there is no encryption key.' }),
  callbackSecrets: reencrypted.meta({ description: 'Under the service key.' }),
  enrollmentSecrets: reencrypted.meta({ description: 'Under the service key.' }),
  personKeys: reencrypted.meta({
    description: "Each organization's key of its persons' names, under the service key.",
  }),
});

const person = z.object({ id: text.optional(), name: text, email: text.optional() }).meta({ id: 'Person' });
const signInLink = z
  .object({
    id: text,
    access,
    connectionId: text.optional(),
    user: person.optional(),
    returnUrl: text.optional(),
    createdAt: dateTime,
    expiresAt: dateTime,
    usedAt: dateTime.optional().meta({ description: 'When its browser first signed in.' }),
    revokedAt: dateTime.optional(),
  })
  .meta({ id: 'SignInLink' });
export const createdSignInLink = signInLink.extend({
  url: text.meta({ description: 'Signs in one browser. In no other answer.' }),
});
export const signInLinkList = z.object({
  signInLinks: z.array(signInLink),
  next: text.optional().meta({ description: 'The "before" of the next page; missing on the last.' }),
});

const apiKey = z
  .object({
    id: text,
    name: text,
    createdAt: dateTime,
    ...authority.shape,
    parentId: text.optional().meta({ description: 'The key that created it.' }),
    lastUsedAt: dateTime.optional().meta({ description: 'Within five minutes.' }),
    revokedAt: dateTime.optional(),
  })
  .meta({ id: 'ApiKey' });
export const apiKeyList = z.object({
  apiKeys: z.array(apiKey),
  next: text.optional().meta({ description: 'The "after" of the next page; missing on the last.' }),
});
export const createdApiKey = apiKey.extend({ apiKey: text.meta({ description: 'In no other answer.' }) });

const auditRecord = z
  .object({
    id: text,
    at: dateTime,
    actor: z.object({
      kind: z.enum([
        'api_key',
        'web_session',
        'callback',
        'enrollment',
        'operator',
        'command_line',
        'service',
      ]),
      id: text.optional(),
      name: text.optional().meta({ description: "Of an operator's token." }),
      person: person.optional().meta({ description: 'Who the sign-in link was made for, unverified.' }),
    }),
    requestId: text,
    action: z.enum(auditActions),
    connectionId: text.optional(),
    target: scope.optional(),
    details: z.record(text, z.union([text, z.number(), z.boolean()])).optional(),
    phase: z.enum(['intent', 'outcome']),
    intentId: text.optional(),
    outcome: z.enum(['succeeded', 'refused', 'inconclusive', 'failed']).optional(),
    code: code.optional(),
  })
  .meta({ id: 'AuditRecord' });

export const auditPage = z.object({
  records: z.array(auditRecord).meta({ description: 'The newest first.' }),
  next: text.optional().meta({ description: '"before" of the next page; absent on the last one.' }),
});

const webhookEndpointMembers = {
  ...webhookEndpointSchema.pick({ id: true, url: true }).shape,
  organizationId: text.optional().meta({ description: 'Absent: it gets the events of all organizations.' }),
  description: text.optional(),
  events: z.array(eventType).optional().meta({ description: 'Absent: all types.' }),
  enabled: z.boolean(),
  source: z
    .enum(['call', 'settings'])
    .meta({ description: '`settings`: ROLEBRIDGE_WEBHOOK_ENDPOINTS names it, and no call changes it.' }),
  createdAt: dateTime.optional(),
  updatedAt: dateTime.optional(),
  previousSecretValidUntil: dateTime
    .optional()
    .meta({ description: 'Until then the secret before signs, too.' }),
};
export const webhookEndpoint = z.object(webhookEndpointMembers).meta({ id: 'WebhookEndpoint' });
export const webhookEndpointWithSecret = z.object({
  ...webhookEndpointMembers,
  secret: text.meta({ description: 'Signs its messages: `whsec_…`. In no other answer.' }),
});
export const webhookEndpointList = z.object({ webhookEndpoints: z.array(webhookEndpoint) });
export const webhookDelivery = z
  .object({
    id: text.meta({ description: 'The `webhook-id` of the message.' }),
    type: text,
    organizationId: text.optional(),
    connectionId: text.optional(),
    status: z.enum(['pending', 'delivered', 'failed']),
    attempts: z.int(),
    createdAt: dateTime,
    nextAttemptAt: dateTime.optional().meta({ description: 'Of a pending one.' }),
    finishedAt: dateTime.optional(),
    lastAttempt: z
      .object({
        at: dateTime,
        status: z.int().optional().meta({ description: 'The HTTP status that the endpoint answered.' }),
        reason: text.optional().meta({ description: 'Why it counts as failed.' }),
      })
      .optional(),
  })
  .meta({ id: 'WebhookDelivery' });
export const webhookDeliveryList = z.object({
  deliveries: z.array(webhookDelivery).meta({ description: 'The newest first.' }),
  next: text.optional().meta({ description: '"after" of the next page; absent on the last one.' }),
});
export const replayed = z.object({ replayed: z.int() });

export const health = z.object({ status: z.literal('ok') });
export const explanation = z.strictObject({
  type: z.url(),
  code,
  status: z.int(),
  title: z.string(),
  meaning: z.string(),
  see: z.string(),
  fix: z.string(),
});

export const readiness = z.object({
  status: z.literal('ready'),
  degradedSince: dateTime.optional().meta({
    description: 'AWS denies the roles of several organizations at once: verdicts are on hold since then.',
  }),
});

/** https://www.rfc-editor.org/rfc/rfc9457 */
export const problem = z
  .object({
    type: text,
    title: text,
    status: z.number(),
    code,
    detail: text.meta({ description: 'What happened.' }),
    remedy: text.optional().meta({ description: 'What to do next.' }),
    errors: z
      .array(z.object({ at: text, message: text }))
      .optional()
      .meta({ description: 'Of request_invalid: every fault and where it is.' }),
    checks: z.array(check).optional().meta({ description: 'Of a refused verification.' }),
    missing: permissionsReport.shape.missing.optional().meta({ description: 'Of permissions_missing.' }),
    notDenied: permissionsReport.shape.notDenied.optional().meta({ description: 'Of permissions_missing.' }),
    diagnosis: z.object({ causes: z.array(cause) }).optional(),
    trustPolicy: text.optional().meta({ description: 'The trust policy to paste.' }),
    holders: z
      .array(z.object({ connectionId: text, name: text, scope }))
      .optional()
      .meta({ description: 'Of scope_taken.' }),
    path: path.optional().meta({ description: 'Of no_connection_for_target: the scopes looked at.' }),
    connection: z
      .object({ id: text, name: text, status: text, code: code.optional() })
      .optional()
      .meta({ description: 'Of connection_not_healthy.' }),
    nearest: scope.optional().meta({ description: 'Of target_unknown: the most similar declared target.' }),
    quota: z.enum(quotaNames).optional().meta({ description: 'Of quota_exceeded.' }),
    createdId: text.optional().meta({ description: 'Of secret_no_longer_available.' }),
    requestId: text.optional().meta({ description: 'Of request_outcome_unknown.' }),
    allowedDurationSeconds: z.number().optional(),
    maximumDurationSeconds: z.number().optional(),
  })
  .meta({ id: 'Problem' });

export const openApiDocument = z.looseObject({ openapi: text, paths: z.record(text, z.unknown()) });

export const permissionSets = z.object({
  permissionSets: z.array(
    z.object({ name: text, version: z.int(), title: text, url: text.meta({ format: 'uri' }) }),
  ),
});
