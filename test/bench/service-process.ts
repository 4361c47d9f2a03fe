import { createHash, randomBytes } from 'node:crypto';
import { callbackSecretContext } from '../../service/domain/connection.js';
import type { OrganizationId } from '../../service/domain/ids.js';
import {
  createAccessKeyEncryption,
  createEncryption,
  createLocalKeyEncryptionKey,
  createLogger,
  createService,
  createSts,
  openFileStore,
} from '../../service/index.js';
import { openPostgresStore } from '../../service/records/open.js';
import type { RecordStore } from '../../service/records/record-store.js';
import { reportOf, withoutReport } from '../../service/records/reports.js';
import { intent } from '../contract/intent.js';
import { analyzeDatabase } from './analyze-database.js';
import { connectedConnection, pendingConnection, scopesOf } from './connections.js';
import { measureMemory } from './memory.js';
import { serve } from './processes.js';
import type { PreparedRole } from './sandbox-process.js';

/** A service on a file store, and its content before the measurement. */
export interface ServiceWanted {
  readonly directory: string;
  /** Then the store is this database, not the directory. */
  readonly databaseUrl?: string;
  /** Each with this many connected connections, one scope each. */
  readonly organizations: number;
  readonly connectionsEach: number;
  /** Connections that wait for their callback, spread over the organizations. */
  readonly pending: readonly PreparedRole[];
  /** Each of them is its organization's default. */
  readonly pendingAreDefaults?: boolean;
  readonly sts: StsWanted;
  readonly principal: string;
}

export interface StsWanted {
  readonly endpoint: string;
  readonly key: { readonly accessKeyId: string; readonly secretAccessKey: string };
}

const handlers = { start, memory: async () => measureMemory() };
export type ServiceHandlers = typeof handlers;
serve(handlers);

async function start(wanted: ServiceWanted) {
  const { databaseUrl } = wanted;
  const opening = performance.now();
  const store = databaseUrl
    ? await openPostgresStore({ url: databaseUrl, maxSessions: 20 })
    : await openFileStore({ directory: wanted.directory });
  const openedMs = performance.now() - opening;
  const encryption = createEncryption([{ id: 'k1', key: randomBytes(32) }]);
  const service = await createService({
    // The measured service binds no accounts.
    requireAccount: false,
    store,
    encryption,
    accessKeyEncryption: createAccessKeyEncryption(
      createLocalKeyEncryptionKey([{ id: 'e1', key: randomBytes(32) }]),
    ),
    sts: createSts({
      partitions: {
        aws: {
          region: 'us-east-1',
          endpoint: wanted.sts.endpoint,
          credentials: async () => wanted.sts.key,
        },
      },
    }),
    // At its usual level, and every line is made; only the terminal's speed is not part of it.
    logger: createLogger('info', { write: () => {} }),
    principals: new Map([['aws', wanted.principal]]),
    // Counted as always, but never reached.
    rateLimits: {
      key: 1e9,
      callbacks: 1e9,
      connection: 1e9,
      verifications: 1e9,
      address: 1e9,
      organization: 1e9,
    },
  });

  const organizations: { id: OrganizationId; apiKey: string }[] = [];
  for (let number = 0; number < wanted.organizations; number++) {
    const { organization, apiKey } = await service.createOrganization(`organization ${number}`);
    organizations.push({ id: organization.id, apiKey });
    await prefill(store, organization.id, number * wanted.connectionsEach, wanted.connectionsEach);
  }
  if (databaseUrl !== undefined) await analyzeDatabase(databaseUrl);
  const pending = wanted.pending.map((role, number) => {
    const organization = organizations[number % organizations.length];
    if (organization === undefined) throw new Error('Pending connections need an organization.');
    const base = pendingConnection(organization.id, number, wanted.pendingAreDefaults ? [{}] : []);
    const callbackSecret = `whsec_${createHash('sha256').update(base.id).digest('base64')}`;
    const encryptedCallbackSecret = encryption.encrypt(callbackSecret, callbackSecretContext(base.id));
    return {
      callbackSecret,
      roleArn: role.arn,
      roleId: role.roleId,
      connection: {
        ...base,
        externalId: role.externalId,
        encryptedCallbackSecret,
      },
    };
  });
  await Promise.all(
    pending.map(({ connection }) =>
      store.commit({ connection: { next: connection, ifVersion: null, intent } }),
    ),
  );
  return {
    url: service.url,
    openedMs,
    apiKeys: organizations.map(({ apiKey }) => apiKey),
    pending: pending.map(({ connection, callbackSecret, roleArn, roleId }) => ({
      id: connection.id,
      callbackSecret,
      roleArn,
      roleId,
    })),
  };
}

/** As `rolebridge migrate` puts it there: many rows in one transaction. */
async function prefill(store: RecordStore, organizationId: OrganizationId, first: number, count: number) {
  const scopes = count === 0 ? [] : scopesOf(count);
  const atOnce = 1_000;
  for (let from = 0; from < scopes.length; from += atOnce)
    await store.backend.transact(organizationId, async (transaction) => {
      for (const [place, scope] of scopes.slice(from, from + atOnce).entries()) {
        const connection = connectedConnection(organizationId, first + from + place, scope);
        const report = reportOf(connection);
        await transaction.put('connections', withoutReport(connection));
        if (report) await transaction.put('reports', report);
      }
    });
}
