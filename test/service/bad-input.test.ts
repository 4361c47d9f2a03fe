/**
 * Bad input by family for each path, query, header and body member of every operation, derived from its declaration: it
 * is refused with a problem that names the member, and changes nothing. A new operation is in it by being in the table.
 */
import { createHash } from 'node:crypto';
import { Agent } from 'node:http';
import type { Operation } from '../../service/api/operation.js';
import { operations } from '../../service/api/operations.js';
import { readContract } from '../api-contract.js';
import { badHeaders } from '../bad-input/headers.js';
import { type BadRequest, badRequestsOf, placesOf } from '../bad-input/requests.js';
import { type ExactAnswer, exactRequest } from '../exact-request.js';
import { metricsToken, startExampleWorld } from '../example-world.js';

type World = Awaited<ReturnType<typeof startExampleWorld>>;

/** A request without an answer by then fails: the service waits for something. */
const timeoutMs = 20_000;
const longestAnswer = 64 * 1024;
const noLimit = { key: 0, callbacks: 0, connection: 0, verifications: 0, address: 0, organization: 0 };

let world: World;
let contract: ReturnType<typeof readContract>;
let others: string[];
const agent = new Agent({ keepAlive: true, maxSockets: 8 });

beforeAll(async () => {
  world = await startExampleWorld('connected', {
    rateLimits: noLimit,
    metricsTokenHash: createHash('sha256').update(metricsToken).digest('hex'),
  });
  const { vendor } = world;
  contract = readContract(await (await fetch(`${vendor.service.url}/openapi.json`)).json());
  others = await makeStranger(vendor);
});
afterAll(async () => {
  agent.destroy();
  await world.close();
});

/** Another organization with one of everything. @returns their ids */
async function makeStranger({ service, call }: World['vendor']): Promise<string[]> {
  const { organization, apiKey } = await service.createOrganization('stranger');
  const make = async (path: string, body: object) =>
    (await call('POST', path, body, apiKey)).body.id as string;
  const { body: audit } = await call('GET', '/v1/audit', undefined, apiKey);
  return [
    organization.id,
    audit.records[0]?.id ?? '',
    await make('/v1/connections', { name: 'theirs', scope: { project: 'shop' } }),
    await make('/v1/api-keys', { name: 'theirs' }),
    await make('/v1/sign-in-links', {}),
    await make('/v1/enrollments', { name: 'theirs' }),
    await make('/v1/webhook-endpoints', { url: 'https://hooks.stranger.example/' }),
  ].filter((id) => id !== '');
}

const table = Object.entries<Operation>(operations);

test.each(table)('%s refuses bad input', async (id, operation) => {
  const before = await snapshot();
  const requests = badRequestsOf(operation, { others, put: world.put });
  const faults = (await Promise.all(requests.map((bad) => faultOf(id, operation, bad)))).flatMap(
    (fault) => fault ?? [],
  );
  expect(faults).toEqual([]);
  expect(await snapshot()).toEqual(before);
  const tried = new Set(requests.map(({ at }) => at));
  expect(placesOf(operation).filter((at) => !tried.has(at))).toEqual([]);
});

test.each(badHeaders['rolebridge-organization'] ?? [])(
  'an operator names the organization badly: %s',
  async (_, organization) => {
    const answer = await exactRequest(world.vendor.service.url, {
      agent,
      method: 'get',
      path: '/v1/connections',
      headers: {
        authorization: `Bearer ${world.secrets.operatorToken}`,
        'rolebridge-organization': organization ?? '',
      },
      body: undefined,
      timeoutMs,
    });
    const { code } = JSON.parse(answer.text);
    expect([[400, 404].includes(answer.status), answer.type]).toEqual([true, 'application/problem+json']);
    expect(['request_invalid', 'organization_not_found']).toContain(code);
  },
);

