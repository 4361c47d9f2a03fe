import type { Connection } from '../../service/domain/connection.js';
import { disconnected } from '../../service/domain/connection-transitions.js';
import { type ConnectionId, newExternalId } from '../../service/domain/ids.js';
import type { ConnectionPage } from '../../service/domain/ports.js';
import type { RoleArn } from '../../service/domain/role-arn.js';
import { scopeKey } from '../../service/domain/scope.js';
import { aConnection, at, changed, connectedTo, intent } from './records.js';
import type { Subject } from './subject.js';

const role = 'arn:aws:iam::123456789012:role/reader';

export function connectionsContract(on: Subject): void {
  test('returns the last report with a connection, and only the verdict with a scope', async () => {
    const check = { name: 'assumable', outcome: 'passed', message: 'It opens.', at: at(1) };
    const probe = { probe: 'with_external_id', outcome: 'allowed', at: at(1), requestId: 'r1' };
    const made = connectedTo('arn:aws:iam::123456789012:role/reported');
    const verification = { ...made.verification, checks: [check], probes: [probe] };
    const scopes = [{ project: 'reported' }];
    const connection = await on.insert({ ...made, verification, scopes });
    // The session's ARN belongs to the report.
    const verdict = { ...connection, verification: { ...made.verification, sessionArn: undefined } };
    expect(await on.read(connection)).toEqual(connection);
    expect((await on.store.connections(connection.organizationId, { limit: 9 })).connections).toEqual([
      connection,
    ]);
    const [held] = await on.store.scopeHolders(connection.organizationId, ['reported']);
    expect(held?.connection).toEqual(verdict);

    const renamed = changed(verdict as never, { name: 'renamed' });
    await on.store.commit({ connection: { next: renamed, ifVersion: 1, intent } });
    expect(await on.read(connection)).toEqual({ ...renamed, verification });
    const later = { ...verification, startedAt: at(9), finishedAt: at(9), checks: [{ ...check, at: at(9) }] };
    const again = changed(renamed, { verification: later });
    await on.store.commit({ connection: { next: again, ifVersion: 2, intent } });
    expect(await on.read(connection)).toEqual(again);
  });

  test('stores a scope named like a built-in property', async () => {
    const connection = await on.insert({ scopes: [{ project: 'constructor' }, { project: 'toString' }] });
    await on.reopen();
    expect(await on.store.scopeHolders(on.organization.id, ['constructor', 'toString'])).toEqual([
      { key: 'constructor', connection },
      { key: 'toString', connection },
    ]);
  });

  test('shows a connection only to its organization and to a callback', async () => {
    const other = await on.another();
    const connection = await on.insert();
    expect(await on.store.connection(other.id, connection.id)).toBeUndefined();
    expect(await on.store.connectionForCallback(connection.id)).toEqual(connection);
  });

  test('refuses a change to an older version, and accepts one of several concurrent changes', async () => {
    const connection = await on.insert();
    const outcomes = await Promise.allSettled(
      Array.from({ length: 8 }, (_, number) => on.update(connection, { name: `name ${number}` })),
    );
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    for (const outcome of outcomes)
      if (outcome.status === 'rejected') expect(outcome.reason.code).toBe('connection_changed');
    await expect(on.update(connection, {})).rejects.toMatchObject({ code: 'connection_changed' });
    await expect(
      on.store.commit({ connection: { next: connection, ifVersion: null, intent } }),
    ).rejects.toMatchObject({ code: 'connection_changed' });
    await expect(
      on.store.commit({ connection: { next: aConnection(on.organization.id), ifVersion: 1, intent } }),
    ).rejects.toMatchObject({ code: 'connection_changed' });
    expect((await on.read(connection))?.version).toBe(2);
  });

  test('accepts a change that keeps the version, but not one of an older version', async () => {
    const connection = await on.insert();
    const next = { ...connection, name: 'looked at again' };
    await on.store.commit({ connection: { next, ifVersion: connection.version, intent } });
    expect(await on.read(connection)).toEqual(next);
    await on.update(next, { name: 'changed' });
    await expect(
      on.store.commit({ connection: { next, ifVersion: connection.version, intent } }),
    ).rejects.toMatchObject({ code: 'connection_changed' });
    expect(await on.read(connection)).toMatchObject({ name: 'changed', version: connection.version + 1 });
  });

  test('records the last use of a connection without changing its version', async () => {
    const connection = await on.insert({ name: 'used' });
    await on.store.markConnectionUsed(connection, at(7));
    expect(await on.read(connection)).toEqual({ ...connection, lastUsedAt: at(7) });
    await on.reopen();
    expect(await on.read(connection)).toEqual({ ...connection, lastUsedAt: at(7) });
    // Created from the earlier read.
    await on.update(connection, { name: 'renamed' });
    expect(await on.read(connection)).toMatchObject({ name: 'renamed', lastUsedAt: at(7) });
  });

  test('refuses a scope that another connection holds, and names the holder', async () => {
    const holder = await on.insert({ name: 'shop', scopes: [{ project: 'shop' }] });
    await expect(on.insert({ scopes: [{ project: 'blog' }, { project: 'shop' }] })).rejects.toMatchObject({
      code: 'scope_taken',
      members: { holders: [{ connectionId: holder.id, name: 'shop', scope: { project: 'shop' } }] },
    });
    expect(await on.store.scopeHolders(on.organization.id, ['blog'])).toEqual([]);
    await on.insert({ scopes: [{ project: 'shop', environment: 'production' }] });
  });

  test('finds the holders of scopes within a scope', async () => {
    const other = await on.another();
    await on.insert({ scopes: [{ project: 'shop', environment: 'strange' }] }, other.id);
    const shop = await on.insert({ scopes: [{}, { project: 'shop' }] });
    const [web, production, beside] = [
      await on.insert({
        scopes: [{ project: 'shop', environment: 'production', architecture: 'web' }],
      }),
      await on.insert({ scopes: [{ project: 'shop', environment: 'production' }] }),
      await on.insert({
        scopes: ['shop-2', 'shop.old', 'shop_3', 'shop0', 'Shop'].map((project) => ({
          project,
          environment: 'production',
        })),
      }),
    ];
    const within = async (key: string, limit = 20) =>
      (await on.store.scopeHoldersWithin(on.organization.id, key, limit)).map(
        (held) => `${held.key} ${held.connection.id}`,
      );
    const below = [`shop/production ${production.id}`, `shop/production/web ${web.id}`];
    expect(await within('shop')).toEqual([`shop ${shop.id}`, ...below]);
    expect(await within('shop', 2)).toEqual([`shop ${shop.id}`, ...below.slice(0, 1)]);
    expect(await within('shop/production')).toEqual(below);
    expect(await within('shop/production/web')).toEqual(below.slice(1));
    expect(await within('none')).toEqual([]);
    const all = await within('');
    expect(all).toHaveLength(9);
    expect(all.slice(0, 4)).toEqual([
      ` ${shop.id}`,
      `Shop/production ${beside.id}`,
      expect.stringMatching(/^shop /),
      `shop-2/production ${beside.id}`,
    ]);
  });

  test('lists those that hold a scope or one within it, a page at a time in the order of their creation', async () => {
    const other = await on.another();
    await on.insert({ scopes: [{ project: 'shop' }] }, other.id);
    const [web, , both, shop] = [
      await on.insert({ scopes: [{ project: 'shop', environment: 'production', architecture: 'web' }] }),
      await on.insert({ scopes: [{}, { project: 'shop-2' }, { project: 'shop.old', environment: 'a' }] }),
      await on.insert({ scopes: [{ project: 'blog' }, { project: 'shop', environment: 'test' }] }),
      await on.insert({ scopes: [{ project: 'shop' }] }),
    ];
    const page = async (scope: string, limit: number, after?: ConnectionId) => {
      const found = await on.store.connections(on.organization.id, { scope, limit, after });
      return [found.connections.map(({ id }) => id), found.hasMore];
    };
    const inOrder = [web, both, shop]
      .sort((one, next) => (one.createdAt + one.id < next.createdAt + next.id ? -1 : 1))
      .map(({ id }) => id);
    expect(await page('shop', 9)).toEqual([inOrder, false]);
    expect(await page('shop', 2)).toEqual([inOrder.slice(0, 2), true]);
    expect(await page('shop', 2, inOrder[1])).toEqual([inOrder.slice(2), false]);
    expect(await page('shop/production', 9)).toEqual([[web.id], false]);
    expect(await page('sho', 9)).toEqual([[], false]);
    const pending = { scope: 'shop', status: 'connected', limit: 9 } as const;
    expect((await on.store.connections(on.organization.id, pending)).connections).toEqual([]);
  });

  test('lets two organizations use the same scope', async () => {
    const other = await on.another();
    await on.insert({ scopes: [{}] });
    await on.insert({ scopes: [{}] }, other.id);
  });

  test('takes scopes from their holders in one change', async () => {
    const one = await on.insert({ scopes: [{ project: 'shop' }, { project: 'blog' }] });
    const two = await on.insert({ scopes: [{}] });
    const next = aConnection(on.organization.id, { scopes: [{ project: 'shop' }, {}], updatedAt: at(90) });
    await on.store.commit({ connection: { next, ifVersion: null, intent }, replaceScopes: true });
    expect(await on.read(one)).toEqual({
      ...one,
      scopes: [{ project: 'blog' }],
      version: 2,
      updatedAt: at(90),
    });
    expect(await on.read(two)).toEqual({ ...two, scopes: [], version: 2, updatedAt: at(90) });
    const holders = await on.store.scopeHolders(on.organization.id, ['shop', 'none', 'blog', '']);
    expect(holders.map(({ key, connection }) => [key, connection.id])).toEqual([
      ['shop', next.id],
      ['blog', one.id],
      ['', next.id],
    ]);
  });

  test('takes scopes from disconnected holders only', async () => {
    const given = await on.insert({ scopes: [{ project: 'shop' }, { project: 'blog' }] });
    const left = await on.update(given, {
      status: 'disconnected',
      reason: 'deprovisioned',
      disconnectedAt: at(60),
    });
    const holder = await on.insert({ name: 'wiki', scopes: [{ project: 'wiki' }] });
    const take = (scopes: object[]) =>
      on.store.commit({
        connection: { next: aConnection(on.organization.id, { scopes }), ifVersion: null, intent },
        replaceScopes: 'from_disconnected',
      });
    await expect(take([{ project: 'shop' }, { project: 'wiki' }])).rejects.toMatchObject({
      code: 'scope_taken',
      members: { holders: [{ connectionId: holder.id, name: 'wiki', scope: { project: 'wiki' } }] },
    });
    expect(await on.read(left)).toEqual(left);
    await take([{ project: 'shop' }]);
    expect((await on.read(left))?.scopes).toEqual([{ project: 'blog' }]);
    const outcomes = await Promise.allSettled([1, 2, 3, 4].map(() => take([{ project: 'blog' }])));
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  });

  test('gives a scope to one of many concurrent requests', async () => {
    const outcomes = await Promise.allSettled(
      Array.from({ length: 10 }, () => on.insert({ scopes: [{ project: 'shop' }] })),
    );
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  });

  test('shows the loser of a race the write of the winner', async () => {
    const one = aConnection(on.organization.id, { scopes: [{ project: 'shop' }] });
    const other = aConnection(on.organization.id, { scopes: [{ project: 'shop' }] });
    // Which of them a pool sends first is its own business.
    const winnerFor = async (next: Connection) => {
      await on.store.commit({ connection: { next, ifVersion: null, intent } }).catch(() => {});
      const [holder] = await on.store.scopeHolders(on.organization.id, [scopeKey({ project: 'shop' })]);
      const stored = holder && (await on.store.connectionForCallback(holder.connection.id));
      return stored?.id;
    };
    const seen = await Promise.all([...Array(9).fill(one), other].map(winnerFor));
    const [winner] = seen;
    expect([one.id, other.id]).toContain(winner);
    expect(new Set(seen)).toEqual(new Set([winner]));
  });

  test('connects a role once across organizations, without naming the holder', async () => {
    const other = await on.another();
    const outcomes = await Promise.allSettled([
      on.insert(connectedTo(role)),
      on.insert(connectedTo(role), other.id),
      on.insert(connectedTo(role)),
    ]);
    // Which of them a pool sends first is its own business.
    const refusals = outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason] : []));
    expect(refusals).toHaveLength(2);
    for (const refusal of refusals) {
      expect(refusal).toMatchObject({ code: 'role_already_connected', members: {} });
      expect(JSON.stringify([refusal.detail, refusal.remedy])).not.toMatch(/con_|org_|Acme|production/);
    }
    expect(await on.store.roleHolder(role as RoleArn)).toMatchObject({ roleArn: role });
  });

  test('releases a role when its connection ends, and never lets an unverified connection claim it', async () => {
    const other = await on.another();
    const { verification } = connectedTo(role);
    await on.insert({ status: 'failed', roleArn: role, wasConnected: false, verification }, other.id);
    const first = await on.insert(connectedTo(role));
    const failed = await on.update(first, {
      status: 'failed',
      wasConnected: true,
      accountId: undefined,
      assurance: undefined,
      probedAt: undefined,
    });
    await expect(on.insert(connectedTo(role), other.id)).rejects.toMatchObject({
      code: 'role_already_connected',
    });
    if (failed.method !== 'assume_role') throw new Error('A role became an access key.');
    await on.replace(failed, disconnected(failed, at(60)));
    await on.insert(connectedTo(role), other.id);
  });

  test('hides a deleted connection, releases its scopes and keeps its external ID', async () => {
    const connection = await on.insert({ scopes: [{}] });
    const deleted = await on.update(connection, {
      status: 'disconnected',
      reason: 'deleted',
      disconnectedAt: at(60),
      scopes: [],
    });
    expect(await on.read(connection)).toBeUndefined();
    expect(await on.store.connectionForCallback(connection.id)).toEqual(deleted);
    expect((await on.store.connections(on.organization.id, { limit: 10 })).connections).toEqual([]);
    await on.insert({ scopes: [{}] });
    await expect(on.insert({ externalId: connection.externalId })).rejects.toThrow('externalId');
    await on.reopen();
    await expect(on.insert({ externalId: connection.externalId })).rejects.toThrow('externalId');
  });

  test('lists in order of creation, even when the last listed connection is deleted meanwhile', async () => {
    const made: Connection[] = [];
    for (const seconds of [3, 1, 2, 2, 5, 4]) made.push(await on.insert({ createdAt: at(seconds) }));
    const expected = [...made].sort((one, other) =>
      `${one.createdAt}${one.id}` < `${other.createdAt}${other.id}` ? -1 : 1,
    );
    const first = await on.store.connections(on.organization.id, { limit: 3 });
    expect(first).toEqual({ connections: expected.slice(0, 3), hasMore: true });
    const last = first.connections[2] as Connection;
    await on.update(last, { status: 'disconnected', reason: 'deleted', disconnectedAt: at(60) });
    expect(await on.store.connections(on.organization.id, { limit: 3, after: last.id })).toEqual({
      connections: expected.slice(3),
      hasMore: false,
    });
    expect(await on.store.connections(on.organization.id, { limit: 3, status: 'connected' })).toEqual({
      connections: [],
      hasMore: false,
    });
  });

  test('lists filtered connections of all organizations in pages', async () => {
    const other = await on.another();
    const accountId = '123456789012';
    const role = (name: string) => ({
      ...connectedTo(`arn:aws:iam::${accountId}:role/${name}`),
      createdAt: at(70),
    });
    const one = await on.insert(role('one'));
    const two = await on.insert({ ...role('two'), createdAt: at(71) }, other.id);
    await on.insert({ createdAt: at(72) }, other.id);
    const gone = await on.insert({ createdAt: at(73) });
    await on.update(gone, { status: 'disconnected', reason: 'deleted', disconnectedAt: at(74) });
    const filter = {
      status: 'connected',
      accountId,
      assurance: one.status === 'connected' ? one.assurance : undefined,
    } as const;
    const first = await on.store.connections(undefined, { limit: 1, ...filter });
    expect(first).toEqual({ connections: [one], hasMore: true });
    expect(await on.store.connections(undefined, { limit: 1, after: one.id, ...filter })).toEqual({
      connections: [two],
      hasMore: false,
    });
    expect((await on.store.connections(other.id, { limit: 9, ...filter })).connections).toEqual([two]);
    expect(
      (await on.store.connections(undefined, { limit: 9, accountId: '999999999999' })).connections,
    ).toEqual([]);
    expect(
      (await on.store.connections(undefined, { limit: 9, code: 'role_not_assumable' })).connections,
    ).toEqual([]);
  });

  test('pages backward, finds parts of names, and sorts by the last check', async () => {
    const role = (number: number, name: string, checked: number) => {
      const connected = connectedTo(`arn:aws:iam::123456789012:role/r${number}`);
      const verification = { ...connected.verification, finishedAt: at(checked) };
      return { ...connected, name, createdAt: at(number), verification };
    };
    const other = await on.another();
    const made = [
      await on.insert(role(1, 'Warehouse', 90)),
      await on.insert({ createdAt: at(2), name: 'pending' }),
      await on.insert(role(3, 'ware % café', 70), other.id),
      await on.insert(role(4, 'shop', 80)),
    ];
    await on.reopen();
    const found = async (page: Partial<ConnectionPage>) => {
      const { connections, hasMore } = await on.store.connections(undefined, { limit: 9, ...page });
      return [...connections.map(({ name }) => name), hasMore];
    };
    const [first, second, , last] = made;
    expect(await found({ before: last?.id, limit: 2 })).toEqual(['pending', 'ware % café', true]);
    expect(await found({ before: last?.id, limit: 3 })).toEqual([
      'Warehouse',
      'pending',
      'ware % café',
      false,
    ]);
    expect(await found({ before: last?.id, status: 'pending', limit: 1 })).toEqual(['pending', false]);
    expect(await found({ before: first?.id })).toEqual([false]);
    expect(await found({ search: 'WARE' })).toEqual(['Warehouse', 'ware % café', false]);
    expect(await found({ search: 'E %' })).toEqual(['ware % café', false]);
    expect(await found({ search: 'café', status: 'pending' })).toEqual([false]);
    const checked = { order: 'checked' } as const;
    expect(await found(checked)).toEqual(['ware % café', 'shop', 'Warehouse', false]);
    expect(await found({ ...checked, limit: 1, after: last?.id })).toEqual(['Warehouse', false]);
    expect(await found({ ...checked, limit: 1, before: first?.id })).toEqual(['shop', true]);
    await on.update(second as Connection, role(2, 'pending', 60));
    expect(await found({ ...checked, limit: 1 })).toEqual(['pending', true]);
  });

  test('counts connections of all organizations by status, without deleted ones', async () => {
    const before = (await on.store.connectionTotals()).status;
    await on.insert();
    await on.insert({}, (await on.another()).id);
    const gone = await on.insert();
    await on.update(gone, { status: 'disconnected', reason: 'deleted', disconnectedAt: at(60) });
    const ended = await on.insert();
    await on.update(ended, { status: 'disconnected', reason: 'deprovisioned', disconnectedAt: at(60) });
    const { status, permissionSets, permissions } = await on.store.connectionTotals();
    expect(status).toEqual({
      ...before,
      pending: before.pending + 2,
      disconnected: before.disconnected + 1,
    });
    expect([...permissionSets.keys(), ...permissions.keys()]).not.toContain('');
  });

  test('copies its input', async () => {
    const scopes = [{ project: 'shop' }];
    const connection = await on.insert({ scopes });
    scopes.push({ project: 'blog' });
    expect((await on.read(connection))?.scopes).toEqual([{ project: 'shop' }]);
  });

  test('never accepts an external ID twice, including a pending one', async () => {
    const pendingExternalId = newExternalId();
    const changing = await on.insert({ pendingExternalId });
    await expect(on.insert({ externalId: pendingExternalId })).rejects.toThrow('externalId');
    await expect(on.insert({ pendingExternalId })).rejects.toThrow('externalId');
    await expect(on.insert({ pendingExternalId: changing.externalId })).rejects.toThrow('externalId');
    await on.reopen();
    expect(await on.read(changing)).toEqual(changing);
    await expect(on.insert({ externalId: pendingExternalId })).rejects.toThrow('externalId');
    const changed = await on.update(changing, {
      externalId: pendingExternalId,
      pendingExternalId: undefined,
    });
    expect(await on.read(changing)).toEqual(JSON.parse(JSON.stringify(changed)));
    await expect(on.insert({ externalId: pendingExternalId })).rejects.toThrow('externalId');
  });

  test('never reuses a rotated or canceled external ID', async () => {
    const [first, second, canceled] = [newExternalId(), newExternalId(), newExternalId()];
    const refusesAll = async () => {
      for (const externalId of [first, second, canceled]) {
        await expect(on.insert({ externalId })).rejects.toThrow('externalId');
        await expect(on.insert({ pendingExternalId: externalId })).rejects.toThrow('externalId');
        await expect(on.insert({ externalId }, (await on.another()).id)).rejects.toThrow('externalId');
      }
    };
    let connection: Connection = await on.insert({ externalId: first, pendingExternalId: second });
    connection = await on.update(connection, { externalId: second, pendingExternalId: canceled });
    connection = await on.update(connection, { pendingExternalId: undefined });
    await refusesAll();
    await on.reopen();
    await refusesAll();
    // The store was compacted on close, and is read again.
    await on.reopen();
    await refusesAll();
    // It can take its own again, to return to an earlier state.
    connection = await on.update(connection, { externalId: first });
    connection = await on.update(connection, {
      status: 'disconnected',
      reason: 'deleted',
      disconnectedAt: at(60),
      scopes: [],
    });
    await refusesAll();
    await on.reopen();
    await refusesAll();
  });
}
