import { z } from 'zod';
import type { Dependencies } from '../actions/dependencies.js';
import { issueCredentials, type VendedCredentials } from '../actions/issue-credentials.js';
import type { Requester } from '../domain/audit.js';
import type { OrganizationId } from '../domain/ids.js';
import { sessionLimits } from '../domain/session.js';
import { ownTagPrefix } from '../role-sessions/index.js';
import type { Answer } from './problem.js';
import { parse, scope } from './schemas.js';

const { durationSeconds, sessionName, sessionPolicy, tags } = sessionLimits;

const policyText = z
  .string()
  .max(sessionPolicy, `must be ${sessionPolicy} characters or less`)
  // What AWS takes: tab, line ends, and the printable characters of Latin-1.
  .regex(/^[\t\n\r\x20-\xff]*$/, 'must hold no character outside Latin-1')
  .refine(isJsonObject, 'must be a JSON object');

const tagText = /^[\p{L}\p{Z}\p{N}_.:/=+\-@]*$/u;
const tagRule = 'must hold only letters, digits, spaces and _.:/=+-@';

/** https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html */
export const credentialsRequest = z.strictObject({
  ...scope.shape,
  durationSeconds: z.int().min(durationSeconds.least).max(durationSeconds.most).optional(),
  sessionName: z
    .string()
    .regex(
      new RegExp(`^[A-Za-z0-9_+=,.@-]{${sessionName.least},${sessionName.most}}$`),
      `must be ${sessionName.least} to ${sessionName.most} letters, digits or any of _+=,.@- (the service puts the organization's id before it)`,
    )
    .optional(),
  sessionPolicy: z
    .union(
      [
        policyText,
        z
          .record(z.string(), z.unknown())
          .transform((policy) => JSON.stringify(policy))
          .pipe(policyText),
      ],
      `must be a JSON object, or the text of one, of at most ${sessionPolicy} characters of Latin-1`,
    )
    .optional(),
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

/** `POST /v1/credentials`. */
export async function answerCredentials(
  deps: Dependencies,
  by: Requester,
  organizationId: OrganizationId,
  body: unknown,
): Promise<Answer> {
  const { project, environment, architecture, tags, ...wanted } = parse(credentialsRequest, body, 'body');
  const vended = await issueCredentials(deps, by, organizationId, {
    ...wanted,
    target: { project, environment, architecture },
    // In one order, so that the same tags are the same request.
    tags: Object.entries(tags ?? {})
      .map(([key, value]) => ({ key, value }))
      .sort((one, other) => (one.key < other.key ? -1 : 1)),
  });
  return { status: 200, body: credentialsView(vended) };
}

export const credentialsView = ({
  credentials,
  accountId,
  connection,
  matchedScope,
  attribution,
}: VendedCredentials) => ({
  accessKeyId: credentials.accessKeyId,
  secretAccessKey: credentials.secretAccessKey,
  sessionToken: credentials.sessionToken,
  expiration: credentials.expiresAt,
  accountId,
  connection: { id: connection.id, name: connection.name },
  matchedScope,
  attribution,
});

function isJsonObject(text: string): boolean {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value);
  } catch {
    return false;
  }
}
