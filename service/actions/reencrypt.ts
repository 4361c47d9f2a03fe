import { callbackSecretContext, type Dependencies, encryptedAgain } from '../actions/dependencies.js';
import type { AccessKeyEncryption } from '../domain/access-key.js';
import type { AuditIntent, Requester } from '../domain/audit.js';
import {
  accessKeyOf,
  type Connection,
  encryptedCallbackSecretsOf,
  type RoleRegistration,
  roleRegistrationOf,
} from '../domain/connection.js';
import { withCallbackSecrets, withEncryptedKey } from '../domain/connection-transitions.js';
import { enrollmentIn } from '../domain/enrollment-token.js';
import { RolebridgeError } from '../domain/errors.js';
import type { OrganizationId } from '../domain/ids.js';
import { type Organization, operatorOrganizationId } from '../domain/organization.js';
import type { Encryption, IntegrityKeyRenewal } from '../domain/ports.js';
import { type WebhookEndpoint, webhookSecretContext } from '../domain/webhook-endpoint.js';
import { messageOf } from '../unknown-value.js';
import { audited } from './audited.js';
import { subjectOf } from './change-connection.js';
import { reencryptEnrollment } from './enrollments.js';
import { personKeyContext } from './persons.js';

/** Results for all secrets of the store. */
export interface Reencryption {
  /** Undefined when there is no encryption key. */
  readonly accessKeys?: SecretsReencrypted | undefined;
  readonly callbackSecrets: SecretsReencrypted;
  readonly enrollmentSecrets: SecretsReencrypted;
  readonly webhookSecrets: SecretsReencrypted;
  /** Each organization's key, which its persons' names are encrypted under. */
  readonly personKeys: SecretsReencrypted;
  /** The key that signs what is stored, itself under the service key. */
  readonly signatures: IntegrityKeyRenewal;
}

/** Results for one kind of secret. */
export interface SecretsReencrypted {
  /** The key that encrypts them now, except those that failed. */
  readonly keyId: string;
  reencrypted: number;
  /** Were under that key already. */
  unchanged: number;
  /** While any is left here, its old key must stay configured. */
  readonly failed: { readonly id: string; readonly reason: string }[];
}

const noneYet = (keyId: string): SecretsReencrypted => ({
  keyId,
  reencrypted: 0,
  unchanged: 0,
  failed: [],
});

/** Changes of connections that are stored side by side, so that they share disk writes. */
const atOnce = 16;

/**
 * Re-encrypts secrets with the current keys, so that old keys can be removed: access keys under the encryption key;
 * the secrets of callbacks, enrollments and webhook endpoints and the keys of persons' names under the service key. May be interrupted and
 * repeated at any time, and runs beside a service that uses both keys. One that can't be opened is counted and left as
 * it is; the rest continues.
 */
export async function reencrypt(
  deps: Pick<Dependencies, 'store' | 'clock' | 'encryption' | 'accessKeyEncryption'>,
  by: Requester,
): Promise<Reencryption> {
  const callbackSecrets = callbackSecretsUnder(deps.encryption);
  const accessKeys = deps.accessKeyEncryption && accessKeysUnder(deps.accessKeyEncryption);
  let sideBySide: Promise<void>[] = [];
  for await (const connection of deps.store.everyConnection()) {
    sideBySide.push(
      (async () => {
        await encryptAgain(deps, by, callbackSecrets, connection);
        if (accessKeys) await encryptAgain(deps, by, accessKeys, connection);
      })(),
    );
    if (sideBySide.length < atOnce) continue;
    await Promise.all(sideBySide);
    sideBySide = [];
  }
  await Promise.all(sideBySide);
  return {
    accessKeys: accessKeys?.count,
    callbackSecrets: callbackSecrets.count,
    ...(await reencryptOrganizations(deps, by)),
    signatures: await deps.store.renewIntegrityKey(),
  };
}

/** The organization's secrets: its enrollments' and the key of its persons' names. */
async function reencryptOrganizations(
  deps: Pick<Dependencies, 'store' | 'clock' | 'encryption'>,
  by: Requester,
): Promise<Pick<Reencryption, 'enrollmentSecrets' | 'webhookSecrets' | 'personKeys'>> {
  const { store, encryption } = deps;
  const [enrollmentSecrets, personKeys] = [noneYet(encryption.keyId), noneYet(encryption.keyId)];
  const webhookSecrets = noneYet(encryption.keyId);
  const ofEndpoints = async (id: OrganizationId) => {
    for (const endpoint of await store.webhookEndpoints(id))
      await counted(webhookSecrets, endpoint.id, () => reencryptWebhookSecrets(deps, by, endpoint));
  };
  await ofEndpoints(operatorOrganizationId);
  for (let after: OrganizationId | undefined; ; ) {
    const { organizations, hasMore } = await store.organizations({ limit: 100, after });
    for (const organization of organizations) {
      await ofEndpoints(organization.id);
      await counted(personKeys, organization.id, () => reencryptPersonKey(deps, by, organization));
      for (const token of await store.tokensOf(organization.id, 'enrollment'))
        await counted(enrollmentSecrets, enrollmentIn(token).id, () => reencryptEnrollment(deps, by, token));
    }
    after = organizations.at(-1)?.id;
    if (!hasMore) return { enrollmentSecrets, webhookSecrets, personKeys };
  }
}

