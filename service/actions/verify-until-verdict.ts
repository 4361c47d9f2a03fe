import type { Requester } from '../domain/audit.js';
import type { Connection } from '../domain/connection.js';
import { type ErrorCode, RolebridgeError } from '../domain/errors.js';
import { fullAuthority } from '../domain/permission.js';
import type { RunningCheck } from '../domain/ports.js';
import type { VerificationProgress } from '../domain/verification/request.js';
import type { Dependencies } from './dependencies.js';
import { findConnection } from './find-connection.js';
import { verifyConnection } from './verify-connection.js';

/**
 * Verifies a role until there is a verdict: while the role is propagating, the verification is repeated until the
 * propagation window has passed, even if the person has left the page.
 * @throws RolebridgeError those of {@link verifyConnection}
 */
export async function verifyUntilVerdict(
  deps: Dependencies,
  by: Requester,
  connection: Connection,
  request: {
    readonly roleArn: string;
    readonly onProgress?: ((progress: VerificationProgress) => void) | undefined;
    /** Whether the progress is stored, for the page. */
    readonly showsProgress?: boolean;
  },
): Promise<Connection> {
  const firstAttemptAtMs = deps.clock.now();
  const record = async (state: RunningCheck['state'], code?: ErrorCode) => {
    if (!request.showsProgress) return;
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
      const isUndecided = error instanceof RolebridgeError && error.code === 'verification_in_progress';
      if (!isUndecided) {
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
