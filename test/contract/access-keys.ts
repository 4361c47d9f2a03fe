import type { Connection } from '../../service/domain/connection.js';
import { deleted } from '../../service/domain/connection-transitions.js';
import { newExternalId } from '../../service/domain/ids.js';
import { aConnection, at, connectedTo, intent } from './records.js';
import type { Subject } from './subject.js';

const role = 'arn:aws:iam::123456789012:role/reader';

export function accessKeysContract(on: Subject): void {
  test('stores a connection with an access key, its scopes, and its planned role', async () => {
    const migration = { externalId: newExternalId(), encryptedCallbackSecret: 'encrypted' };
    const connection = await on.insertKey({ scopes: [{}], migration });
    await on.reopen();
    expect(await on.read(connection)).toEqual(connection);
    expect(await on.store.connectionForCallback(connection.id)).toEqual(connection);
    expect(await on.store.scopeHolders(on.organization.id, [''])).toEqual([{ key: '', connection }]);
    await expect(on.insert({ externalId: migration.externalId })).rejects.toThrow('externalId');
  });

  test('migrates a connection from an access key to a role, and claims the role once', async () => {
    const connection = await on.insertKey({ scopes: [{}] });
    const next = aConnection(on.organization.id, {
      ...connectedTo(role),
      id: connection.id,
      scopes: [{}],
      version: 2,
    });
    await on.store.commit({ connection: { next, ifVersion: 1, intent } });
    await on.reopen();
    expect(await on.read(connection)).toEqual(next);
    await expect(on.insert(connectedTo(role))).rejects.toMatchObject({ code: 'role_already_connected' });
  });

  test('lists every connection of all organizations once, including deleted ones', async () => {
    const other = await on.another();
    const gone = await on.insertKey();
    await on.replace(gone, deleted(gone, at(60)));
    const made: Connection[] = [gone, await on.insertKey({}, other.id)];
    for (let count = 0; count < 210; count++) made.push(await on.insert());
    const given: string[] = [];
    for await (const { id } of on.store.everyConnection()) given.push(id);
    expect(given.sort()).toEqual(made.map(({ id }) => id).sort());
  });
}
