/** The typed client: errors, retries, and the handling of keys. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  createRolebridgeClient,
  RolebridgeApiError,
  type RolebridgeClientOptions,
  RolebridgeUnreachableError,
  ServiceUrlError,
} from '@rolebridge/client';
import { startVendor, type Vendor } from '../vendor.js';

type Answer = (request: IncomingMessage, response: ServerResponse) => void;

let server: Server;
let url: string;
let answers: Answer[];
let requests: { method: string; url: string; authorization: string | undefined }[];

beforeAll(async () => {
  server = createServer((request, response) => {
    requests.push({
      method: request.method ?? '',
      url: request.url ?? '',
      authorization: request.headers.authorization,
    });
    request.resume();
    const answer = answers.length > 1 ? answers.shift() : answers[0];
    answer?.(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
beforeEach(() => {
  requests = [];
  answers = [];
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

const client = (options: Partial<RolebridgeClientOptions> = {}) =>
  createRolebridgeClient({ url, apiKey: 'rbk_key', timeoutMs: 30_000, ...options });

const json =
  (status: number, body: object, headers: Record<string, string> = {}): Answer =>
  (_request, response) =>
    response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body));

const problem = (status: number, code: string, headers: Record<string, string> = {}) =>
  json(
    status,
    { status, code, title: 't', type: 'about:blank', detail: 'It is so.', remedy: 'Do so.' },
    headers,
  );

const thrownBy = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => undefined,
    (error: unknown) => error,
  );

const soon = { 'retry-after': '0' };

test('a problem is an error with every member of the answer', async () => {
  answers = [problem(409, 'connection_not_healthy', { 'x-request-id': 'r-1' })];
  const error = await thrownBy(client().issueCredentials({ project: 'shop' }));
  expect(error).toBeInstanceOf(RolebridgeApiError);
  expect(error).toMatchObject({
    status: 409,
    code: 'connection_not_healthy',
    detail: 'It is so.',
    remedy: 'Do so.',
    requestId: 'r-1',
    retryAfterSeconds: undefined,
    problem: { title: 't' },
  });
});

describe('retries', () => {
  const ready = json(200, { connections: [] });
  const inconclusive = problem(503, 'store_unavailable', soon);

  test('an idempotent request when the answer has Retry-After', async () => {
    answers = [inconclusive, problem(429, 'rate_limited', soon), ready];
    expect(await client().listConnections()).toEqual({ connections: [] });
    expect(requests).toHaveLength(3);
    answers = [inconclusive, json(200, { id: 'con_x' })];
    await client().verifyConnection('con_x');
    answers = [inconclusive, json(200, { accessKeyId: 'x' })];
    await client().issueCredentials();
    answers = [inconclusive, (_request, response) => response.writeHead(204).end()];
    expect(await client().deleteConnection('con_x')).toBeUndefined();
    expect(requests).toHaveLength(9);
  });

  test('not a request that would create something twice', async () => {
    answers = [inconclusive, json(201, { id: 'con_x' })];
    const error = await thrownBy(client().createConnection({ name: 'shop' }));
    expect(error).toMatchObject({ code: 'store_unavailable', retryAfterSeconds: 0 });
    expect(requests).toHaveLength(1);
  });

  test('not without Retry-After, beyond the limit, or forever', async () => {
    answers = [problem(503, 'store_unavailable'), ready];
    expect(await thrownBy(client().listConnections())).toMatchObject({ status: 503 });
    answers = [problem(503, 'store_unavailable', { 'retry-after': '31' }), ready];
    expect(await thrownBy(client().listConnections())).toMatchObject({ retryAfterSeconds: 31 });
    expect(requests).toHaveLength(2);
    answers = [inconclusive];
    expect(await thrownBy(client({ maxRetryWaitMs: 600 }).listConnections())).toMatchObject({ status: 503 });
    expect(requests.length).toBeGreaterThan(3);
  });

  test('not without an answer', async () => {
    answers = [(request) => void request.socket.destroy(), ready];
    expect(await thrownBy(client().listConnections())).toBeInstanceOf(RolebridgeUnreachableError);
    expect(requests).toHaveLength(1);
  });
});

describe('gives up', () => {
  test('after the timeout, and says that the result is unknown', async () => {
    answers = [() => undefined];
    const error = await thrownBy(client({ timeoutMs: 100 }).getReadiness());
    expect(error).toMatchObject({ reason: 'timed_out', message: expect.stringContaining('0.1 seconds') });
  });

  test('when its caller aborts, even during the wait for a retry', async () => {
    answers = [() => undefined];
    const reason = new Error('enough');
    expect(await thrownBy(client().getReadiness({ signal: AbortSignal.abort(reason) }))).toBe(reason);
    answers = [problem(503, 'store_unavailable', { 'retry-after': '20' })];
    const abort = new AbortController();
    const waiting = thrownBy(client().getReadiness({ signal: abort.signal }));
    while (requests.length === 0) await new Promise((resolve) => setTimeout(resolve, 10));
    abort.abort(reason);
    expect(await waiting).toBe(reason);
  });

  test('on a truncated answer, and on a server that is not the service', async () => {
    answers = [
      (request, response) => {
        response.writeHead(200, { 'content-length': '100' }).write('{"stat');
        setImmediate(() => request.socket.destroy());
      },
    ];
    expect(await thrownBy(client().getReadiness())).toMatchObject({ reason: 'unreachable' });
    answers = [(_request, response) => response.writeHead(502, { 'content-type': 'text/html' }).end('<h1>')];
    expect(await thrownBy(client().getReadiness())).toMatchObject({ status: 502, code: 'unexpected_answer' });
  });
});

describe('the key', () => {
  test('is not sent to redirect targets', async () => {
    answers = [(_request, response) => response.writeHead(302, { location: `${url}/elsewhere` }).end()];
    expect(await thrownBy(client().listApiKeys())).toMatchObject({ status: 302, code: 'unexpected_answer' });
    expect(requests).toEqual([{ method: 'GET', url: '/v1/api-keys', authorization: 'Bearer rbk_key' }]);
  });

  test.each([
    ['http://vendor.example', false],
    ['http://vendor.example', true],
    ['https://vendor.example', false],
    ['http://127.0.0.1.vendor.example', false],
    ['http://localhost:8080', false],
    ['http://[::1]:8080', false],
    ['ftp://vendor.example', true],
    ['vendor.example', true],
    ['https://me:password@vendor.example', true],
  ])('is sent to %s (allowHttp %s) only over a private channel', (address, allowHttp) => {
    const isFine =
      /^https:\/\/vendor|localhost|::1/.test(address) || (allowHttp && address === 'http://vendor.example');
    const make = () => createRolebridgeClient({ url: address, allowHttp });
    if (isFine) expect(make).not.toThrow();
    else expect(make).toThrow(ServiceUrlError);
    if (!isFine) expect(make).not.toThrow(/password@/);
  });
});

test("an id can't change the path, and a path of the URL is kept", async () => {
  answers = [json(200, {})];
  await createRolebridgeClient({ url: `${url}/rolebridge/` }).getConnection('../api-keys?x=1#y');
  expect(requests).toEqual([
    {
      method: 'GET',
      url: '/rolebridge/v1/connections/..%2Fapi-keys%3Fx%3D1%23y',
      authorization: undefined,
    },
  ]);
});

describe('with the running service', () => {
  let vendor: Vendor;
  beforeAll(async () => {
    vendor = await startVendor();
  });
  afterAll(() => vendor.close());

  test('all pages of connections are listed', async () => {
    const rolebridge = createRolebridgeClient({ url: vendor.service.url, apiKey: vendor.apiKey });
    const created = Array.from({ length: 120 }, (_, number) => `c${number}`);
    await Promise.all(created.map((name) => rolebridge.createConnection({ name })));
    const names: string[] = [];
    for await (const { name } of rolebridge.connections()) names.push(name);
    expect(new Set(names).size).toBe(120);
    const { connections, next } = await rolebridge.listConnections({ limit: 7, status: 'pending' });
    expect([connections.length, next]).toEqual([7, connections[6]?.id]);
  });
});
