import { z } from 'zod';
import { type IssuedCredentials, issueCredentials as issue } from '../../actions/issue-credentials.js';
import { perService } from '../../actions/per-service.js';
import { createUseMarks } from '../../actions/use-marks.js';
import { type Connection, roleBase } from '../../domain/connection.js';
import { accountId } from '../../domain/ids.js';
import { scope } from '../../domain/scope.js';
import { sessionLimits } from '../../domain/session-limits.js';
import { isoTime } from '../../domain/verification.js';
import { ownTagPrefix } from '../../role-sessions/index.js';
import { type ApiDependencies, defineOperation } from '../operation.js';
import { sessionPolicy } from '../session-policy.js';

const { durationSeconds, sessionName, tags } = sessionLimits;

/** The precision of `lastUsedAt`, which is for people who look for unused connections. */
const useMarkMs = 3_600_000;
const useMarksOf = perService(({ store, clock }: ApiDependencies) =>
  createUseMarks<Connection>(clock, useMarkMs, (connection, at) => store.markConnectionUsed(connection, at)),
);

const tagText = /^[\p{L}\p{Z}\p{N}_.:/=+\-@]*$/u;
const tagRule = 'must hold only letters, digits, spaces and _.:/=+-@';

/** https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html */
const credentialsRequest = z.strictObject({
  ...scope.shape,
  durationSeconds: z.int().min(durationSeconds.least).max(durationSeconds.most).optional(),
  sessionName: z
    .string()
    .regex(
      new RegExp(`^[A-Za-z0-9_+=,.@-]{${sessionName.least},${sessionName.most}}$`),
      `must be ${sessionName.least} to ${sessionName.most} letters, digits or any of _+=,.@- (the service puts the organization's id before it)`,
    )
    .optional(),
  sessionPolicy: sessionPolicy.optional(),
  tags: z
    .record(
      z
        .string()
        .min(1)
        .max(128)
        .regex(tagText, tagRule)
        .refine(
          (key) => !/^aws:/i.test(key) && !key.toLowerCase().startsWith(ownTagPrefix),
          `must not begin with "aws:" or "${ownTagPrefix}"`,
        ),
      z.string().max(256).regex(tagText, tagRule),
    )
    .refine((record) => Object.keys(record).length <= tags, `must be ${tags} or less`)
    .refine(
      (record) =>
        new Set(Object.keys(record).map((key) => key.toLowerCase())).size === Object.keys(record).length,
      'must not have the same key twice; letter case does not count',
    )
    .optional(),
});

const text = z.string();
const credentials = z
  .object({
    accessKeyId: text,
    secretAccessKey: text,
    sessionToken: text.optional(),
    expiration: isoTime.optional().meta({ description: 'Unknown for most access keys.' }),
    accountId,
    region: text.optional().meta({ description: "The connection's default region." }),
    connection: roleBase.pick({ id: true, name: true }),
    matchedScope: scope,
    attribution: z
      .enum(['source_identity', 'session_name'])
      .optional()
      .meta({ description: "Where the customer's CloudTrail shows the organization and target." }),
  })
  .meta({ id: 'Credentials' });

export const issueCredentials = defineOperation({
  method: 'post',
  path: '/v1/credentials',
  tag: 'Targets',
  summary: 'Issues short-lived credentials for a target.',
  auth: 'organization',
  permission: 'credentials:issue',
  body: credentialsRequest,
  answer: { status: 200, description: 'Credentials, and when they expire.', schema: credentials },
  errors: [
    'no_connection_for_target',
    'target_unknown',
    'connection_not_healthy',
    'connection_changed',
    'role_not_assumable',
    'role_in_vendor_account',
    'partition_not_supported',
    'account_mismatch',
    'duration_too_long',
    'session_tags_denied',
    'session_policy_invalid',
    'method_mismatch',
    'access_key_expired',
    'access_key_not_available',
    'access_key_unreadable',
    'aws_unavailable',
    'vendor_credentials_invalid',
    'vendor_not_allowed',
  ],
  isHighVolume: true,
  isIdempotent: true,
  examples: {
    environment: { body: { project: 'shop', environment: 'production' }, returns: 200 },
    narrow: {
      body: {
        project: 'shop',
        durationSeconds: 900,
        sessionName: 'deploy-117',
        sessionPolicy: {
          Version: '2012-10-17',
          Statement: [{ Effect: 'Allow', Action: 's3:GetObject', Resource: '*' }],
        },
        tags: { team: 'checkout' },
      },
      returns: 200,
    },
    tooLong: { body: { project: 'shop', durationSeconds: 43_200 }, returns: 'duration_too_long' },
    tooShort: { body: { project: 'shop', durationSeconds: 60 }, returns: 'request_invalid' },
    notHealthy: { body: { project: 'taken' }, returns: 'connection_not_healthy' },
    nothing: { body: { project: 'nobodys' }, returns: 'no_connection_for_target' },
  },
  async handler({ deps, by, caller, body }) {
    const { project, environment, architecture, tags: tagged, ...wanted } = body;
    const issued = await issue(deps, by, caller, {
      ...wanted,
      target: { project, environment, architecture },
      // Sorted, so that the same tags share one session.
      tags: Object.entries(tagged ?? {})
        .map(([key, value]) => ({ key, value }))
        .sort((one, other) => (one.key < other.key ? -1 : 1)),
    });
    useMarksOf(deps)(issued.connection);
    return credentialsView(issued);
  },
});

const credentialsView = ({
  credentials,
  accountId,
  connection,
  matchedScope,
  attribution,
}: IssuedCredentials) => ({
  accessKeyId: credentials.accessKeyId,
  secretAccessKey: credentials.secretAccessKey,
  sessionToken: credentials.sessionToken,
  expiration: credentials.expiresAt,
  accountId,
  region: connection.defaultRegion,
  connection: { id: connection.id, name: connection.name },
  matchedScope,
  attribution,
});
