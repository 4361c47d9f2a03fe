import type { Dependencies } from '../actions/dependencies.js';
import type { Requester } from '../domain/audit.js';
import type { Connection } from '../domain/connection.js';
import { type ErrorCode, RolebridgeError } from '../domain/errors.js';
import { fullAuthority } from '../domain/permission.js';
import type { RunningCheck } from '../domain/ports.js';
import type { VerificationProgress } from '../domain/verification/request.js';
import { findConnection } from './find-connection.js';
import { verifyConnection } from './verify-connection.js';

/**
 * Verifies a role to the end: where one verification ends with "still propagating", it is asked again until the whole
 * propagation window has passed, also when the person has left the page.
 * @throws RolebridgeError those of {@link verifyConnection}
 */
export async function verifyUntilVerdict(
  deps: Dependencies,
  by: Requester,
  connection: Connection,
  request: {
    readonly roleArn: string;
    readonly onProgress?: ((progress: VerificationProgress) => void) | undefined;
    /** How far it is can be read from the store. */
    readonly isWatched?: boolean;
  },
): Promise<Connection> {
  const firstAttemptAtMs = deps.clock.now();
  const record = async (state: RunningCheck['state'], code?: ErrorCode) => {
    if (!request.isWatched) return;
    const { organizationId, id: connectionId } = connection;
    const startedAt = new Date(firstAttemptAtMs).toISOString();
    const { roleArn } = request;
    const check = { organizationId, connectionId, requestId: by.requestId, roleArn, startedAt, state };
    await deps.store.saveRunningCheck({ ...check, ...(code && { code }) });
  };
  await record('running');
  let latest = connection;
  for (;;) {
    try {
      const verified = await verifyConnection(deps, by, latest, {
        roleArn: request.roleArn,
        askedBy: 'manual',
        firstAttemptAtMs,
        onProgress: request.onProgress,
      });
      await record('passed');
      return verified;
    } catch (error) {
      const goesOn = error instanceof RolebridgeError && error.code === 'verification_in_progress';
      if (!goesOn) {
        await record('failed', error instanceof RolebridgeError ? error.code : 'internal_error');
        throw error;
      }
      await record('propagating');
      await deps.clock.sleep((error.retryAfterSeconds ?? 1) * 1000);
      latest = await findConnection(
        deps.store,
        { organizationId: connection.organizationId, authority: fullAuthority },
        connection.id,
      );
    }
  }
}
