/**
 * A process dies between any two writes of any operation that changes something, as the table has them: an
 * `Idempotency-Key` is answered afterwards, and what was half done is completed by the same request.
 */
import { createOperatorOrganization } from '../../service/actions/operator-tokens.js';
import { createsSomething, type Example, type Operation } from '../../service/api/operation.js';
import { operations } from '../../service/api/operations.js';
import type { OrganizationId } from '../../service/domain/ids.js';
import { keysOf } from '../../service/domain/keys-of.js';
import type { Backend } from '../../service/records/backend.js';
import { createRecordStore, type RecordStore } from '../../service/records/record-store.js';
import { type TableName, tableNames, tables } from '../../service/records/tables.js';
import { systemClock } from '../../service/server/wiring.js';
import { createMapBackend } from '../contract/map-backend.js';
import { dyingStore } from '../dying-store.js';
import { kindFor, makeExampleWorld, startExampleVendor } from '../example-world.js';

type World = Awaited<ReturnType<typeof makeExampleWorld>>;
interface Case {
  readonly id: string;
  readonly name: string;
  readonly operation: Operation;
  readonly example: Example;
}
type Answered = readonly [result: number | string, body: Record<string, unknown>];

let nowMs = Date.now();
let store: RecordStore;
let vendor: Awaited<ReturnType<typeof startExampleVendor>>;
beforeAll(async () => {
  store = createRecordStore(createMapBackend());
  vendor = await startExampleVendor({
    store,
    clock: { now: () => nowMs, sleep: systemClock.sleep },
    rateLimits: { key: 0, callbacks: 0, connection: 0, verifications: 0, address: 0, organization: 0 },
  });
  await createOperatorOrganization({ store, clock: systemClock });
});
/** A process that is dead holds its requests until it is closed by force: all of them at once. */
const processes: { close(): Promise<void> }[] = [];
afterAll(async () => {
  await Promise.all(processes.map((each) => each.close()));
  await vendor.close();
});

const changing: [string, Case][] = Object.entries<Operation>(operations)
  .filter(([, { method, readsOnly }]) => method !== 'get' && readsOnly !== true)
  .flatMap(([id, operation]) =>
    Object.entries(operation.examples)
      .filter(([, { returns }]) => typeof returns === 'number')
      .map(([name, example]): [string, Case] => [`${id}: ${name}`, { id, name, operation, example }]),
  );

/** A reference that a world before this one took. */
const taken = '"reference":"tenant-4712"';
const fresh = ({ organizationId }: World) => `"reference":"tenant-${organizationId.slice(4)}"`;

async function send(
  url: string,
  { id, operation, example }: Case,
  world: World,
  { key, signal = null }: { key?: string | undefined; signal?: AbortSignal | null } = {},
): Promise<Answered> {
  if (id === 'registerAccount') world.renewProof(nowMs);
  const query = example.query ? `?${new URLSearchParams(example.query)}` : '';
  const path = operation.path.replace(/\{(\w+)\}/g, (_, part) =>
    // The organization of the examples is empty.
    id === 'eraseOrganization' ? world.organizationId : (example.path?.[part] ?? ''),
  );
  const body =
    example.body === undefined
      ? undefined
      : world.put(JSON.stringify(example.body)).replaceAll(taken, fresh(world));
  const response = await fetch(url + world.put(path + query), {
    method: operation.method.toUpperCase(),
    signal,
    headers: {
      ...world.credentials(id, operation.auth, body, nowMs),
      ...(body !== undefined && { 'content-type': 'application/json' }),
      ...(key !== undefined && { 'idempotency-key': key }),
    },
    ...(body !== undefined && { body }),
  });
  const text = await response.text();
  const value = text.startsWith('{') ? JSON.parse(text) : {};
  return [response.ok ? response.status : value.code, value];
}

/** The request reaches a process that dies at its write `at`. */
async function cutOff(asked: Case, world: World, at: number, isStored: boolean, key?: string): Promise<void> {
  const { dying, died } = dyingStore(store, at, isStored);
  const other = await vendor.startAnother({ store: dying, publicUrl: vendor.service.url });
  processes.push(other);
  const client = new AbortController();
  const lost = send(other.url, asked, world, { key, signal: client.signal }).catch(() => 'lost');
  await Promise.race([died, lost]);
  client.abort();
  await lost;
}

/** An undisturbed request: its writes. */
async function writesOf(asked: Case, world: World, key?: string): Promise<string[]> {
  const { dying, written } = dyingStore(store);
  const other = await vendor.startAnother({ store: dying, publicUrl: vendor.service.url });
  processes.push(other);
  expect(await send(other.url, asked, world, { key })).toEqual([
    asked.example.returns,
    expect.not.objectContaining({ status: 401 }),
  ]);
  return written;
}

