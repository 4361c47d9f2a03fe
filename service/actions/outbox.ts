import { newMessageId, type OrganizationId } from '../domain/ids.js';
import { operatorOrganizationId } from '../domain/organization.js';
import type { OutboxMessage } from '../domain/ports.js';
import { type EventType, isForOperator, isWanted } from '../domain/webhook-endpoint.js';
import type { ConnectionMessage } from '../domain/webhook-message.js';
import { type Dependencies, isoNow } from './dependencies.js';

type Owner = Pick<OutboxMessage, 'organizationId' | 'connectionId'>;
type Message = ConnectionMessage | { readonly type: EventType; readonly data: unknown };
type Deps = Pick<Dependencies, 'clock' | 'store' | 'webhooks'>;

/** The messages for each endpoint that selected their type. */
export async function outboxMessages(
  deps: Deps,
  { organizationId, connectionId }: Owner,
  messages: readonly Message[],
): Promise<OutboxMessage[]> {
  if (messages.length === 0) return [];
  const wants = await endpointsOf(deps, organizationId);
  return messages.flatMap(({ type, data }) => {
    const message = newMessage(deps, { type, data });
    return wants(type).map((endpoint) => ({ ...message, endpoint, organizationId, connectionId }));
  });
}

/** A message that is due now, without its endpoint and owner. */
export function newMessage(deps: Pick<Deps, 'clock'>, message: { type: string; data: unknown }) {
  const timestamp = isoNow(deps.clock);
  const body = JSON.stringify({ type: message.type, timestamp, data: message.data });
  return { id: newMessageId(), body, createdAt: timestamp, dueAt: timestamp, attempts: 0 };
}

/** The ids of the endpoints for an organization's events: from the settings, for all organizations, and its own. */
async function endpointsOf({ store, webhooks }: Deps, organizationId: OrganizationId) {
  const [ofAll, own] = await Promise.all([
    store.webhookEndpoints(operatorOrganizationId),
    store.webhookEndpoints(organizationId),
  ]);
  return (type: EventType): string[] =>
    [...ofAll, ...(isForOperator(type) ? [] : own)]
      .filter((endpoint) => isWanted(endpoint, type))
      .map(({ id }): string => id)
      .concat(webhooks.endpoints.map(({ id }) => id));
}