async function reencryptWebhookSecrets(
  { store, clock, encryption }: Pick<Dependencies, 'store' | 'clock' | 'encryption'>,
  by: Requester,
  endpoint: WebhookEndpoint,
): Promise<'reencrypted' | 'unchanged'> {
  const { id, organizationId, secret, previousSecret } = endpoint;
  const from = [secret, ...(previousSecret ? [previousSecret.encrypted] : [])]
    .map(encryption.keyIdOf)
    .find((keyId) => keyId !== encryption.keyId);
  if (from === undefined) return 'unchanged';
  const again = encryptedAgain(encryption, webhookSecretContext(id));
  const details = { endpointId: id, from, to: encryption.keyId };
  const event = { action: 'webhook_endpoint.reencrypt', organizationId, details } as const;
  await audited({ store, clock }, by, event, () =>
    store.changeWebhookEndpoint(endpoint, (stored) => ({
      ...stored,
      secret: again(stored.secret),
      ...(stored.previousSecret && {
        previousSecret: { ...stored.previousSecret, encrypted: again(stored.previousSecret.encrypted) },
      }),
    })),
  );
  return 'reencrypted';
}

/** The names under the key stay as they are. */
async function reencryptPersonKey(
  deps: Pick<Dependencies, 'store' | 'clock' | 'encryption'>,
  by: Requester,
  { id, personKey }: Organization,
): Promise<'reencrypted' | 'unchanged' | undefined> {
  const { store, encryption } = deps;
  if (personKey === undefined) return undefined;
  const from = encryption.keyIdOf(personKey);
  if (from === encryption.keyId) return 'unchanged';
  const details = { from, to: encryption.keyId };
  const event = { action: 'organization.reencrypt', organizationId: id, details } as const;
  await audited(deps, by, event, () => {
    const again = encryptedAgain(encryption, personKeyContext(id))(personKey);
    return store.changeOrganization(id, (stored) =>
      stored.personKey === personKey ? { ...stored, personKey: again } : stored,
    );
  });
  return 'reencrypted';
}

async function counted(
  count: SecretsReencrypted,
  id: string,
  encryptIt: () => Promise<'reencrypted' | 'unchanged' | undefined>,
): Promise<void> {
  try {
    const outcome = await encryptIt();
    if (outcome !== undefined) count[outcome] += 1;
  } catch (error) {
    if (error instanceof RolebridgeError) throw error;
    count.failed.push({ id, reason: messageOf(error) });
  }
}

interface Secrets {
  /** The old keys of a connection's secrets; null without secrets. */
  oldKeyOf(connection: Connection): string | undefined | null;
  encryptedAgain(connection: Connection, intent: AuditIntent): Promise<Connection>;
  readonly count: SecretsReencrypted;
}

function accessKeysUnder(encryption: AccessKeyEncryption): Secrets {
  return {
    oldKeyOf(connection) {
      const accessKey = accessKeyOf(connection);
      if (accessKey === undefined) return null;
      return accessKey.encrypted.keyId === encryption.keyId ? undefined : accessKey.encrypted.keyId;
    },
    async encryptedAgain(connection, intent) {
      if (connection.method !== 'access_key' || connection.status === 'disconnected') return connection;
      const encrypted = await encryption.rewrap(connection, connection.accessKey.encrypted, intent);
      return withEncryptedKey(connection, encrypted);
    },
    count: noneYet(encryption.keyId),
  };
}

function callbackSecretsUnder(encryption: Encryption): Secrets {
  return {
    oldKeyOf(connection) {
      const keyIds = encryptedCallbackSecretsOf(connection).map(encryption.keyIdOf);
      return keyIds.length === 0 ? null : keyIds.find((id) => id !== encryption.keyId);
    },
    async encryptedAgain(connection) {
      const trust = roleRegistrationOf(connection);
      if (trust === undefined) return connection;
      const context = callbackSecretContext(connection.id);
      const again = (encrypted: string) =>
        encryption.encrypt(opened(encryption, encrypted, context), context);
      const previous = trust.previousCallbackSecret;
      const secrets: Pick<RoleRegistration, 'encryptedCallbackSecret' | 'previousCallbackSecret'> = {
        encryptedCallbackSecret: again(trust.encryptedCallbackSecret),
        previousCallbackSecret: previous && { ...previous, encrypted: again(previous.encrypted) },
      };
      return withCallbackSecrets(connection, secrets) ?? connection;
    },
    count: noneYet(encryption.keyId),
  };
}

function opened(encryption: Encryption, encrypted: string, context: string): string {
  try {
    return encryption.open(encrypted, context);
  } catch (error) {
    throw new RolebridgeError('internal_error', `The callback secret can't be opened: ${messageOf(error)}`);
  }
}

/** Another process's change in between is no failure: it is looked at again. */
async function encryptAgain(
  { store, clock }: Pick<Dependencies, 'store' | 'clock'>,
  by: Requester,
  secrets: Secrets,
  found: Connection,
): Promise<void> {
  const { count } = secrets;
  for (let connection: Connection | undefined = found, attempt = 1; ; attempt++) {
    const oldKey = connection && secrets.oldKeyOf(connection);
    if (!connection || oldKey === null) return;
    if (oldKey === undefined) {
      count.unchanged += 1;
      return;
    }
    const from = connection;
    const details = { from: oldKey, to: count.keyId };
    const event = { action: 'connection.reencrypt', ...subjectOf(from), details } as const;
    try {
      await audited({ store, clock }, by, event, async (intent) => {
        const next = { ...(await secrets.encryptedAgain(from, intent)), version: from.version + 1 };
        await store.commit({ connection: { next, ifVersion: from.version, intent } });
      });
      count.reencrypted += 1;
      return;
    } catch (error) {
      if (!(error instanceof RolebridgeError) || error.code === 'store_unavailable') throw error;
      if (error.code !== 'connection_changed' || attempt === 5) {
        count.failed.push({ id: from.id, reason: error.detail });
        return;
      }
      connection = await store.connectionForCallback(from.id);
    }
  }
}
