import { operatorOrganizationId } from '../domain/organization.js';
import type { Clock, Encryption, Store } from '../domain/ports.js';
import { type SettingEndpoint, webhookSecretContext } from '../domain/webhook-endpoint.js';
import type { Destination } from './deliver-message.js';

/** Finds URL and secrets of an endpoint; undefined if it is disabled or deleted. */
export function createDestinations(
  {
    store,
    clock,
    encryption,
  }: { readonly store: Store; readonly clock: Clock; readonly encryption: Encryption },
  ofSettings: readonly SettingEndpoint[],
  settingSecrets: readonly string[],
) {
  const known = new Map<string, Destination>(
    ofSettings.map(({ id, url }) => [id, { url, secrets: settingSecrets }]),
  );
  return async (id: string): Promise<Destination | undefined> => {
    const ofSetting = known.get(id);
    if (ofSetting) return ofSetting;
    const endpoint = await store.webhookEndpoint(id);
    if (!endpoint?.isEnabled) return undefined;
    const { url, secret, previousSecret, organizationId } = endpoint;
    // The organization may have been erased since.
    const owner = await store.organization(organizationId);
    if (organizationId !== operatorOrganizationId && owner?.erasedAt !== undefined) return undefined;
    const now = new Date(clock.now()).toISOString();
    const encrypted = [
      secret,
      ...(previousSecret && previousSecret.validUntil > now ? [previousSecret.encrypted] : []),
    ];
    return { url, secrets: encrypted.map((text) => encryption.open(text, webhookSecretContext(id))) };
  };
}
