import type { ConnectionId, OrganizationId } from '../../service/domain/ids.js';
import { anApiKey, at, connectedTo, idempotencyRecordOf } from './records.js';
import type { Subject } from './subject.js';

const role = 'arn:aws:iam::123456789012:role/reader';

export function wholeContract(on: Subject): void {
  test('keeps everything across a restart', async () => {
    const key = anApiKey(on.organization.id);
    await on.store.createApiKey(key);
    const connection = await on.insert({ ...connectedTo(role), scopes: [{ project: 'shop' }, {}] });
    await on.store.commit({
      idempotency: { ...idempotencyRecordOf(connection), answer: { status: 200, body: '{"ok":true}' } },
    });
    await on.reopen();
    expect(await on.store.organization(on.organization.id)).toEqual(on.organization);
    expect(await on.store.apiKey(key.id)).toEqual(key);
    expect(await on.read(connection)).toEqual(connection);
    expect(await on.store.scopeHolders(on.organization.id, ['shop'])).toEqual([{ key: 'shop', connection }]);
    expect(await on.store.idempotencyRecord(connection.id, 'msg_1', at(1))).toMatchObject({
      answer: { status: 200, body: '{"ok":true}' },
    });
    await expect(on.insert(connectedTo(role))).rejects.toMatchObject({ code: 'role_already_connected' });
  });

  test('finds nothing under names that were never stored', async () => {
    for (const id of ['__proto__', 'constructor', 'toString', '']) {
      expect(await on.store.organization(id as OrganizationId)).toBeUndefined();
      expect(await on.store.apiKey(id as never)).toBeUndefined();
      expect(await on.store.connection(on.organization.id, id as ConnectionId)).toBeUndefined();
      expect(await on.store.connectionForCallback(id as ConnectionId)).toBeUndefined();
      expect(await on.store.scopeHolders(on.organization.id, [id])).toEqual([]);
    }
  });

  test('is ready, and refuses changes after it is closed', async () => {
    await on.store.ready();
    await on.store.close();
    await expect(on.insert()).rejects.toMatchObject({ code: 'store_unavailable' });
    await expect(on.store.ready()).rejects.toMatchObject({ code: 'store_unavailable' });
  });
}
