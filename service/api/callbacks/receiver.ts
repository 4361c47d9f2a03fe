import { hash } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { createCallbackSecrets } from '../../actions/callback-secrets.js';
import type { Dependencies } from '../../actions/dependencies.js';
import { permissionSetWarnings } from '../../actions/permission-set.js';
import { checkBeforeDeploy, roleDeprovisioned, roleProvisioned } from '../../actions/receive-callback.js';
import { requireActive } from '../../actions/require-active.js';
import type { Requester } from '../../domain/audit.js';
import { type Connection, roleRegistrationOf } from '../../domain/connection.js';
import { RolebridgeError } from '../../domain/errors.js';
import { type ConnectionId, isConnectionId } from '../../domain/ids.js';
import { describeScope, type Scope, scopeKey } from '../../domain/scope.js';
import { withVendorName } from '../../domain/vendor-words.js';
import type { RateLimits } from '../../limits/index.js';
import { parseJsonBody } from '../json-body.js';
import type { Answer } from '../problem.js';
import { parse } from '../schemas.js';
import { verifySignature } from '../signature.js';
import { connectionView } from '../views.js';
import { callbackEvent } from './event.js';
import { type Attempt, createHandleOnce } from './handle-once.js';

/** Handles `POST /v1/callbacks`. A repeated `webhook-id` gets the first answer again. */
export function createCallbackReceiver(deps: Dependencies, toleranceMs: number, limits: RateLimits) {
  const secretsOf = createCallbackSecrets(deps);
  const handleOnce = createHandleOnce(deps);

  return async (headers: IncomingHttpHeaders, rawBody: Buffer, requestId: string): Promise<Answer> => {
    // Only the connection id is read before the signature check.
    const claimedId = connectionIdIn(rawBody);
    const connection = claimedId && (await deps.store.connectionForCallback(claimedId));
    const registration = connection && roleRegistrationOf(connection);
    const webhookId = verifySignature(headers, rawBody, secretsOf(connection), deps.clock.now(), toleranceMs);
    if (!registration || webhookId === undefined)
      throw new RolebridgeError(
        'callback_unauthorized',
        "The callback is not signed with this connection's secret, or is stale.",
        {
          remedy:
            "Check that CONNECT_CALLBACK_SECRET is the secret shown when this connection was created, and that the connection id and this machine's clock are right.",
        },
      );
    // Counted after the signature check, so that strangers can't use up the limit of a connection.
    await limits.callback(connection.id);
    const requestHash = hash('sha256', rawBody);
    const { id: connectionId, organizationId } = connection;
    return handleOnce({ organizationId, connectionId, webhookId, requestHash }, (attempt) =>
      decide(deps, { actor: { kind: 'callback' }, requestId }, connection.id, rawBody, attempt),
    );
  };
}

async function decide(
  deps: Dependencies,
  by: Requester,
  id: ConnectionId,
  rawBody: Buffer,
  { firstAttemptAtMs, idempotencyRecordOf }: Attempt,
): Promise<Answer> {
  const event = parse(callbackEvent, parseJsonBody(rawBody), 'body');
  const connection = await deps.store.connectionForCallback(id);
  if (connection === undefined)
    throw new Error(`Connection ${id} is gone from the store; deleted ones stay.`);
  // A suspended organization still accepts deregistrations.
  if (event.type !== 'role.deprovisioned') await requireActive(deps.store, connection.organizationId);
  const links = { page: `${deps.publicUrl}/connections/${id}` };
  switch (event.type) {
    case 'role.provisioned': {
      const answer = (next: Connection): Answer => {
        const warnings = [
          ...scopeWarnings(next, event.data.scope),
          ...permissionSetWarnings(next, event.data),
        ];
        const named = warnings.map((each) => ({ ...each, message: inVendorsName(deps, each.message) }));
        return {
          status: 200,
          body: {
            ...connectionView(next),
            ...(named.length > 0 && { warnings: named }),
            links,
          },
        };
      };
      const request = { ...event.data, firstAttemptAtMs, idempotency: idempotencyRecordOf(answer) };
      return answer(await roleProvisioned(deps, by, connection, request));
    }
    case 'role.deprovisioned': {
      const answer = (next: Connection): Answer => ({ status: 200, body: connectionView(next) });
      return answer(await roleDeprovisioned(deps, by, connection, event.data, idempotencyRecordOf(answer)));
    }
    case 'connection.check': {
      const checks = await checkBeforeDeploy(deps, by, connection, event.data, idempotencyRecordOf());
      const named = checks.map((each) => ({ ...each, message: inVendorsName(deps, each.message) }));
      return { status: 200, body: { checks: named, links } };
    }
  }
}

const inVendorsName = ({ vendor }: Dependencies, text: string) => withVendorName(text, vendor.inSentence);

/** A callback can't change a scope that is set: warn that the requested one was ignored. */
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

function connectionIdIn(rawBody: Buffer): ConnectionId | undefined {
  try {
    const id: unknown = JSON.parse(rawBody.toString('utf8'))?.data?.connectionId;
    return typeof id === 'string' && isConnectionId(id) ? id : undefined;
  } catch {
    return undefined;
  }
}
