import { hash } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { createCallbackSecrets } from '../../actions/callback-secrets.js';
import { type Dependencies, isoNow } from '../../actions/dependencies.js';
import { permissionSetWarnings } from '../../actions/permission-set.js';
import { checkBeforeDeploy, roleDeprovisioned, roleProvisioned } from '../../actions/receive-callback.js';
import { requireActive } from '../../actions/require-active.js';
import type { Requester } from '../../domain/audit.js';
import { type Connection, roleRegistrationOf } from '../../domain/connection.js';
import { RolebridgeError } from '../../domain/errors.js';
import { type ConnectionId, isConnectionId } from '../../domain/ids.js';
import type { IdempotencyRecord } from '../../domain/ports.js';
import { describeScope, type Scope, scopeKey } from '../../domain/scope.js';
import type { RateLimits } from '../../limits/index.js';
import { parseJsonBody } from '../json-body.js';
import { type Answer, problemAnswer } from '../problem.js';
import { callbackEvent, parse } from '../schemas.js';
import { verifySignature } from '../signature.js';
import { connectionView } from '../views.js';

/** Longer than any verification takes; then the event is free for another process. */
const claimMs = 90_000;

/** Answers `POST /v1/callbacks`: the same `webhook-id` is one event, with the first answer again. */
export function createCallbackReceiver(deps: Dependencies, toleranceMs: number, limits: RateLimits) {
  const secretsOf = createCallbackSecrets(deps);

  return async (headers: IncomingHttpHeaders, rawBody: Buffer, requestId: string): Promise<Answer> => {
    // Nothing but the connection's id is read before the signature is checked.
    const claimedId = connectionIdIn(rawBody);
    const connection = claimedId && (await deps.store.connectionForCallback(claimedId));
    const trust = connection && roleRegistrationOf(connection);
    const webhookId = verifySignature(headers, rawBody, secretsOf(connection), deps.clock.now(), toleranceMs);
    if (!trust || webhookId === undefined)
      throw new RolebridgeError(
        'callback_unauthorized',
        "The callback is not signed with this connection's secret, or is stale.",
        {
          remedy:
            "Check that CONNECT_CALLBACK_SECRET is the secret shown when this connection was made, that the connection id is right, and that this machine's clock is.",
        },
      );
    // Counted only now: nobody else can use a connection's callbacks up.
    await limits.callback(connection.id);
    const requestHash = hash('sha256', rawBody);
    return handleOnce(deps, { connectionId: connection.id, webhookId, requestHash }, (attempt) =>
      decide(deps, { actor: { kind: 'callback' }, requestId }, connection.id, rawBody, attempt),
    );
  };
}

async function decide(
  deps: Dependencies,
  by: Requester,
  id: ConnectionId,
  rawBody: Buffer,
  { firstAttemptAtMs, receiptOf }: CallbackAttempt,
): Promise<Answer> {
  const event = parse(callbackEvent, parseJsonBody(rawBody), 'body');
  const connection = await deps.store.connectionForCallback(id);
  if (connection === undefined)
    throw new Error(`Connection ${id} is gone from the store; deleted ones stay.`);
  // A stack that is destroyed says so even then.
  if (event.type !== 'role.deprovisioned') await requireActive(deps.store, connection.organizationId);
  switch (event.type) {
    case 'role.provisioned': {
      const answer = (next: Connection): Answer => {
        const warnings = [
          ...scopeWarnings(next, event.data.scope),
          ...permissionSetWarnings(next, event.data),
        ];
        return { status: 200, body: { ...connectionView(next), ...(warnings.length > 0 && { warnings }) } };
      };
      const receipt = (next: Connection) => receiptOf(answer(next));
      return answer(
        await roleProvisioned(deps, by, connection, { ...event.data, firstAttemptAtMs, receipt }),
      );
    }
    case 'role.deprovisioned': {
      const answer = (next: Connection): Answer => ({ status: 200, body: connectionView(next) });
      const receipt = (next: Connection) => receiptOf(answer(next));
      return answer(await roleDeprovisioned(deps, by, connection, event.data, receipt));
    }
    case 'connection.check':
      return { status: 200, body: { checks: await checkBeforeDeploy(deps, by, connection, event.data) } };
  }
}

interface CallbackAttempt {
  readonly firstAttemptAtMs: number;
  /** The record of an answer, to be stored in one commit with what it answers. */
  readonly receiptOf: (answer: Answer) => IdempotencyRecord;
}

