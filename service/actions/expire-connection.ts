import type { Dependencies } from '../actions/dependencies.js';
import type { Requester } from '../domain/audit.js';
import type { Job } from '../domain/ports.js';
import { deleteConnection } from './change-connection.js';

/** Forgets a pending connection that was never used, as a deletion would. False when it is not one any more. */
export async function expireConnection(deps: Dependencies, by: Requester, job: Job): Promise<boolean> {
  const connection = await deps.store.connection(job.organizationId, job.connectionId);
  if (connection?.status !== 'pending') return false;
  await deleteConnection(deps, by, connection, { isExpiry: true });
  return true;
}
