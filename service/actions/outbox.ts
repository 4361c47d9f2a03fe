import { newMessageId } from '../domain/ids.js';
import type { OutboxMessage } from '../domain/ports.js';
import type { ConnectionMessage, MessageType } from '../domain/webhook-message.js';
import { type Dependencies, isoNow } from './dependencies.js';

type Owner = Pick<OutboxMessage, 'organizationId' | 'connectionId'>;

/** A message on its way to each of the vendor's endpoints. */
export function outboxMessages(
  deps: Pick<Dependencies, 'clock' | 'webhookEndpoints'>,
  { organizationId, connectionId }: Owner,
  message: ConnectionMessage | { readonly type: MessageType; readonly data: unknown },
): OutboxMessage[] {
  const timestamp = isoNow(deps.clock);
  const id = newMessageId();
  const body = JSON.stringify({ type: message.type, timestamp, data: message.data });
  return deps.webhookEndpoints.map((endpoint) => ({
    id,
    endpoint,
    organizationId,
    connectionId,
    body,
    createdAt: timestamp,
    dueAt: timestamp,
    attempts: 0,
  }));
}