/** A scope that is set stays: the stack prints what of its request did not count. */
function scopeWarnings({ scopes }: Connection, asked: Scope | undefined) {
  if (asked === undefined || scopes.some((scope) => scopeKey(scope) === scopeKey(asked))) return [];
  const kept = scopes.map(describeScope).join('; ') || 'nothing yet';
  return [
    {
      code: 'scope_kept',
      message: `The connection applies to ${kept}, as set before; the stack's scope (${describeScope(asked)}) changes nothing.`,
    },
  ];
}

type EventKey = Pick<IdempotencyRecord, 'connectionId' | 'webhookId'> & { readonly requestHash: string };

async function handleOnce(
  deps: Dependencies,
  key: EventKey,
  decideEvent: (attempt: CallbackAttempt) => Promise<Answer>,
): Promise<Answer> {
  const claim = await claimOrWait(deps, key);
  if (claim.answer !== undefined) return claim.answer;
  const { firstAttemptAt } = claim;
  let isStored = false;
  const receiptOf = ({ status, body }: Answer): IdempotencyRecord => {
    isStored = true;
    return { ...key, firstAttemptAt, leaseExpiresAt: isoNow(deps.clock), answer: { status, body } };
  };
  const firstAttemptAtMs = Date.parse(firstAttemptAt);
  const answer = await decideEvent({ firstAttemptAtMs, receiptOf }).catch(async (thrown: unknown) => {
    isStored = false;
    const error = isChangedMeanwhile(thrown) ? changedMeanwhile() : thrown;
    const problem = callbackProblem(error, deps);
    if (problem.status < 500 && problem.status !== 429) return problem;
    // Not decided, or not known: the event is free again, and the error is logged where all are.
    await deps.store.releaseIdempotency(key.connectionId, key.webhookId);
    throw error;
  });
  if (!isStored) await deps.store.commit({ receipt: receiptOf(answer) });
  return answer;
}

/** Nothing is wrong with what the customer deploys, so its apply must not fail of it. */
const isChangedMeanwhile = (error: unknown): boolean =>
  error instanceof RolebridgeError && error.code === 'connection_changed';

const changedMeanwhile = () =>
  new RolebridgeError('callback_in_progress', 'The connection was changed while it was being verified.', {
    remedy: 'Send the same callback again.',
    retryAfterSeconds: 1,
  });

/** The contract of the callback knows 422 for everything that is not valid. */
function callbackProblem(error: unknown, { publicUrl, vendor }: Dependencies): Answer {
  const answer = problemAnswer(error, publicUrl, vendor.inSentence);
  return answer.status === 400
    ? { ...answer, status: 422, body: { ...(answer.body as object), status: 422 } }
    : answer;
}

async function claimOrWait(
  deps: Dependencies,
  key: EventKey,
): Promise<{ firstAttemptAt: string; answer?: Answer }> {
  const deadline = deps.clock.now() + deps.maxWaitMs;
  for (;;) {
    const now = deps.clock.now();
    const receipt: IdempotencyRecord = {
      ...key,
      firstAttemptAt: new Date(now).toISOString(),
      leaseExpiresAt: new Date(now + claimMs).toISOString(),
    };
    const result = await deps.store.acquireIdempotency(receipt, isoNow(deps.clock));
    if (result.claimed) return { firstAttemptAt: result.firstAttemptAt };
    const { requestHash = key.requestHash } = result.receipt;
    if (requestHash !== key.requestHash)
      throw new RolebridgeError(
        'idempotency_key_reused',
        'This webhook-id was sent before with another body.',
        {
          remedy: 'Send each event with a new webhook-id, and a retry with the same body.',
        },
      );
    if (result.receipt.answer !== undefined)
      return { firstAttemptAt: result.receipt.firstAttemptAt, answer: result.receipt.answer };
    if (now >= deadline)
      throw new RolebridgeError('callback_in_progress', 'The same callback is still being handled.', {
        remedy: 'Send the same callback again after the time in Retry-After.',
        retryAfterSeconds: 2,
      });
    await deps.clock.sleep(100);
  }
}

function connectionIdIn(rawBody: Buffer): ConnectionId | undefined {
  try {
    const id: unknown = (JSON.parse(rawBody.toString('utf8')) as { data?: { connectionId?: unknown } } | null)
      ?.data?.connectionId;
    return typeof id === 'string' && isConnectionId(id) ? id : undefined;
  } catch {
    return undefined;
  }
}