async function faultOf(id: string, operation: Operation, bad: BadRequest): Promise<string | undefined> {
  const answer = await send(id, operation, bad);
  const what = `${bad.family} at ${bad.at}: ${String(bad.body ?? bad.path).slice(0, 200)}`;
  const said = `${answer.status} ${answer.text.slice(0, 300)}`;
  if (answer.text.length > longestAnswer) return `${what}: an answer of ${answer.text.length} bytes`;
  if (/\bat .{1,200}:\d+:\d+|node_modules/.test(answer.text)) return `${what}: a stack in ${said}`;
  const shown = [...Object.values(world.secrets), bad.secret].find((one) => one && answer.text.includes(one));
  if (shown !== undefined) return `${what}: a secret in ${said}`;
  if (bad.unknown && bad.ids) {
    const other = await send(id, operation, bad.unknown);
    const [mine, unknown] = [
      answer.text.replaceAll(bad.ids[0], 'ID'),
      other.text.replaceAll(bad.ids[1], 'ID'),
    ];
    // A page of the caller's own things may begin at another place.
    const isTold = answer.status < 400 ? answer.text.includes(bad.ids[0]) : mine !== unknown;
    if (answer.status !== other.status || isTold)
      return `${what}: ${said}, but about what is not there ${other.status} ${other.text.slice(0, 300)}`;
  }
  // A list may be empty for both.
  if ((bad.mayBeTaken || bad.unknown) && answer.status < 400) return undefined;
  if (answer.status < 400 || answer.status > 499) return `${what}: ${said}`;
  if (answer.type !== 'application/problem+json') return `${what}: ${answer.type} ${said}`;
  const problem = JSON.parse(answer.text);
  const method = operation.method.toUpperCase();
  // An id with a separator or none at all is another path.
  const isPath = problem.code === 'not_found' || problem.code === 'method_not_allowed';
  const fault = contract.faultOf(method, operation.path.replace(/\{\w+\}/g, 'x'), {
    status: answer.status,
    body: problem,
  });
  if (fault !== undefined && !isPath) return `${what}: ${fault}`;
  if (problem.code !== 'request_invalid') return undefined;
  const places = (problem.errors ?? []).map(({ at }: { at: string }) => at);
  const names = places.some(
    (at: string) => at === bad.at || bad.at.startsWith(`${at}.`) || at.startsWith(`${bad.at}.`),
  );
  return names ? undefined : `${what}: errors name ${JSON.stringify(places)}, ${said}`;
}

function send(id: string, operation: Operation, bad: Omit<BadRequest, 'unknown'>): Promise<ExactAnswer> {
  const headers = Object.entries({
    ...(bad.body !== undefined && { 'content-type': 'application/json' }),
    ...world.credentials(id, operation.auth, String(bad.body ?? '')),
    ...bad.headers,
  }).flatMap(([name, value]) => (value === undefined ? [] : [[name, value] as const]));
  return exactRequest(world.vendor.service.url, {
    agent,
    method: operation.method,
    path: bad.path,
    headers: Object.fromEntries(headers),
    body: bad.body,
    timeoutMs,
  });
}

/** All that both organizations have, secrets and hashes too, but for marks of use. */
async function snapshot(): Promise<string[]> {
  const { store } = world.vendor;
  const kinds = ['web_session', 'sign_in_link', 'enrollment', 'setup_code', 'operator_token'] as const;
  const { organizations } = await store.organizations({ limit: 100 });
  const rows: unknown[] = [...organizations];
  for (const { id } of organizations) {
    rows.push(
      ...(await store.apiKeys(id)),
      ...(await store.projects(id)),
      ...(await store.webhookEndpoints(id)),
    );
    rows.push(...(await store.connections(id, { limit: 1_000 })).connections);
    for (const kind of kinds) rows.push(...(await store.tokensOf(id, kind)));
  }
  return rows.map((row) => JSON.stringify(row, (name, value) => (name === 'lastUsedAt' ? undefined : value)));
}