/** Before each write, and after the last: after one is before the next. */
const crashes = (writes: readonly string[]): [number, boolean][] => [
  ...writes.map((_, index): [number, boolean] => [index + 1, false]),
  [writes.length, true],
];

const rowsOf = (backend: Backend, table: TableName, organizationId?: OrganizationId) =>
  backend.list(table, { order: keysOf(tables[table].orders)[0] as never, organizationId, limit: 1_000_000 });

describe('the same request completes what was half done after a crash in', () => {
  const changedByRepeating = ['messages', 'reports', 'runningChecks', 'retiredExternalIds', 'idempotency'];
  /** How many rows of each kind the organization has, and the states of its connections. */
  const shape = async ({ organizationId }: World) => {
    const counted = tableNames.filter((name) => !changedByRepeating.includes(name));
    const counts = await Promise.all(
      counted.map(async (name) => [name, (await rowsOf(store.backend, name, organizationId)).length]),
    );
    const { connections } = await store.connections(organizationId, { limit: 100 });
    return {
      counts,
      connections: connections
        .map(({ status, name, scopes }) =>
          JSON.stringify([status, name.replace(/\d{12}/, 'ACCOUNT'), scopes]),
        )
        .sort(),
    };
  };
  /** It was done already. */
  const done = /^(404|connection_not_found|organization_not_found|\w+_not_found|not_found|scope_taken)$/;

  const repeated = changing.filter(
    // Its own test is reencrypt-crash.test.ts.
    ([, { id, operation }]) => !createsSomething(operation) && id !== 'reencrypt',
  );

  test.each(repeated)('%s', async (_, asked) => {
    const kind = kindFor(asked.id, asked.name);
    const undisturbed = await makeExampleWorld(vendor, kind);
    const writes = await writesOf(asked, undisturbed);
    const wanted = await shape(undisturbed);
    for (const [at, isStored] of crashes(writes)) {
      const what = `${writes[at - 1]} (${at} of ${writes.length}), stored: ${isStored}`;
      const world = await makeExampleWorld(vendor, kind);
      await cutOff(asked, world, at, isStored);
      const [result] = await send(vendor.service.url, asked, world);
      const isDone = asked.operation.method === 'delete' && done.test(String(result));
      expect([what, isDone || result]).toEqual([what, isDone || asked.example.returns]);
      expect([what, await shape(world)]).toEqual([what, wanted]);
    }
  });
});

describe('an Idempotency-Key is answered, and nothing is created twice, after a crash in', () => {
  const created = async () => {
    const counted = tableNames.filter((name) => !['answeredRequests', 'jobs', 'messages'].includes(name));
    const rows = await Promise.all(counted.map((name) => rowsOf(store.backend, name)));
    return rows.flat().length;
  };

  test.each(changing.filter(([, { operation }]) => createsSomething(operation)))('%s', async (_, asked) => {
    const kind = kindFor(asked.id, asked.name);
    const undisturbed = await makeExampleWorld(vendor, kind);
    const before = await created();
    const writes = await writesOf(asked, undisturbed, `${asked.name}-undisturbed`);
    const added = (await created()) - before;
    const answers = new Set<number | string>();
    for (const [at, isStored] of crashes(writes)) {
      const what = `${writes[at - 1]} (${at} of ${writes.length}), stored: ${isStored}`;
      const world = await makeExampleWorld(vendor, kind);
      const had = await created();
      // The operator's keys are those of one credential.
      const key = `${asked.name}-${at}-${isStored}`;
      await cutOff(asked, world, at, isStored, key);
      nowMs += 91_000;
      const first = await send(vendor.service.url, asked, world, { key });
      const again = await send(vendor.service.url, asked, world, { key });
      answers.add(first[0]);
      const has = (await created()) - had;
      if (first[0] === 201) expect([what, has, again]).toEqual([what, added, first]);
      else if (first[0] === 'secret_no_longer_available')
        // It was done, and the answer says what was created.
        expect([what, has, first[1]]).toEqual([what, added, expect.objectContaining(createdIn(asked))]);
      else {
        expect([what, first]).toEqual([
          what,
          ['request_outcome_unknown', expect.objectContaining({ requestId: expect.any(String) })],
        ]);
        expect([what, [0, added].includes(has)]).toEqual([what, true]);
      }
      expect([what, again[0]]).toEqual([what, first[0]]);
    }
    expect(answers).toContain(201);
  });

  const createdIn = ({ id }: Case) => (id === 'createSetupCode' ? {} : { createdId: expect.any(String) });
});
