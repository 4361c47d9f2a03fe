import type {
  AccessKeyConnection,
  ApiKey,
  Connection,
  Organization,
  RoleConnection,
} from '../../service/domain/connection.js';
import {
  type ConnectionId,
  newApiKeyId,
  newConnectionId,
  newExternalId,
  newOrganizationId,
  type OrganizationId,
} from '../../service/domain/ids.js';
import type { CallbackReceipt, Store } from '../../service/domain/ports.js';
import type { RoleArn } from '../../service/domain/role-arn.js';
import { intent } from './intent.js';

export interface OpenedStore {
  readonly store: Store;
  /** Closes the store and opens it again over the same data. */
  reopen(): Promise<Store>;
  /** Closes whatever is open and removes the data. */
  dispose(): Promise<void>;
}

export const at = (seconds: number): string => new Date(Date.UTC(2026, 0, 1) + seconds * 1000).toISOString();

export const anOrganization = (): Organization => ({
  id: newOrganizationId(),
  name: 'Acme',
  createdAt: at(0),
});

export const aConnection = (organizationId: OrganizationId, differences: object = {}): RoleConnection =>
  ({
    id: newConnectionId(),
    organizationId,
    name: 'production',
    method: 'assume_role',
    externalId: newExternalId(),
    sealedCallbackSecret: 'sealed',
    partition: 'aws',
    scopes: [],
    version: 1,
    createdAt: at(0),
    updatedAt: at(0),
    status: 'pending',
    ...differences,
  }) as RoleConnection;

export const anAccessKeyConnection = (organizationId: OrganizationId, differences: object = {}) =>
  ({
    id: newConnectionId(),
    organizationId,
    name: 'production',
    method: 'access_key',
    partition: 'aws',
    scopes: [],
    version: 1,
    createdAt: at(0),
    updatedAt: at(0),
    status: 'connected',
    accountId: '123456789012',
    accessKey: {
      lastFour: 'WXYZ',
      principalArn: 'arn:aws:iam::123456789012:user/deploy',
      sealed: { keyId: 'k1', wrappedDataKey: 'wrapped', accessKeyId: 'sealed', secretAccessKey: 'sealed' },
    },
    verification: {
      startedAt: at(1),
      finishedAt: at(2),
      checks: [],
      probes: [],
      result: 'passed',
      accountId: '123456789012',
      principalArn: 'arn:aws:iam::123456789012:user/deploy',
    },
    ...differences,
  }) as unknown as AccessKeyConnection;

export const connectedTo = (role: string) => ({
  status: 'connected',
  roleArn: role as RoleArn,
  accountId: '123456789012',
  verification: {
    startedAt: at(1),
    finishedAt: at(2),
    checks: [],
    probes: [],
    result: 'passed',
    accountId: '123456789012',
    sessionArn: 'arn:aws:sts::123456789012:assumed-role/reader/rolebridge',
  },
});

const changed = (connection: Connection, differences: object): Connection =>
  ({ ...connection, version: connection.version + 1, updatedAt: at(60), ...differences }) as Connection;

