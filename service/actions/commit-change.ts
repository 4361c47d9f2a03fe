import { type Dependencies, isoNow } from '../actions/dependencies.js';
import type { AuditIntent } from '../domain/audit.js';
import type { Connection } from '../domain/connection.js';
import { newMessageId } from '../domain/ids.js';
import type { Change, OutboxMessage } from '../domain/ports.js';
import { jobsAfter } from '../domain/schedule.js';
import { statusMessage } from '../domain/status-message.js';

/**
 * Stores a connection together with what follows from the change: when it is to be looked at again, and what the vendor's
 * endpoints are to hear. Either all of it is stored or nothing.
 */
export async function commitChange(
  deps: Dependencies,
  intent: AuditIntent,
  before: Connection | undefined,
  next: Connection,
  { isExpiry = false, ...options }: CommitOptions = {},
): Promise<void> {
  const timestamp = isoNow(deps.clock);
  const message = statusMessage(before, next, { timestamp, isExpiry });
  const id = newMessageId();
  const messages = deps.webhookEndpoints.flatMap((endpoint): OutboxMessage[] =>
    message === undefined
      ? []
      : [
          {
            id,
            endpoint,
            organizationId: next.organizationId,
            connectionId: next.id,
            body: JSON.stringify(message),
            createdAt: timestamp,
            dueAt: timestamp,
            attempts: 0,
          },
        ],
  );
  const { watches, endJobs } = jobsAfter(before, next, deps.schedule, deps.clock.now());
  await deps.store.commit({
    ...options,
    connection: { next, ifVersion: before?.version ?? null, intent },
    watches,
    endJobs,
    messages,
  });
  if (watches.length > 0 || messages.length > 0) deps.wake();
}

export interface CommitOptions extends Pick<Change, 'replaceScopes'> {
  /** The connection goes because nobody used it. */
  readonly isExpiry?: boolean;
}
