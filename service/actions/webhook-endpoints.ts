import type { Requester } from '../domain/audit.js';
import { invalidRequest, RolebridgeError } from '../domain/errors.js';
import { newWebhookEndpointId, type OrganizationId } from '../domain/ids.js';
import { operatorOrganizationId } from '../domain/organization.js';
import {
  type EventType,
  isForOperator,
  type WebhookEndpoint,
  webhookSecretContext,
} from '../domain/webhook-endpoint.js';
import { audited } from './audited.js';
import { newSigningSecret } from './create-connection.js';
import { type Dependencies, isoNow } from './dependencies.js';
import { withinQuota } from './require-quota.js';

type Deps = Pick<Dependencies, 'store' | 'clock' | 'encryption' | 'webhooks' | 'wake' | 'quotas'>;

/** The owner of endpoints: one organization, or the operator for all. */
export interface EndpointOwner {
  readonly organizationId: OrganizationId;
}

/** An endpoint as its owner sees it; `isSetting`: ROLEBRIDGE_WEBHOOK_ENDPOINTS names it. */
export type ShownEndpoint = Omit<WebhookEndpoint, 'secret' | 'previousSecret' | 'createdAt' | 'updatedAt'> & {
  readonly createdAt?: string | undefined;
  readonly updatedAt?: string | undefined;
  readonly previousSecretValidUntil?: string | undefined;
  readonly isSetting: boolean;
};

export type EndpointMembers = Pick<WebhookEndpoint, 'url' | 'description' | 'events'> & {
  readonly enabled?: boolean | undefined;
};

/** A change of an endpoint: omitted members stay, and null removes one. */
export interface EndpointChange {
  readonly url?: string | undefined;
  readonly description?: string | null | undefined;
  readonly events?: readonly EventType[] | null | undefined;
  readonly enabled?: boolean | undefined;
}

/** Creates an endpoint; no later answer contains its secret. @throws RolebridgeError `request_invalid`, `quota_exceeded` */
export async function createWebhookEndpoint(
  deps: Deps,
  by: Requester,
  { organizationId }: EndpointOwner,
  { url, description, events, enabled = true }: EndpointMembers,
): Promise<ShownEndpoint & { readonly secret: string }> {
  assertFits(deps, organizationId, { url, events });
  const id = newWebhookEndpointId();
  const secret = newSigningSecret();
  const now = isoNow(deps.clock);
  const endpoint: WebhookEndpoint = {
    id,
    organizationId,
    url,
    ...(description !== undefined && { description }),
    ...(events && { events }),
    isEnabled: enabled,
    secret: deps.encryption.encrypt(secret, webhookSecretContext(id)),
    createdAt: now,
    updatedAt: now,
  };
  const details = { endpointId: id, host: new URL(url).host };
  const event = { action: 'webhook_endpoint.create', organizationId, details } as const;
  await withinQuota(deps, organizationId, ['webhookEndpoints'], (quotas) =>
    audited(deps, by, event, () => deps.store.saveWebhookEndpoint(endpoint, quotas)),
  );
  return { ...shownEndpoint(endpoint), secret };
}

/** Lists the endpoints from the settings, then the others, oldest first. */
export async function listWebhookEndpoints(
  deps: Pick<Deps, 'store' | 'webhooks'>,
  owner: EndpointOwner,
): Promise<ShownEndpoint[]> {
  const stored = await deps.store.webhookEndpoints(owner.organizationId);
  return [...endpointsOfSettings(deps, owner), ...stored.map(shownEndpoint)];
}

/** @throws RolebridgeError `webhook_endpoint_not_found` */
export async function findWebhookEndpoint(
  deps: Pick<Deps, 'store' | 'webhooks'>,
  owner: EndpointOwner,
  id: string,
): Promise<ShownEndpoint> {
  const ofSettings = endpointsOfSettings(deps, owner).find((endpoint) => endpoint.id === id);
  return ofSettings ?? shownEndpoint(await storedEndpoint(deps, owner, id));
}

/** Changes an endpoint; waiting messages are sent immediately. @throws RolebridgeError `webhook_endpoint_not_found`, `webhook_endpoint_of_settings`, `request_invalid` */
export async function changeWebhookEndpoint(
  deps: Deps,
  by: Requester,
  owner: EndpointOwner,
  id: string,
  change: EndpointChange,
): Promise<ShownEndpoint> {
  const found = await changeable(deps, owner, id);
  assertFits(deps, owner.organizationId, {
    url: change.url ?? found.url,
    events: change.events ?? undefined,
  });
  const { url, enabled } = change;
  const details = {
    endpointId: id,
    ...(url && { host: new URL(url).host }),
    ...(enabled !== undefined && { enabled }),
  };
  const event = { action: 'webhook_endpoint.change', organizationId: owner.organizationId, details } as const;
  const next = await audited(deps, by, event, () =>
    changeStored(deps, found, ({ events, description, ...before }) => {
      const nextEvents = change.events === undefined ? events : change.events;
      const nextDescription = change.description === undefined ? description : change.description;
      return {
        ...before,
        url: url ?? before.url,
        isEnabled: enabled ?? before.isEnabled,
        ...(nextEvents && { events: nextEvents }),
        ...(nextDescription && { description: nextDescription }),
        updatedAt: isoNow(deps.clock),
      };
    }),
  );
  await deps.store.hastenMessages(id, isoNow(deps.clock));
  deps.wake();
  return shownEndpoint(next);
}

