/** Where messages go: for one organization or (of the operator's organization) for all. */
import { hash } from 'node:crypto';
import { z } from 'zod';
import type { DeepReadonly } from './deep-readonly.js';
import { organizationId, webhookEndpointId } from './ids.js';
import { keysOf } from './keys-of.js';
import { isoTime } from './verification.js';
import { type MessageType, messageTypes } from './webhook-message.js';

/** Selectable event types: all but test messages. */
export const eventType = z.enum(keysOf(messageTypes)).exclude(['webhook.test']).meta({ id: 'EventType' });

export type EventType = z.infer<typeof eventType>;

export const endpointUrl = z
  .string()
  .max(2_000)
  .regex(/^[\x21-\x7e]+$/, 'must be visible ASCII')
  .refine(isEndpointUrl, 'must be an https URL without a user name, a password and a fragment');

/** `http:` too: where private addresses are allowed. */
export function isEndpointUrl(value: string): boolean {
  if (!URL.canParse(value)) return false;
  const { protocol, username, password, hash: fragment } = new URL(value);
  return /^https?:$/.test(protocol) && username === '' && password === '' && fragment === '';
}

export const eventFilter = z.array(eventType).min(1).max(eventType.options.length);

export const webhookEndpointSchema = z.strictObject({
  id: webhookEndpointId,
  organizationId,
  url: endpointUrl,
  description: z.string().optional(),
  /** Absent: all. */
  events: eventFilter.optional(),
  isEnabled: z.boolean(),
  /** Encrypted. */
  secret: z.string(),
  /** Signs beside the secret until then. */
  previousSecret: z.strictObject({ encrypted: z.string(), validUntil: isoTime }).optional(),
  createdAt: isoTime,
  updatedAt: isoTime,
});
export type WebhookEndpoint = DeepReadonly<z.infer<typeof webhookEndpointSchema>>;

/** One that ROLEBRIDGE_WEBHOOK_ENDPOINTS names: for all organizations and all events. */
export type SettingEndpoint = Pick<WebhookEndpoint, 'id' | 'url'>;

/** The same for the same URL in every process. */
export function settingEndpoint(url: string): SettingEndpoint {
  const name = [...hash('sha256', url, 'buffer').subarray(0, 24)]
    .map((byte) => 'abcdefghijklmnopqrstuvwxyz234567'[byte & 31])
    .join('');
  return { id: webhookEndpointId.parse(`whe_${name}`), url };
}

/** The vendor's business, whatever organization it was noticed in: only endpoints for all organizations get it. */
export const isForOperator = (type: MessageType): boolean =>
  type.startsWith('service.') || type === 'connection.vendor_denied';

export const isWanted = ({ isEnabled, events }: WebhookEndpoint, type: EventType): boolean =>
  isEnabled && (events === undefined || events.includes(type));

/** Binds an encrypted secret to its endpoint. */
export const webhookSecretContext = (endpointId: string): string => `webhook-secret:${endpointId}`;