/** What every store does. */
export function storeContract(name: string, openStore: () => Promise<OpenedStore>): void {
  describe(`${name} as a store`, () => {
    let opened: OpenedStore;
    let store: Store;
    let organization: Organization;
    const role = 'arn:aws:iam::123456789012:role/reader';

    beforeEach(async () => {
      opened = await openStore();
      store = opened.store;
      organization = anOrganization();
      await store.createOrganization(organization);
    });
    afterEach(() => opened.dispose());

    const insert = async (differences: object = {}, inside = organization.id): Promise<RoleConnection> => {
      const next = aConnection(inside, differences);
      await store.commit({ connection: { next, ifVersion: null, intent } });
      return next;
    };
    const update = async (connection: Connection, differences: object): Promise<Connection> => {
      const next = changed(connection, differences);
      await store.commit({ connection: { next, ifVersion: connection.version, intent } });
      return next;
    };
    const read = (connection: Connection) => store.connection(connection.organizationId, connection.id);

    test('keeps everything when it is opened again', async () => {
      const key: ApiKey = {
        id: newApiKeyId(),
        organizationId: organization.id,
        name: 'ci',
        hash: 'ab'.repeat(32),
        createdAt: at(0),
      };
      await store.createApiKey(key);
      const connection = await insert({ ...connectedTo(role), scopes: [{ project: 'shop' }, {}] });
      await store.commit({
        receipt: { ...claimOf(connection), answer: { status: 200, body: { ok: true } } },
      });
      store = await opened.reopen();
      expect(await store.organization(organization.id)).toEqual(organization);
      expect(await store.apiKey(key.id)).toEqual(key);
      expect(await read(connection)).toEqual(connection);
      expect(await store.scopeHolders(organization.id, ['shop'])).toEqual([{ key: 'shop', connection }]);
      expect(await store.claimCallback(claimOf(connection), at(1))).toMatchObject({
        claimed: false,
        receipt: { answer: { status: 200, body: { ok: true } } },
      });
      await expect(insert(connectedTo(role))).rejects.toMatchObject({ code: 'role_already_connected' });
    });

    test('knows nothing of what was never stored, whatever its name', async () => {
      for (const id of ['__proto__', 'constructor', 'toString', '']) {
        expect(await store.organization(id as OrganizationId)).toBeUndefined();
        expect(await store.apiKey(id as never)).toBeUndefined();
        expect(await store.connection(organization.id, id as ConnectionId)).toBeUndefined();
        expect(await store.connectionForCallback(id as ConnectionId)).toBeUndefined();
        expect(await store.scopeHolders(organization.id, [id])).toEqual([]);
      }
    });

    test('keeps a scope named like a built-in property', async () => {
      const connection = await insert({ scopes: [{ project: 'constructor' }, { project: '__proto__' }] });
      store = await opened.reopen();
      expect(await store.scopeHolders(organization.id, ['__proto__', 'constructor'])).toEqual([
        { key: '__proto__', connection },
        { key: 'constructor', connection },
      ]);
    });

    test('shows a connection to its own organization only, and to a callback', async () => {
      const other = anOrganization();
      await store.createOrganization(other);
      const connection = await insert();
      expect(await store.connection(other.id, connection.id)).toBeUndefined();
      expect(await store.connectionForCallback(connection.id)).toEqual(connection);
    });

    test('refuses a change made from an older version, and lets one of several at once through', async () => {
      const connection = await insert();
      const outcomes = await Promise.allSettled(
        Array.from({ length: 8 }, (_, number) => update(connection, { name: `name ${number}` })),
      );
      expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
      for (const outcome of outcomes)
        if (outcome.status === 'rejected') expect(outcome.reason.code).toBe('connection_changed');
      await expect(update(connection, {})).rejects.toMatchObject({ code: 'connection_changed' });
      await expect(
        store.commit({ connection: { next: connection, ifVersion: null, intent } }),
      ).rejects.toMatchObject({ code: 'connection_changed' });
      await expect(
        store.commit({ connection: { next: aConnection(organization.id), ifVersion: 1, intent } }),
      ).rejects.toMatchObject({ code: 'connection_changed' });
      expect((await read(connection))?.version).toBe(2);
    });

    test('refuses a scope that another connection holds, and names the holder', async () => {
      const holder = await insert({ name: 'shop', scopes: [{ project: 'shop' }] });
      await expect(insert({ scopes: [{ project: 'blog' }, { project: 'shop' }] })).rejects.toMatchObject({
        code: 'scope_taken',
        members: { holders: [{ connectionId: holder.id, name: 'shop', scope: { project: 'shop' } }] },
      });
      expect(await store.scopeHolders(organization.id, ['blog'])).toEqual([]);
      await insert({ scopes: [{ project: 'shop', environment: 'production' }] });
    });

    test('lets two organizations use the same scope', async () => {
      const other = anOrganization();
      await store.createOrganization(other);
      await insert({ scopes: [{}] });
      await insert({ scopes: [{}] }, other.id);
    });

    test('takes scopes from their holders in one change', async () => {
      const one = await insert({ scopes: [{ project: 'shop' }, { project: 'blog' }] });
      const two = await insert({ scopes: [{}] });
      const next = aConnection(organization.id, { scopes: [{ project: 'shop' }, {}], updatedAt: at(90) });
      await store.commit({ connection: { next, ifVersion: null, intent }, replaceScopes: true });
      expect(await read(one)).toEqual({
        ...one,
        scopes: [{ project: 'blog' }],
        version: 2,
        updatedAt: at(90),
      });
      expect(await read(two)).toEqual({ ...two, scopes: [], version: 2, updatedAt: at(90) });
      const holders = await store.scopeHolders(organization.id, ['shop', 'none', 'blog', '']);
      expect(holders.map(({ key, connection }) => [key, connection.id])).toEqual([
        ['shop', next.id],
        ['blog', one.id],
        ['', next.id],
      ]);
    });

    test('gives one scope to one of many that ask at once', async () => {
      const outcomes = await Promise.allSettled(
        Array.from({ length: 10 }, () => insert({ scopes: [{ project: 'shop' }] })),
      );
      expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    });

    test('connects a role once over all organizations, and names nobody', async () => {
      const other = anOrganization();
      await store.createOrganization(other);
      const outcomes = await Promise.allSettled([
        insert(connectedTo(role)),
        insert(connectedTo(role), other.id),
        insert(connectedTo(role)),
      ]);
      expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'rejected']);
      const refusal = (outcomes[1] as PromiseRejectedResult).reason;
      expect(refusal).toMatchObject({ code: 'role_already_connected', members: {} });
      expect(JSON.stringify([refusal.detail, refusal.remedy])).not.toMatch(/con_|org_|Acme|production/);
    });

    test('gives a role free when its connection ends, and never lets an unverified one claim it', async () => {
      const other = anOrganization();
      await store.createOrganization(other);
      const { verification } = connectedTo(role);
      await insert({ status: 'failed', roleArn: role, wasConnected: false, verification }, other.id);
      const first = await insert(connectedTo(role));
      const failed = await update(first, { status: 'failed', wasConnected: true });
      await expect(insert(connectedTo(role), other.id)).rejects.toMatchObject({
        code: 'role_already_connected',
      });
      await update(failed, { status: 'disconnected', reason: 'deprovisioned', disconnectedAt: at(60) });
      await insert(connectedTo(role), other.id);
    });

    test('hides a deleted connection, frees its scopes and keeps its external ID', async () => {
      const connection = await insert({ scopes: [{}] });
      const deleted = await update(connection, {
        status: 'disconnected',
        reason: 'deleted',
        disconnectedAt: at(60),
        scopes: [],
      });
      expect(await read(connection)).toBeUndefined();
      expect(await store.connectionForCallback(connection.id)).toEqual(deleted);
      expect((await store.connections(organization.id, { limit: 10 })).connections).toEqual([]);
      await insert({ scopes: [{}] });
      await expect(insert({ externalId: connection.externalId })).rejects.toThrow('external ID');
      store = await opened.reopen();
      await expect(insert({ externalId: connection.externalId })).rejects.toThrow('external ID');
    });

    const insertKey = async (differences: object = {}, inside = organization.id) => {
      const next = anAccessKeyConnection(inside, differences);
      await store.commit({ connection: { next, ifVersion: null, intent } });
      return next;
    };

    test('keeps a connection with an access key, its scopes, and the role that it is to move to', async () => {
      const roleMove = { externalId: newExternalId(), sealedCallbackSecret: 'sealed' };
      const connection = await insertKey({ scopes: [{}], roleMove });
      store = await opened.reopen();
      expect(await read(connection)).toEqual(connection);
      expect(await store.connectionForCallback(connection.id)).toEqual(connection);
      expect(await store.scopeHolders(organization.id, [''])).toEqual([{ key: '', connection }]);
      await expect(insert({ externalId: roleMove.externalId })).rejects.toThrow('external ID');
    });

    test('moves a connection from an access key to a role, and lets the role be claimed once', async () => {
      const connection = await insertKey({ scopes: [{}] });
      const next = aConnection(organization.id, {
        ...connectedTo(role),
        id: connection.id,
        scopes: [{}],
        version: 2,
      });
      await store.commit({ connection: { next, ifVersion: 1, intent } });
      store = await opened.reopen();
      expect(await read(connection)).toEqual(next);
      await expect(insert(connectedTo(role))).rejects.toMatchObject({ code: 'role_already_connected' });
    });

    test('lists the connections that hold an access key, of all organizations, page by page', async () => {
      const other = anOrganization();
      await store.createOrganization(other);
      await insert();
      const deleted = await insertKey();
      await update(deleted, {
        status: 'disconnected',
        reason: 'deleted',
        disconnectedAt: at(60),
        accessKey: undefined,
      });
      const made = [await insertKey(), await insertKey({}, other.id), await insertKey()];
      const ids = made.map(({ id }) => id).sort();
      const first = await store.accessKeyConnections({ limit: 2 });
      expect([first.connections.map(({ id }) => id), first.hasMore]).toEqual([ids.slice(0, 2), true]);
      const rest = await store.accessKeyConnections({ limit: 2, after: ids[1] as ConnectionId });
      expect([rest.connections.map(({ id }) => id), rest.hasMore]).toEqual([ids.slice(2), false]);
    });

    test('lists page by page in order of creation, also when the last one seen is deleted meanwhile', async () => {
      const made: Connection[] = [];
      for (const seconds of [3, 1, 2, 2, 5, 4]) made.push(await insert({ createdAt: at(seconds) }));
      const expected = [...made].sort((one, other) =>
        `${one.createdAt}${one.id}` < `${other.createdAt}${other.id}` ? -1 : 1,
      );
      const first = await store.connections(organization.id, { limit: 3 });
      expect(first).toEqual({ connections: expected.slice(0, 3), hasMore: true });
      const last = first.connections[2] as Connection;
      await update(last, { status: 'disconnected', reason: 'deleted', disconnectedAt: at(60) });
      expect(await store.connections(organization.id, { limit: 3, after: last.id })).toEqual({
        connections: expected.slice(3),
        hasMore: false,
      });
      expect(await store.connections(organization.id, { limit: 3, status: 'connected' })).toEqual({
        connections: [],
        hasMore: false,
      });
    });

    test('keeps its own copy of what it is given', async () => {
      const scopes = [{ project: 'shop' }];
      const connection = await insert({ scopes });
      scopes.push({ project: 'blog' });
      expect((await read(connection))?.scopes).toEqual([{ project: 'shop' }]);
    });

    test('stores a connection and its receipt together or neither', async () => {
      const connection = await insert();
      const receipt = { ...claimOf(connection), answer: { status: 200, body: 'done' } };
      await expect(
        store.commit({ connection: { next: changed(connection, {}), ifVersion: 7, intent }, receipt }),
      ).rejects.toMatchObject({ code: 'connection_changed' });
      expect(await store.claimCallback(claimOf(connection), at(1))).toEqual({
        claimed: true,
        firstAttemptAt: at(0),
      });
      await store.commit({ connection: { next: changed(connection, {}), ifVersion: 1, intent }, receipt });
      expect(await store.claimCallback(claimOf(connection), at(1))).toEqual({ claimed: false, receipt });
    });

    test('gives an event to one of many that claim it at once', async () => {
      const connection = await insert();
      const claims = await Promise.all(
        Array.from({ length: 6 }, () => store.claimCallback(claimOf(connection), at(0))),
      );
      expect(claims.filter(({ claimed }) => claimed)).toHaveLength(1);
    });

    test('gives a claim up when it is released or has run out, and keeps the first attempt', async () => {
      const connection = await insert();
      const claim = claimOf(connection);
      await store.claimCallback(claim, at(0));
      const later = { ...claim, firstAttemptAt: at(10), claimedUntil: at(40) };
      expect(await store.claimCallback(later, at(10))).toEqual({ claimed: false, receipt: claim });
      await store.releaseCallback(connection.id, claim.webhookId);
      expect(await store.claimCallback(later, at(10))).toEqual({ claimed: true, firstAttemptAt: at(0) });
      expect(await store.claimCallback({ ...claim, claimedUntil: at(90) }, at(40))).toEqual({
        claimed: true,
        firstAttemptAt: at(0),
      });
    });

    test('does not release an event that was answered', async () => {
      const connection = await insert();
      const receipt = { ...claimOf(connection), answer: { status: 200, body: null } };
      await store.commit({ receipt });
      await store.releaseCallback(connection.id, receipt.webhookId);
      expect(await store.claimCallback(claimOf(connection), at(1))).toEqual({ claimed: false, receipt });
    });

    test('forgets receipts a day after the first attempt', async () => {
      const connection = await insert();
      await store.commit({ receipt: { ...claimOf(connection), answer: { status: 200, body: null } } });
      const day = 24 * 60 * 60;
      expect((await store.claimCallback(claimOf(connection), at(day - 1))).claimed).toBe(false);
      const tomorrow = { ...claimOf(connection), firstAttemptAt: at(day), claimedUntil: at(day + 30) };
      expect(await store.claimCallback(tomorrow, at(day))).toEqual({
        claimed: true,
        firstAttemptAt: at(day),
      });
    });

    test('is ready, and refuses changes once it is closed', async () => {
      await store.ready();
      await store.close();
      await expect(insert()).rejects.toMatchObject({ code: 'store_unavailable' });
      await expect(store.ready()).rejects.toMatchObject({ code: 'store_unavailable' });
    });
  });
}

export const claimOf = (connection: Connection): CallbackReceipt => ({
  connectionId: connection.id,
  webhookId: 'msg_1',
  firstAttemptAt: at(0),
  claimedUntil: at(30),
});