/** Deletes an endpoint with its waiting messages. @throws RolebridgeError `webhook_endpoint_not_found`, `webhook_endpoint_of_settings` */
export async function deleteWebhookEndpoint(
  deps: Deps,
  by: Requester,
  owner: EndpointOwner,
  id: string,
): Promise<void> {
  const found = await changeable(deps, owner, id);
  const { organizationId } = owner;
  const event = { action: 'webhook_endpoint.delete', organizationId, details: { endpointId: id } } as const;
  await audited(deps, by, event, () => deps.store.deleteWebhookEndpoint(found));
}

/** Creates another secret; the previous one signs too until it expires. @throws RolebridgeError as {@link deleteWebhookEndpoint} */
export async function rotateWebhookSecret(
  deps: Deps,
  by: Requester,
  owner: EndpointOwner,
  id: string,
  { previousValidSeconds = 86_400 }: { readonly previousValidSeconds?: number | undefined },
): Promise<ShownEndpoint & { readonly secret: string }> {
  const found = await changeable(deps, owner, id);
  const secret = newSigningSecret();
  const { organizationId } = owner;
  const details = { endpointId: id };
  const event = { action: 'webhook_endpoint.rotate_secret', organizationId, details } as const;
  const next = await audited(deps, by, event, () =>
    changeStored(deps, found, ({ previousSecret: _, ...before }) => ({
      ...before,
      secret: deps.encryption.encrypt(secret, webhookSecretContext(id)),
      ...(previousValidSeconds > 0 && {
        previousSecret: {
          encrypted: before.secret,
          validUntil: new Date(deps.clock.now() + previousValidSeconds * 1000).toISOString(),
        },
      }),
      updatedAt: isoNow(deps.clock),
    })),
  );
  return { ...shownEndpoint(next), secret };
}

/** @throws RolebridgeError `webhook_endpoint_not_found` when it was deleted meanwhile */
async function changeStored(
  { store }: Pick<Deps, 'store'>,
  endpoint: WebhookEndpoint,
  change: (stored: WebhookEndpoint) => WebhookEndpoint,
): Promise<WebhookEndpoint> {
  const next = await store.changeWebhookEndpoint(endpoint, change);
  if (next === undefined) throw noSuchEndpoint();
  return next;
}

/** An endpoint that calls can change. */
async function changeable(deps: Deps, owner: EndpointOwner, id: string): Promise<WebhookEndpoint> {
  if (!endpointsOfSettings(deps, owner).some((endpoint) => endpoint.id === id))
    return storedEndpoint(deps, owner, id);
  throw new RolebridgeError(
    'webhook_endpoint_of_settings',
    'A setting of the service defines this endpoint.',
    {
      remedy: 'Change ROLEBRIDGE_WEBHOOK_ENDPOINTS and ROLEBRIDGE_WEBHOOK_SECRETS, and restart the service.',
    },
  );
}

function endpointsOfSettings(
  { webhooks }: Pick<Deps, 'webhooks'>,
  { organizationId }: EndpointOwner,
): ShownEndpoint[] {
  if (organizationId !== operatorOrganizationId) return [];
  const shared = { organizationId, isEnabled: true, isSetting: true };
  return webhooks.endpoints.map((endpoint) => ({ ...endpoint, ...shared }));
}

async function storedEndpoint(
  { store }: Pick<Deps, 'store'>,
  { organizationId }: EndpointOwner,
  id: string,
): Promise<WebhookEndpoint> {
  const found = await store.webhookEndpoint(id);
  if (found?.organizationId === organizationId) return found;
  throw noSuchEndpoint();
}

const noSuchEndpoint = () =>
  new RolebridgeError('webhook_endpoint_not_found', 'There is no such webhook endpoint.', {
    remedy: 'List them with GET /v1/webhook-endpoints.',
  });

function assertFits(
  { webhooks }: Pick<Deps, 'webhooks'>,
  organizationId: OrganizationId,
  { url, events = [] }: { readonly url: string; readonly events?: readonly EventType[] | undefined },
): void {
  if (!webhooks.allowsPrivate && !url.startsWith('https:'))
    throw invalidRequest(
      'body.url',
      'must be an https URL',
      'Use https. An endpoint at a private address needs ROLEBRIDGE_WEBHOOK_ALLOW_PRIVATE=on.',
    );
  if (organizationId !== operatorOrganizationId && events.some(isForOperator))
    throw invalidRequest(
      'body.events',
      'only an endpoint for all organizations gets service.… and connection.vendor_denied',
      'Leave them out, or create the endpoint with an operator’s token and without Rolebridge-Organization.',
    );
}

function shownEndpoint({ secret: _, previousSecret, ...shown }: WebhookEndpoint): ShownEndpoint {
  const { validUntil } = previousSecret ?? {};
  return { ...shown, ...(validUntil && { previousSecretValidUntil: validUntil }), isSetting: false };
}
