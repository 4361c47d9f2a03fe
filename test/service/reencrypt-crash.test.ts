/** `reencrypt` writes one secret at a time: a process that dies between two of them leaves the rest to the next call. */
import { randomBytes } from 'node:crypto';
import { createRecordStore } from '../../service/records/record-store.js';
import { createEncryption } from '../../service/secrets/encryption.js';
import { createMapBackend } from '../contract/map-backend.js';
import { dyingStore } from '../dying-store.js';
import { startOperator } from '../operator.js';
import { callApi } from '../vendor.js';

test('a call that was cut off at any write is completed by the next one', async () => {
  const store = createRecordStore(createMapBackend());
  const former = { id: 'k1', key: randomBytes(32) };
  const vendor = await startOperator({ store, encryption: createEncryption([former]) });
  const encryption = createEncryption([{ id: 'k2', key: randomBytes(32) }, former]);
  const renewing = await vendor.startAnother({ store, encryption });
  const processes = [renewing];
  const secrets = async () => {
    await vendor.call('POST', '/v1/connections', { name: 'c' });
    await vendor.call('POST', '/v1/enrollments', { name: 'e' });
    await vendor.call('POST', '/v1/webhook-endpoints', { url: 'https://hooks.vendor.example/' });
  };
  const reencrypt = (url: string, signal?: AbortSignal) =>
    fetch(`${url}/v1/reencrypt`, {
      method: 'POST',
      headers: { authorization: `Bearer ${vendor.token}` },
      ...(signal && { signal }),
    });

  for (let at = 1, isCut = true; isCut; at++) {
    await secrets();
    const { dying, died, written } = dyingStore(store, at);
    const other = await vendor.startAnother({ store: dying, encryption });
    processes.push(other);
    const client = new AbortController();
    const answered = reencrypt(other.url, client.signal).then(
      ({ status }) => status,
      () => 'lost',
    );
    await Promise.race([died, answered]);
    client.abort();
    isCut = (await answered) === 'lost';
    if (!isCut) expect(written.length).toBeGreaterThan(6);
    const done = await callApi(renewing.url, vendor.token, 'POST', '/v1/reencrypt');
    const again = await callApi(renewing.url, vendor.token, 'POST', '/v1/reencrypt');
    for (const kind of ['callbackSecrets', 'enrollmentSecrets', 'webhookSecrets']) {
      expect([at, kind, done.body[kind]]).toMatchObject([at, kind, { keyId: 'k2', failed: [] }]);
      expect([at, kind, again.body[kind]]).toMatchObject([at, kind, { reencrypted: 0, failed: [] }]);
    }
  }
  await Promise.all(processes.map((each) => each.close()));
  await vendor.close();
});
