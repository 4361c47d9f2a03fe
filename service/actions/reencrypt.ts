import type { AuditEvent, AuditIntent, Requester } from '../domain/audit.js';
import {
  accessKeyOf,
  type Connection,
  callbackSecretContext,
  encryptedCallbackSecretsOf,
  roleRegistrationOf,
} from '../domain/connection.js';
import { withCallbackSecrets, withEncryptedKey } from '../domain/connection-transitions.js';
import { enrollmentIn, enrollmentSecretContext, enrollmentTokenOf } from '../domain/enrollment.js';
import { RolebridgeError } from '../domain/errors.js';
import { everyOrganization } from '../domain/every-organization.js';
import type { Organization } from '../domain/organization.js';
import type { Encryption, IntegrityKeyRenewal, Token } from '../domain/ports.js';
import {
  encryptedSecretsOf,
  type WebhookEndpoint,
  webhookSecretContext,
} from '../domain/webhook-endpoint.js';
import { messageOf } from '../unknown-value.js';
import { encryptionOf } from './accept-access-key.js';
import { audited } from './audited.js';
import { subjectOf } from './change-connection.js';
import type { Dependencies } from './dependencies.js';
import { personKeyContext } from './persons.js';

/** Results for all secrets of the store. */
export interface Reencryption {
  /** Undefined without an encryption key. */
  readonly accessKeys?: SecretsReencrypted | undefined;
  readonly callbackSecrets: SecretsReencrypted;
  readonly enrollmentSecrets: SecretsReencrypted;
  readonly webhookSecrets: SecretsReencrypted;
  /** The key of each organization that encrypts the names of its persons. */
  readonly personKeys: SecretsReencrypted;
  /** The key that signs stored data, which the service key encrypts. */
  readonly signatures: IntegrityKeyRenewal;
}

/** Results for one kind of secret. */
export interface SecretsReencrypted {
  /** The id of the current key. All secrets are encrypted with it, except those that failed. */
  readonly keyId: string;
  reencrypted: number;
  /** The number of secrets that were encrypted with that key before. */
  unchanged: number;
  /** While this list has an entry, the old key must stay configured. */
  readonly failed: { readonly id: string; readonly reason: string }[];
}

type Deps = Pick<Dependencies, 'store' | 'clock' | 'encryption' | 'accessKeyEncryption'>;

/** One stored object with secrets of one kind. */
interface Holder {
  readonly id: string;
  /** The id of the key that encrypts each secret. */
  readonly keyIds: readonly string[];
  readonly event: Pick<AuditEvent, 'action' | 'organizationId' | 'connectionId' | 'details'>;
  /** @throws RolebridgeError `connection_changed` when another process changed the object meanwhile */
  readonly encryptAgain: (intent: AuditIntent) => Promise<unknown>;
  /** Reads the object after such a change. */
  readonly readAgain?: () => Promise<Holder | undefined>;
}

/** Changes of connections that are stored concurrently, so that they share disk writes. */
const concurrency = 16;
const maxAttempts = 5;

/**
 * Re-encrypts secrets with the current keys, so that old keys can be removed: access keys with the encryption key, all
 * other secrets with the service key. You can interrupt and repeat it at any time, and run it beside a service that uses
 * both keys. A secret that can't be decrypted is counted and left unchanged, and the rest continues.
 */
export async function reencrypt(deps: Deps, by: Requester): Promise<Reencryption> {
  const { store, encryption, accessKeyEncryption } = deps;
  const countUnder = (keyId: string): SecretsReencrypted => ({
    keyId,
    reencrypted: 0,
    unchanged: 0,
    failed: [],
  });
  const accessKeys = accessKeyEncryption && countUnder(accessKeyEncryption.keyId);
  const [callbackSecrets, enrollmentSecrets] = [countUnder(encryption.keyId), countUnder(encryption.keyId)];
  const [webhookSecrets, personKeys] = [countUnder(encryption.keyId), countUnder(encryption.keyId)];

  const inConnection = async (connection: Connection) => {
    await encryptHolder(deps, by, callbackSecrets, callbackSecretsIn(deps, connection));
    if (accessKeys) await encryptHolder(deps, by, accessKeys, accessKeyIn(deps, connection));
  };
  let running: Promise<void>[] = [];
  for await (const connection of store.everyConnection()) {
    running.push(inConnection(connection));
    if (running.length < concurrency) continue;
    await Promise.all(running);
    running = [];
  }
  await Promise.all(running);

  for await (const organization of everyOrganization(store)) {
    await encryptHolder(deps, by, personKeys, personKeyIn(deps, organization));
    for (const endpoint of await store.webhookEndpoints(organization.id))
      await encryptHolder(deps, by, webhookSecrets, secretsOfEndpoint(deps, endpoint));
    for (const token of await store.tokensOf(organization.id, 'enrollment'))
      await encryptHolder(deps, by, enrollmentSecrets, secretOfEnrollment(deps, token));
  }
  const signatures = await store.renewIntegrityKey();
  return { accessKeys, callbackSecrets, enrollmentSecrets, webhookSecrets, personKeys, signatures };
}

