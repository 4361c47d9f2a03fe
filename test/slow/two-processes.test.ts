/** Two service processes on one PostgreSQL, asked at once; `npm run faults -- races` plays a thousand rounds of each. */
import { randomBytes } from 'node:crypto';
import { cpSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openPermissionSets } from '../../service/permission-sets/index.js';
import { openPostgresStore } from '../../service/records/open.js';
import { storedFacts } from '../../service/records/stored-facts.js';
import { type PostgresDatabase, sharedPostgres } from '../postgres/index.js';
import { type Race, type Racers, races } from '../postgres/races.js';
import { startVendorOnDatabase } from '../postgres/service-processes.js';

const rounds = 8;

let server: PostgresDatabase;
let vendor: Racers['vendor'];
let racers: Racers;
beforeAll(async () => {
  server = await sharedPostgres();
  vendor = await startVendorOnDatabase(await server.newSchema());
  // At once: both find an empty database.
  const [one, two] = await Promise.all([vendor.startProcess(), vendor.startProcess()]);
  racers = { vendor, one, two };
}, 60_000);
afterAll(async () => {
  await vendor?.close();
});

test.each<[string, Race]>([
  ['the same callback has one effect, and the same answer from both', 'sameCallback'],
  ["a role that two organizations claim belongs to one, which the other doesn't learn", 'oneRole'],
  ['a scope that two connections are given is one connection’s', 'oneScope'],
  ['a scope that two connections are made with is one connection’s', 'takenScope'],
  ['of two changes of a connection, none is lost in silence', 'oneVersion'],
])('%s', async (_, race) => {
  for (let round = 0; round < rounds; round++) await races[race](racers);
});

test('of two concurrent starts with different keys of one id, one is rejected', async () => {
  const database = await server.newSchema();
  const started = await startVendorOnDatabase(database);
  const key = () => ({ ROLEBRIDGE_SERVICE_KEYS: `k1:${randomBytes(32).toString('base64')}` });
  // Both find an empty database.
  const outcomes = await Promise.allSettled([started.startProcess(key()), started.startProcess(key())]);
  await started.close();
  const refused = outcomes.filter((outcome) => outcome.status === 'rejected');
  expect(refused.map(({ reason }) => String(reason))).toEqual([
    expect.stringMatching(/the key "k1" is not the key "k1"|another service key of the name "k1"/),
  ]);
});

test('of two concurrent starts with different files of one permission set, one is rejected', async () => {
  const url = await server.newSchema();
  await openPostgresStore({ url }).then((store) => store.close());
  const served = () =>
    storedFacts({ dataDirectory: '', database: { url, maxSessions: 1 } }, 'served-permission-sets');
  const folders = ['one', 'two'].map((title) => {
    const folder = mkdtempSync(join(tmpdir(), 'rolebridge-sets-'));
    cpSync('examples/permission-sets', folder, { recursive: true });
    const file = join(folder, 'deploy@1.json');
    writeFileSync(file, JSON.stringify({ ...JSON.parse(readFileSync(file, 'utf8')), title }));
    return folder;
  });
  const outcomes = await Promise.allSettled(folders.map((folder) => openPermissionSets(folder, served())));
  const refused = outcomes.filter((outcome) => outcome.status === 'rejected');
  expect(refused.map(({ reason }) => String(reason))).toEqual([
    expect.stringContaining('deploy@1.json: was changed after it was served'),
  ]);
});

test('a key that one process revokes is immediately rejected by the other', async () => {
  const { vendor, one, two } = racers;
  const organization = await vendor.organization(one);
  const { body: made } = await organization.call(one, 'POST', '/v1/api-keys', { name: 'ci' });
  const ci = { authorization: `Bearer ${made.apiKey}` };
  const status = async () => (await fetch(`${two.url}/v1/connections`, { headers: ci })).status;
  expect(await status()).toBe(200);
  await organization.call(one, 'DELETE', `/v1/api-keys/${made.id}`);
  expect(await status()).toBe(401);
});
