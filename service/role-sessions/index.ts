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
import { type Opening, openSession } from './open-session.js';
import { SessionCache } from './session-cache.js';

export { ownTagPrefix } from './session-name.js';

export interface SessionsOptions {
  readonly sts: SharedSts;
  readonly clock: Clock;
  /** Sessions kept in memory. @default 10,000 */
  readonly limit?: number;
}

export function createSessions({ sts, clock, limit = 10_000 }: SessionsOptions): Sessions {
  const cache = new SessionCache<Session>({
    clock,
    limit,
    isPassing: (error) => error instanceof RolebridgeError && error.retryAfterSeconds !== undefined,
  });
  const openings = rememberOpenings(limit);
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
        { remedy: "Tell the vendor: the service's clock is wrong.", retryAfterSeconds: 30 },
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

/** Of a version of a connection: any change of the connection, in any process, invalidates cached sessions. */
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

/** The attributes that opened a session, for each version of a connection. */
function rememberOpenings(limit: number) {
  const known = new Map<string, Opening>();
  const keyOf = ({ id, version }: ConnectedConnection) => `${id} ${version}`;
  return {
    get: (connection: ConnectedConnection) => known.get(keyOf(connection)),
    set(connection: ConnectedConnection, opening: Opening) {
      known.delete(keyOf(connection));
      known.set(keyOf(connection), opening);
      const [oldest] = known.keys();
      if (known.size > limit && oldest !== undefined) known.delete(oldest);
    },
  };
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
