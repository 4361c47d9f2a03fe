import type { Requester } from '../domain/audit.js';
import { RolebridgeError } from '../domain/errors.js';
import { type DeliveryPage, keptDeliveries, type OutboxMessage, oldestDeliveryAt } from '../domain/ports.js';
import { audited } from './audited.js';
import { type Dependencies, isoNow } from './dependencies.js';
import { newMessage } from './outbox.js';
import { type EndpointOwner, findWebhookEndpoint } from './webhook-endpoints.js';

type Deps = Pick<Dependencies, 'store' | 'clock' | 'webhooks' | 'wake'>;

/** @throws RolebridgeError `webhook_endpoint_not_found` */
export async function listDeliveries(
  deps: Deps,
  owner: EndpointOwner,
  endpoint: string,
  page: Omit<DeliveryPage, 'endpoint'>,
): Promise<{ deliveries: OutboxMessage[]; hasMore: boolean }> {
  await findWebhookEndpoint(deps, owner, endpoint);
  const oldest = oldestDeliveryAt(deps.clock.now());
  const since = page.since !== undefined && page.since > oldest ? page.since : oldest;
  return deps.store.deliveries({ ...page, endpoint, since });
}

/** Sends one again, with its webhook id. @throws RolebridgeError `webhook_endpoint_not_found`, `webhook_delivery_not_found` */
export async function replayDelivery(
  deps: Deps,
  by: Requester,
  owner: EndpointOwner,
  endpoint: string,
  id: string,
): Promise<OutboxMessage> {
  await findWebhookEndpoint(deps, owner, endpoint);
  const found = await deps.store.delivery(endpoint, id);
  if (found === undefined)
    throw new RolebridgeError('webhook_delivery_not_found', 'There is no such delivery to this endpoint.', {
      remedy: `Deliveries are kept for ${keptDeliveries.days} days. List them with GET /v1/webhook-endpoints/{id}/deliveries.`,
    });
  const details = { endpointId: endpoint, webhookId: id };
  const event = { action: 'webhook_endpoint.replay', organizationId: owner.organizationId, details } as const;
  await audited(deps, by, event, () => deps.store.replayMessage(found, isoNow(deps.clock)));
  deps.wake();
  return (await deps.store.delivery(endpoint, id)) ?? found;
}

/**
 * Sends those again that were created in a time range.
 * @returns how many; those on their way are left alone
 * @throws RolebridgeError `webhook_endpoint_not_found`
 */
export async function replayDeliveries(
  deps: Deps,
  by: Requester,
  owner: EndpointOwner,
  endpoint: string,
  {
    since,
    until,
    status = 'failed',
  }: {
    readonly since: string;
    readonly until?: string | undefined;
    readonly status?: 'failed' | 'delivered' | undefined;
  },
): Promise<number> {
  await findWebhookEndpoint(deps, owner, endpoint);
  const details = { endpointId: endpoint, since, status, ...(until && { until }) };
  const event = { action: 'webhook_endpoint.replay', organizationId: owner.organizationId, details } as const;
  return audited(deps, by, event, async () => {
    const wanted: OutboxMessage[] = [];
    for (let after: OutboxMessage | undefined; ; ) {
      const page = await deps.store.deliveries({ endpoint, status, since, after, limit: 200 });
      wanted.push(...page.deliveries.filter(({ createdAt }) => until === undefined || createdAt <= until));
      after = page.deliveries.at(-1);
      if (!page.hasMore) break;
    }
    let replayed = 0;
    // The oldest first: the endpoint gets them in their order.
    for (const message of wanted.reverse())
      if (await deps.store.replayMessage(message, isoNow(deps.clock))) replayed += 1;
    deps.wake();
    return replayed;
  });
}

/** A test message, sent immediately, even to a paused endpoint. */
export async function sendTestMessage(
  deps: Deps,
  by: Requester,
  owner: EndpointOwner,
  endpoint: string,
): Promise<OutboxMessage> {
  const { organizationId } = owner;
  await findWebhookEndpoint(deps, owner, endpoint);
  const data = { endpointId: endpoint };
  const message = { ...newMessage(deps, { type: 'webhook.test', data }), endpoint, organizationId };
  const details = { endpointId: endpoint, webhookId: message.id };
  await audited(deps, by, { action: 'webhook_endpoint.test', organizationId, details }, () =>
    deps.store.commit({ messages: [message] }),
  );
  deps.wake();
  return message;
}
