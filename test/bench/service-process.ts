import { createHash, randomBytes } from 'node:crypto';
import type { OrganizationId } from '../../service/domain/ids.js';
import type { Store } from '../../service/domain/ports.js';
import { callbackSecretContext } from '../../service/domain/service-dependencies.js';
import { createLogger, createSealer, createService, createSts, openFileStore } from '../../service/index.js';
import { intent } from '../contract/intent.js';
import { connectedConnection, scopesOf } from './connections.js';
import { serve } from './processes.js';
import type { PreparedRole } from './sandbox-process.js';

/** A service on a file store, and what is in it before anything is measured. */
export interface ServiceWanted {
  readonly directory: string;
  /** Each with this many connections that are connected, with a scope of its own. */
  readonly organizations: number;
  readonly connectionsEach: number;
  /** Connections that wait for their callback, spread over the organizations. */
  readonly pending: readonly PreparedRole[];
  readonly sts: StsWanted;
  readonly principal: string;
}

export interface StsWanted {
  readonly endpoint: string;
  readonly key: { readonly accessKeyId: string; readonly secretAccessKey: string };
}

const handlers = { start };
export type ServiceHandlers = typeof handlers;
serve(handlers);

async function start(wanted: ServiceWanted) {
  const store = await openFileStore({ directory: wanted.directory });
  const sealer = createSealer([{ id: 'k1', key: randomBytes(32) }]);
  const service = await createService({
    store,
    sealer,
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
    // Counted as always, but nobody meets them.
    rateLimits: { key: 1e9, callbacks: 1e9, connection: 1e9, verifications: 1e9, address: 1e9 },
  });

  const organizations: { id: OrganizationId; apiKey: string }[] = [];
  for (let number = 0; number < wanted.organizations; number++) {
    const { organization, apiKey } = await service.createOrganization(`organization ${number}`);
    organizations.push({ id: organization.id, apiKey });
    await prefill(store, organization.id, number * wanted.connectionsEach, wanted.connectionsEach);
  }
  const pending = wanted.pending.map((role, number) => {
    const organization = organizations[number % organizations.length];
    if (organization === undefined) throw new Error('Pending connections need an organization.');
    const {
      roleArn: _,
      accountId: __,
      verification: ___,
      ...base
    } = connectedConnection(organization.id, number, {});
    const callbackSecret = `whsec_${createHash('sha256').update(base.id).digest('base64')}`;
    const sealedCallbackSecret = sealer.seal(callbackSecret, callbackSecretContext(base.id));
    return {
      callbackSecret,
      roleArn: role.arn,
      connection: {
        ...base,
        externalId: role.externalId,
        sealedCallbackSecret,
        scopes: [],
        status: 'pending' as const,
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
    apiKeys: organizations.map(({ apiKey }) => apiKey),
    pending: pending.map(({ connection, callbackSecret, roleArn }) => ({
      id: connection.id,
      callbackSecret,
      roleArn,
    })),
  };
}

/** Through the store's interface; what is committed together shares a write. */
async function prefill(store: Store, organizationId: OrganizationId, first: number, count: number) {
  const scopes = count === 0 ? [] : scopesOf(count);
  await Promise.all(
    scopes.map((scope, number) =>
      store.commit({
        connection: {
          next: connectedConnection(organizationId, first + number, scope),
          ifVersion: null,
          intent,
        },
      }),
    ),
  );
}
