/** Names of persons are gone with their organization, from the audit log too. */
import { openPerson } from '../../service/actions/persons.js';
import { createEncryption } from '../../service/index.js';
import { startOperator } from '../operator.js';

it("an erase destroys the key of persons' names, and the audit log stays whole", async () => {
  const encryption = createEncryption([{ id: 'k1', key: Buffer.alloc(32, 5) }]);
  const vendor = await startOperator({ encryption });
  const { id } = vendor.organization;
  const user = { name: 'Ada Lovelace', email: 'ada@acme.example' };
  const link = await vendor.call('POST', '/v1/sign-in-links', { user });
  expect(link.body.user).toEqual(user);
  const [token] = await vendor.store.tokensOf(id, 'sign_in_link');
  const text = String(token?.data.person);
  const deps = { encryption, store: vendor.store };
  expect(await openPerson(deps, id, text)).toEqual(user);
  expect(JSON.stringify(await vendor.store.organization(id))).not.toContain('Ada');
  const before = (await vendor.store.auditRecords(id, { limit: 100 })).records.length;
  await vendor.operate('DELETE', `/v1/organizations/${id}`);
  expect(await openPerson(deps, id, text)).toBeUndefined();
  expect((await vendor.store.auditRecords(id, { limit: 100 })).records.length).toBeGreaterThan(before);
  await vendor.close();
});