async function encryptHolder(deps: Deps, by: Requester, count: SecretsReencrypted, found: Holder) {
  let holder: Holder | undefined = found;
  for (let attempt = 1; holder !== undefined; attempt++) {
    const { id, keyIds, event, encryptAgain, readAgain }: Holder = holder;
    const from = keyIds.find((keyId) => keyId !== count.keyId);
    if (from === undefined) {
      if (keyIds.length > 0) count.unchanged += 1;
      return;
    }
    const details = { ...event.details, from, to: count.keyId };
    try {
      await audited(deps, by, { ...event, details }, encryptAgain);
      count.reencrypted += 1;
      return;
    } catch (error) {
      const { code, detail } = error instanceof RolebridgeError ? error : { detail: messageOf(error) };
      if (code === 'store_unavailable') throw error;
      if (code !== 'connection_changed' || attempt === maxAttempts) {
        count.failed.push({ id, reason: detail });
        return;
      }
      holder = await readAgain?.();
    }
  }
}

function holderInConnection(
  { store }: Deps,
  connection: Connection,
  holderIn: (connection: Connection) => Holder,
  keyIds: readonly string[],
  next: (intent: AuditIntent) => Promise<Connection>,
): Holder {
  const { id, version: ifVersion } = connection;
  return {
    id,
    keyIds,
    event: { action: 'connection.reencrypt', ...subjectOf(connection) },
    encryptAgain: async (intent) =>
      store.commit({
        connection: { next: { ...(await next(intent)), version: ifVersion + 1 }, ifVersion, intent },
      }),
    async readAgain() {
      const latest = await store.connectionForCallback(id);
      return latest && holderIn(latest);
    },
  };
}

function callbackSecretsIn(deps: Deps, connection: Connection): Holder {
  const { encryption } = deps;
  const keyIds = encryptedCallbackSecretsOf(connection).map(encryption.keyIdOf);
  const holderIn = (latest: Connection) => callbackSecretsIn(deps, latest);
  return holderInConnection(deps, connection, holderIn, keyIds, async () => {
    const registration = roleRegistrationOf(connection);
    if (registration === undefined) return connection;
    const { encryptedCallbackSecret, previousCallbackSecret: previous } = registration;
    const again = encryptedAgain(encryption, callbackSecretContext(connection.id));
    return withCallbackSecrets(connection, {
      encryptedCallbackSecret: again(encryptedCallbackSecret),
      previousCallbackSecret: previous && { ...previous, encrypted: again(previous.encrypted) },
    });
  });
}

function accessKeyIn(deps: Deps, connection: Connection): Holder {
  const key = accessKeyOf(connection);
  const holderIn = (latest: Connection) => accessKeyIn(deps, latest);
  return holderInConnection(deps, connection, holderIn, key ? [key.encrypted.keyId] : [], async (intent) => {
    if (connection.method !== 'access_key' || connection.status === 'disconnected') return connection;
    const { encrypted } = connection.accessKey;
    return withEncryptedKey(connection, await encryptionOf(deps).rewrap(connection, encrypted, intent));
  });
}

function personKeyIn({ store, encryption }: Deps, { id, personKey }: Pick<Organization, 'id' | 'personKey'>) {
  return {
    id,
    keyIds: personKey === undefined ? [] : [encryption.keyIdOf(personKey)],
    event: { action: 'organization.reencrypt', organizationId: id },
    encryptAgain: async () =>
      store.changeOrganization(id, (stored) =>
        stored.personKey === undefined
          ? stored
          : { ...stored, personKey: encryptedAgain(encryption, personKeyContext(id))(stored.personKey) },
      ),
  } as const;
}

function secretsOfEndpoint({ store, encryption }: Deps, endpoint: WebhookEndpoint): Holder {
  const { id, organizationId } = endpoint;
  const again = encryptedAgain(encryption, webhookSecretContext(id));
  return {
    id,
    keyIds: encryptedSecretsOf(endpoint).map(encryption.keyIdOf),
    event: { action: 'webhook_endpoint.reencrypt', organizationId, details: { endpointId: id } },
    encryptAgain: async () =>
      store.changeWebhookEndpoint(endpoint, ({ previousSecret: previous, ...stored }) => ({
        ...stored,
        secret: again(stored.secret),
        ...(previous && { previousSecret: { ...previous, encrypted: again(previous.encrypted) } }),
      })),
  };
}

function secretOfEnrollment(deps: Deps, token: Token): Holder {
  const { store, encryption } = deps;
  const enrollment = enrollmentIn(token);
  const { id, organizationId, encryptedSecret } = enrollment;
  return {
    id,
    keyIds: [encryption.keyIdOf(encryptedSecret)],
    event: { action: 'enrollment.reencrypt', organizationId, details: { enrollmentId: id } },
    async encryptAgain() {
      const again = encryptedAgain(encryption, enrollmentSecretContext(id))(encryptedSecret);
      if (await store.replaceToken(token, enrollmentTokenOf({ ...enrollment, encryptedSecret: again })))
        return;
      throw new RolebridgeError('connection_changed', 'Accounts kept registering themselves meanwhile.');
    },
    async readAgain() {
      const latest = await store.token('enrollment', token.hash);
      return latest && secretOfEnrollment(deps, latest);
    },
  };
}

/** The same secret, encrypted with the current key. @throws when the old key is missing */
const encryptedAgain =
  (encryption: Encryption, context: string) =>
  (encrypted: string): string =>
    encryption.encrypt(encryption.open(encrypted, context), context);
