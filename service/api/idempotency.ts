/** `Idempotency-Key`: https://datatracker.ietf.org/doc/draft-ietf-httpapi-idempotency-key-header/ */
import { hash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { z } from 'zod';
import { callbackSecretContext } from '../actions/dependencies.js';
import { findEnrollment } from '../actions/enrollments.js';
import { createOperatorOrganization } from '../actions/operator-tokens.js';
import { enforced } from '../actions/require-quota.js';
import type { AnsweredRequest } from '../domain/answered-request.js';
import { apiKeyIdOf, isValid } from '../domain/api-key.js';
import type { Actor, AuditRecord } from '../domain/audit.js';
import { roleRegistrationOf } from '../domain/connection.js';
import { invalidRequest, RolebridgeError } from '../domain/errors.js';
import { isConnectionId, type OrganizationId } from '../domain/ids.js';
import { operatorOrganizationId } from '../domain/organization.js';
import { webhookSecretContext } from '../domain/webhook-endpoint.js';
import { createKeyring } from '../secrets/keyring.js';
import { textIn } from '../unknown-value.js';
import type { ApiDependencies, Caller } from './operation.js';
import { type Answer, problemAnswer } from './problem.js';

/** Longer than a verification takes. */
const leaseMs = 90_000;
const secretMs = 15 * 60_000;

/** @throws RolebridgeError `request_invalid` */
export function idempotencyKeyIn({ headers }: Pick<IncomingMessage, 'headers'>): string | undefined {
  const given = headers['idempotency-key'];
  if (given === undefined) return undefined;
  const key = /^"?([\x21\x23-\x7e]{1,255})"?$/.exec(String(given))?.[1];
  if (key !== undefined) return key;
  throw invalidRequest('header.idempotency-key', 'must be 1 to 255 visible ASCII characters', 'Use a UUID.');
}

interface KeyedRequest {
  readonly key: string;
  readonly actor: Actor;
  readonly caller: Caller | undefined;
  /** Method and path. */
  readonly operation: string;
  readonly body: Buffer;
  readonly requestId: string;
}

/** Handles a request once, and repeats its answer for 24 hours. */
export async function answerOnce(
  deps: ApiDependencies,
  request: KeyedRequest,
  answer: () => Promise<Answer>,
): Promise<Answer> {
  const { store, clock } = deps;
  if (request.caller === undefined) await createOperatorOrganization(deps);
  const mine = recordOf(request, clock.now());
  // The operator's own calls have no organization, and no quota.
  let found = await enforced(deps.quotas, request.caller ? ['idempotencyKeys'] : [], (quotas) =>
    store.acquireRequest(mine, undefined, quotas),
  );
  if (found !== undefined) {
    if (found.requestHash !== mine.requestHash) throw reused();
    if (found.answer) return answerAgain(deps, request.key, found.id, found.answer);
    if (Date.parse(found.leaseExpiresAt) > clock.now()) throw unanswered(found, clock.now());
    const lost = await effectOf(deps, found);
    if (lost === 'unknown') throw unanswered(found, clock.now());
    if (lost !== 'none') throw answeredBefore(lost.createdId);
    found = await store.acquireRequest(mine, found.requestId);
    if (found !== undefined) throw unanswered(found, clock.now());
  }
  const given = await answer().catch(async (error: unknown) => {
    const problem = problemAnswer(error, deps.publicUrl, deps.vendor.inSentence);
    if (problem.status < 500 && problem.status !== 429) return problem;
    // Nothing was decided: release the key. The caller logs the error.
    await store.releaseRequest(mine);
    throw error;
  });
  await store.finishRequest({ ...mine, answer: storedAnswer(deps, request.key, mine.id, given) });
  return given;
}

function recordOf(
  { key, actor, caller, operation, body, requestId }: KeyedRequest,
  now: number,
): AnsweredRequest {
  const organizationId: OrganizationId = caller?.organizationId ?? operatorOrganizationId;
  const credential = 'id' in actor ? (actor.id ?? '') : '';
  return {
    id: hash('sha256', JSON.stringify([actor.kind, credential, organizationId, operation, key])),
    organizationId,
    requestId,
    requestHash: hash('sha256', body),
    startedAt: new Date(now).toISOString(),
    leaseExpiresAt: new Date(now + leaseMs).toISOString(),
  };
}

/** An answer that creates something may contain a secret: it is encrypted with the service's key and the client's. */
function storedAnswer(
  deps: ApiDependencies,
  key: string,
  recordId: string,
  { status, body }: Answer,
): NonNullable<AnsweredRequest['answer']> {
  const text = JSON.stringify(body);
  if (status >= 400) return { status, body: text };
  const createdId = textIn(body, 'id');
  const inner = keyringOf(key).encrypt(Buffer.from(text), recordId);
  return {
    status,
    body: deps.encryption.encrypt(inner, contextOf(recordId)),
    encryptedUntil: new Date(deps.clock.now() + secretMs).toISOString(),
    ...(createdId !== undefined && { createdId }),
  };
}

const keyringOf = (key: string) =>
  createKeyring([{ id: 'client', key: hash('sha256', key, 'buffer') }], 'rolebridge idempotent answer v1');
const contextOf = (recordId: string) => `idempotent-answer:${recordId}`;

async function answerAgain(
  deps: ApiDependencies,
  key: string,
  id: string,
  { status, body, encryptedUntil, createdId }: NonNullable<AnsweredRequest['answer']>,
): Promise<Answer> {
  if (encryptedUntil === undefined) return { status, body: JSON.parse(body ?? 'null') };
  const isOver = Date.parse(encryptedUntil) <= deps.clock.now();
  if (!isOver && body !== undefined) {
    const value = opened(deps, key, id, body);
    if (value !== undefined && (await secretWorks(deps, secrets.parse(value))))
      return { status, body: value };
  }
  throw answeredBefore(createdId);
}

const answeredBefore = (createdId: string | undefined): RolebridgeError =>
  new RolebridgeError(
    'secret_no_longer_available',
    'This request was completed before. Its answer contained a secret, which is not shown again.',
    {
      remedy: 'Get the created object by its id, and create or rotate the secret.',
      members: createdId === undefined ? {} : { createdId },
    },
  );

/** Undefined if its service key was removed since. */
function opened({ encryption }: ApiDependencies, key: string, id: string, body: string): unknown {
  try {
    return JSON.parse(
      keyringOf(key)
        .open(encryption.open(body, contextOf(id)), id)
        .toString('utf8'),
    );
  } catch {
    return undefined;
  }
}

const text = z.string();
/** `secret` is that of a webhook endpoint or an enrollment, `code` a set-up code, and `url` has the token of a sign-in link. */
const secrets = z
  .object({ id: text, apiKey: text, callbackSecret: text, secret: text, code: text, url: text })
  .partial();

/** False once the secret was revoked, rotated or used. */
async function secretWorks(
  deps: ApiDependencies,
  { id = '', apiKey, callbackSecret, secret, code, url }: z.infer<typeof secrets>,
): Promise<boolean> {
  const { store, clock, encryption } = deps;
  if (apiKey !== undefined) {
    const keyId = apiKeyIdOf(apiKey);
    const key = keyId && (await store.apiKey(keyId));
    return key !== undefined && isValid(key, clock.now());
  }
  if (callbackSecret !== undefined) {
    const connection = isConnectionId(id) ? await store.connectionForCallback(id) : undefined;
    const registration = connection && roleRegistrationOf(connection);
    if (!registration) return false;
    return (
      encryption.open(registration.encryptedCallbackSecret, callbackSecretContext(id)) === callbackSecret
    );
  }
  if (secret !== undefined && id.startsWith('enr_')) return (await findEnrollment(deps, id)) !== undefined;
  if (secret !== undefined) {
    const endpoint = await store.webhookEndpoint(id);
    return endpoint !== undefined && encryption.open(endpoint.secret, webhookSecretContext(id)) === secret;
  }
  if (code !== undefined) return (await store.token('setup_code', hash('sha256', code))) !== undefined;
  const token = url === undefined ? undefined : new URL(url).searchParams.get('token');
  if (!token) return true;
  const link = await store.token('sign_in_link', hash('sha256', token));
  return link !== undefined && link.data.usedAt === undefined && link.data.revokedAt === undefined;
}

/**
 * The effect of a lost attempt, by the audit log: it has the intent of a change first, then the outcome. Operator calls
 * span organizations, so their effect can't be looked up.
 */
async function effectOf(
  { store }: ApiDependencies,
  lost: AnsweredRequest,
): Promise<'none' | 'unknown' | { readonly createdId: string | undefined }> {
  if (lost.organizationId === operatorOrganizationId) return 'unknown';
  const found: AuditRecord[] = [];
  for (let before: Parameters<typeof store.auditRecords>[1]['before']; ; ) {
    const { records, hasMore } = await store.auditRecords(lost.organizationId, { limit: 100, before });
    found.push(...records.filter(({ requestId }) => requestId === lost.requestId));
    const last = records.at(-1);
    if (!hasMore || last === undefined || last.at < lost.startedAt) break;
    before = last.id;
  }
  const [intents, outcomes] = [found.filter(isIntent), found.filter((record) => !isIntent(record))];
  const done = outcomes.find((record) => record.phase === 'outcome' && record.outcome === 'succeeded');
  if (done) return { createdId: createdIn(done) };
  // It was refused, or lost before it did anything.
  return intents.length <= outcomes.length ? 'none' : 'unknown';
}

const isIntent = ({ phase }: AuditRecord): boolean => phase === 'intent';

function createdIn({ action, connectionId, details = {} }: AuditRecord): string | undefined {
  if (action === 'connection.create') return connectionId;
  const ids = [details.keyId, details.linkId, details.enrollmentId, details.endpointId];
  return ids.find((id) => typeof id === 'string');
}

function unanswered({ leaseExpiresAt, requestId }: AnsweredRequest, now: number): RolebridgeError {
  if (Date.parse(leaseExpiresAt) > now)
    return new RolebridgeError('request_in_progress', 'The same request is still being handled.', {
      remedy: 'Send it again after the time in Retry-After.',
      retryAfterSeconds: 2,
    });
  return new RolebridgeError(
    'request_outcome_unknown',
    'The service stopped while it handled this request, and it may have been done.',
    {
      remedy: `Search the audit log for its request id, ${requestId}. Then use a new Idempotency-Key.`,
      members: { requestId },
    },
  );
}

const reused = () =>
  new RolebridgeError('idempotency_key_reused', 'This Idempotency-Key was sent before with another body.', {
    remedy: 'Use a new key for each request, and a retry with the same body.',
  });
