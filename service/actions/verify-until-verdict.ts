import type { Dependencies } from '../actions/dependencies.js';
import type { Requester } from '../domain/audit.js';
import type { Connection } from '../domain/connection.js';
import { RolebridgeError } from '../domain/errors.js';
import { fullAuthority } from '../domain/permission.js';
import type { VerificationProgress } from '../domain/verification/request.js';
import { findConnection } from './find-connection.js';
import { verifyConnection } from './verify-connection.js';

/**
 * Verifies a role for somebody who waits: where one verification ends with "still propagating", it is asked again,
 * until the whole propagation window has passed or nobody waits any more.
 * @throws RolebridgeError those of {@link verifyConnection}
 */
export async function verifyUntilDecided(
  deps: Dependencies,
  by: Requester,
  connection: Connection,
  request: {
    readonly roleArn: string;
    readonly onProgress?: ((progress: VerificationProgress) => void) | undefined;
    readonly isAbandoned?: (() => boolean) | undefined;
  },
): Promise<Connection> {
  const firstAttemptAtMs = deps.clock.now();
  let latest = connection;
  for (;;) {
    try {
      return await verifyConnection(deps, by, latest, {
        roleArn: request.roleArn,
        askedBy: 'manual',
        firstAttemptAtMs,
        onProgress: request.onProgress,
      });
    } catch (error) {
      const goesOn = error instanceof RolebridgeError && error.code === 'verification_in_progress';
      if (!goesOn || request.isAbandoned?.()) throw error;
      await deps.clock.sleep((error.retryAfterSeconds ?? 1) * 1000);
      latest = await findConnection(
        deps.store,
        { organizationId: connection.organizationId, authority: fullAuthority },
        connection.id,
      );
    }
  }
}
