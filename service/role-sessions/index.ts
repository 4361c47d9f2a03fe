/**
 * Sessions of the customers' roles: opening them with the marks that say who asked, and keeping them in memory until
 * shortly before they end. Nothing here knows of HTTP or of the SDK, and nothing of it is ever written to disk.
 */
import { hash } from 'node:crypto';
import type { ConnectedConnection } from '../domain/connection.js';
import { RolebridgeError } from '../domain/errors.js';
import type { Clock, SharedSts, Sts } from '../domain/ports.js';
import type { Partition } from '../domain/role-arn.js';
import { scopeKey } from '../domain/scope.js';
import type { Session, SessionRequest, Sessions } from '../domain/session.js';
import { sessionLimits } from '../domain/session-limits.js';
import { chainedTooLong } from './duration.js';
import { openSession, rememberOpenings } from './open-session.js';
import { SessionCache } from './session-cache.js';

export { ownTagPrefix } from './session-name.js';

export function createSessions({ sts, clock }: { sts: SharedSts; clock: Clock }): Sessions {
  const cache = new SessionCache<Session>(clock);
  const openings = rememberOpenings();
  const isRoleChaining = createRoleChainingCheck(sts);

  async function load(connection: ConnectedConnection, request: SessionRequest, requestId?: string) {
    const { durationSeconds = sessionLimits.durationSeconds.usual } = request;
    if (durationSeconds > sessionLimits.chainedSeconds && (await isRoleChaining(connection.partition)))
      throw chainedTooLong(durationSeconds);
    const asking = sts.forOrganization({ organizationId: connection.organizationId, requestId });
    const options = { sts: asking, clock, openings };
    const session = await openSession(connection, { ...request, durationSeconds }, options);
    const expiresAtMs = Date.parse(session.credentials.expiresAt);
    if (expiresAtMs <= clock.now())
      throw new RolebridgeError(
        'aws_unavailable',
        "By the service's clock, the session that AWS opened has already expired.",
        { remedy: "Synchronize the clock of the service's host.", retryAfterSeconds: 30 },
      );
    return { value: session, expiresAtMs };
  }

  return {
    cached: (connection, request) => cache.cached(keyOf(connection, request)),
    open: (connection, request, _intent, requestId) =>
      cache.get(keyOf(connection, request), () => load(connection, request, requestId)),
    isRoleChaining,
  };
}

/** The key contains the version of the connection, so that any change invalidates its cached sessions. */
function keyOf({ id, version }: ConnectedConnection, request: SessionRequest): string {
  const shape = JSON.stringify([
    scopeKey(request.target),
    request.durationSeconds ?? sessionLimits.durationSeconds.usual,
    request.sessionName ?? null,
    request.sessionPolicy ?? null,
    (request.tags ?? []).map(({ key, value }) => [key, value]),
  ]);
  return `${id} ${version} ${hash('sha256', shape, 'base64')}`;
}

function createRoleChainingCheck(sts: Sts) {
  const answers = new Map<Partition, Promise<boolean | undefined>>();
  return (partition: Partition): Promise<boolean | undefined> => {
    const known = answers.get(partition);
    if (known) return known;
    const asked = sts.callerIdentity(partition).then((identity) => {
      if (identity.outcome === 'allowed') return identity.arn.split(':')[5]?.startsWith('assumed-role/');
      answers.delete(partition);
      return undefined;
    });
    answers.set(partition, asked);
    asked.catch(() => answers.delete(partition));
    return asked;
  };
}
