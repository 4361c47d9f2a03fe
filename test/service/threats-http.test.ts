/** Hostile and malformed requests. */
import { connect } from 'node:net';
import { rawRequest } from '../raw-request.js';
import { startVendor, type Vendor } from '../vendor.js';

let vendor: Vendor;
beforeAll(async () => {
  vendor = await startVendor({ requestTimeoutMs: 1_500 });
});
afterAll(() => vendor.close());

const raw = (...parts: (string | Buffer)[]) => rawRequest(vendor.service.url, ...parts);
const authorized = () => `Host: a\r\nAuthorization: Bearer ${vendor.apiKey}\r\n`;
const count = async () => (await vendor.call('GET', '/v1/connections?limit=100')).body.connections.length;

describe("every answer has the security headers and doesn't name the software", () => {
  it.each([
    ['GET', '/healthz'],
    ['GET', '/v1/connections'],
    ['GET', '/v1/resolve'],
    ['POST', '/v1/credentials'],
    ['POST', '/v1/callbacks'],
    ['GET', '/problems/not_found'],
    ['GET', '/nothing'],
    ['DELETE', '/v1/connections'],
    ['GET', '/v1/connections/%'],
  ])('%s %s', async (method, path) => {
    const { headers } = await fetch(vendor.service.url + path, { method });
    expect(headers.get('content-security-policy')).toBe("default-src 'none';frame-ancestors 'none'");
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    expect(headers.get('x-frame-options')).toBe('DENY');
    expect(headers.get('referrer-policy')).toBe('no-referrer');
    expect(headers.get('strict-transport-security')).toMatch(/^max-age=\d{8}/);
    expect(headers.get('cross-origin-resource-policy')).toBe('same-origin');
    expect(headers.get('access-control-allow-origin')).toBeNull();
    expect(headers.get('x-powered-by')).toBeNull();
    expect(headers.get('server')).toBeNull();
  });
});

describe('an ambiguous request is rejected and has no effect', () => {
  const body = '{"name":"smuggled"}';
  it.each([
    ['two lengths', `Content-Length: ${body.length}\r\nContent-Length: 5\r\n\r\n${body}`],
    [
      'a length and chunks',
      `Content-Length: ${body.length}\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n${body}`,
    ],
    ['chunks in an unknown coding', `Transfer-Encoding: xchunked\r\n\r\n${body}`],
    ['a space before the colon', `Content-Length : ${body.length}\r\n\r\n${body}`],
    ['a folded header', `X-A: b\r\n c\r\nContent-Length: -1\r\n\r\n${body}`],
    ['a negative length', `Content-Length: -1\r\n\r\n${body}`],
    ['a length in words', `Content-Length: ten\r\n\r\n${body}`],
    ['a bare line feed in a header', `X-A: a\nX-B: b\r\nContent-Length: x\r\n\r\n${body}`],
    ['a NUL in a header', `X-A: a\0b\r\nContent-Length: ${body.length}\r\n\r\n${body}`],
  ])('%s', async (_name, rest) => {
    const before = await count();
    const answer = await raw(
      `POST /v1/connections HTTP/1.1\r\n${authorized()}Content-Type: application/json\r\nConnection: close\r\n${rest}`,
    );
    expect(answer).toMatch(/^HTTP\/1\.1 4\d\d /);
    expect(answer.match(/HTTP\/1\.1/g)).toHaveLength(1);
    expect(await count()).toBe(before);
  });

  it('no Host header', async () => {
    expect(await raw('GET /healthz HTTP/1.1\r\nConnection: close\r\n\r\n')).toMatch(/^HTTP\/1\.1 400 /);
  });

  it('a body shorter than its length', async () => {
    const before = await count();
    const answer = await raw(
      `POST /v1/connections HTTP/1.1\r\n${authorized()}Content-Type: application/json\r\nContent-Length: 500\r\n\r\n${body}`,
    );
    expect(answer).toMatch(/^(HTTP\/1\.1 4\d\d |$)/);
    expect(await count()).toBe(before);
  });

  it("a body longer than its length isn't a second request with the rights of the first", async () => {
    const smuggled = `POST /v1/connections HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\nConnection: close\r\n\r\n${body}`;
    const before = await count();
    const answer = await raw(
      `POST /v1/connections HTTP/1.1\r\n${authorized()}Content-Type: application/json\r\nContent-Length: 2\r\n\r\n[]${smuggled}`,
    );
    expect(answer).toContain('HTTP/1.1 400 ');
    expect(answer).toContain('HTTP/1.1 401 ');
    expect(await count()).toBe(before);
  });
});

describe("headers don't change the request", () => {
  it.each([
    ['X-HTTP-Method-Override', 'DELETE'],
    ['X-HTTP-Method', 'DELETE'],
    ['X-Original-URL', '/v1/organizations'],
    ['X-Rewrite-URL', '/v1/organizations'],
    ['X-Forwarded-Prefix', '/v1'],
    ['X-External-Id', 'mine'],
    ['ExternalId', 'mine'],
  ])('%s', async (name, value) => {
    const { body: made } = await vendor.call('POST', '/v1/connections', { name: 'kept' });
    const answer = await fetch(`${vendor.service.url}/v1/connections/${made.id}`, {
      headers: { authorization: `Bearer ${vendor.apiKey}`, [name]: value },
    });
    expect([answer.status, await answer.json()]).toEqual([
      200,
      expect.objectContaining({ id: made.id, externalId: made.externalId }),
    ]);
    expect((await vendor.call('GET', `/v1/connections/${made.id}`)).status).toBe(200);
  });

  it('headers or a path over 16 kB are rejected', async () => {
    const large = 'a'.repeat(17_000);
    expect(await raw(`GET /healthz HTTP/1.1\r\nHost: a\r\nX-A: ${large}\r\n\r\n`)).toMatch(
      /^HTTP\/1\.1 431 /,
    );
    expect(await raw(`GET /v1/resolve?project=${large} HTTP/1.1\r\nHost: a\r\n\r\n`)).toMatch(
      /^HTTP\/1\.1 4\d\d /,
    );
  });

  it('a key in the query or in a cookie is ignored', async () => {
    const { url } = vendor.service;
    expect(
      (await fetch(`${url}/v1/connections?access_token=${vendor.apiKey}&key=${vendor.apiKey}`)).status,
    ).toBe(401);
    const headers = { cookie: `authorization=Bearer ${vendor.apiKey}; apiKey=${vendor.apiKey}` };
    expect((await fetch(`${url}/v1/connections`, { headers })).status).toBe(401);
  });

  it.each(['CONNECT', 'TRACE', 'OPTIONS', 'PROPFIND', 'HEAD'])(
    '%s has no effect and reveals nothing',
    async (method) => {
      const answer = await raw(
        `${method} /v1/connections HTTP/1.1\r\n${authorized()}Connection: close\r\n\r\n`,
      );
      expect(answer).not.toMatch(/^HTTP\/1\.1 5/);
      expect(answer).not.toContain(vendor.apiKey);
      expect(answer).not.toContain('con_');
    },
  );

  it('an upgrade to WebSocket or HTTP/2 is refused', async () => {
    for (const protocol of ['websocket', 'h2c']) {
      const answer = await raw(
        `GET /healthz HTTP/1.1\r\nHost: a\r\nConnection: close, Upgrade\r\nUpgrade: ${protocol}\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n`,
      );
      expect(answer).toMatch(/^HTTP\/1\.1 200 /);
    }
  });
});

describe('invalid HTTP gets a problem document, and the connection is closed', () => {
  const refused = (answer: string) => {
    const [head = '', body = ''] = answer.split('\r\n\r\n');
    return { head, problem: JSON.parse(body) };
  };
  it.each([
    ['a line that is none', 'SECRET\r\n\r\n', 400, 'request_invalid'],
    ['a method that is none', 'SECRET / HTTP/1.1\r\nHost: a\r\n\r\n', 400, 'request_invalid'],
    ['a header without a name', 'GET / HTTP/1.1\r\n: SECRET\r\n\r\n', 400, 'request_invalid'],
    ['TLS', Buffer.from([22, 3, 1, 2, 0, 1, 0, 1, 0xfc, 3, 3]), 400, 'request_invalid'],
    [
      'headers of more than 16 kB',
      `GET / HTTP/1.1\r\nHost: a\r\nX-A: SECRET${'a'.repeat(17_000)}\r\n\r\n`,
      431,
      'headers_too_large',
    ],
    ['headers that never end', 'GET / HTTP/1.1\r\nHost: a\r\nX-A: SECRET\r\n', 408, 'request_too_slow'],
    [
      'a body that never comes',
      'POST /v1/callbacks HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nSECRET',
      408,
      'request_too_slow',
    ],
    [
      'a chunk without a length',
      'POST /v1/callbacks HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nSECRET\r\n',
      400,
      'request_invalid',
    ],
  ])('%s', async (_name, sent, status, code) => {
    const answer = await raw(sent);
    const { head, problem } = refused(answer);
    expect(head).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
    expect(head).toContain('content-type: application/problem+json');
    expect(head).toContain('connection: close');
    expect(head).toContain('x-content-type-options: nosniff');
    expect(problem).toMatchObject({ status, code, remedy: expect.stringMatching(/\.$/) });
    expect(problem.type).toBe(`${vendor.service.url}/problems/${code}`);
    expect(answer).not.toContain('SECRET');
  });

  it('an earlier request gets its answer first', async () => {
    const answer = await raw('GET /readyz HTTP/1.1\r\nHost: a\r\n\r\nSECRET\r\n\r\n');
    expect(answer.match(/HTTP\/1\.1 \d\d\d/g)).toEqual(['HTTP/1.1 200', 'HTTP/1.1 400']);
    expect(answer).not.toContain('SECRET');
  });
});

describe('paths', () => {
  it.each([
    '/v1/connections/%00',
    '/v1/connections/%2e%2e',
    '/v1/connections/..%2f..%2fetc%2fpasswd',
    '/v1/connections/%ff',
    '/v1/../v1/connections/%',
    '//evil.example/v1/connections',
    '/v1/connections/con_%0d%0aset-cookie:%20a=b',
    '/V1/CONNECTIONS/__proto__',
    '/v1/connections/constructor/scopes',
    '/.git/config',
    '/.env',
    '/service/main.ts',
    '/%2e%2e/%2e%2e/etc/passwd',
  ])('%s is 4xx and not reflected in a header', async (path) => {
    const answer = await raw(`GET ${path} HTTP/1.1\r\n${authorized()}Connection: close\r\n\r\n`);
    expect(answer).toMatch(/^HTTP\/1\.1 4(00|04|05) /);
    expect(answer.split('\r\n\r\n')[0]?.toLowerCase()).not.toContain('set-cookie');
  });
});

describe('bodies', () => {
  it.each([
    ['a number too large for any machine', '{"name":1e999}'],
    ['ten thousand open brackets', '['.repeat(10_000)],
    ['a deep object', `${'{"name":'.repeat(2_000)}1${'}'.repeat(2_000)}`],
    ['a key twice, once escaped', '{"name":"a","\\u006eame":"b"}'],
    ['__proto__, escaped', '{"name":"a","\\u005f_proto__":{"polluted":true}}'],
    ['constructor.prototype', '{"name":"a","constructor":{"prototype":{"polluted":true}}}'],
    ['UTF-16', Buffer.from('{"name":"a"}', 'utf16le')],
    ['an overlong UTF-8 sequence', Buffer.from([0x7b, 0x22, 0xc0, 0xaf, 0x22, 0x3a, 0x31, 0x7d])],
    ['a byte order mark and nothing', Buffer.from([0xef, 0xbb, 0xbf])],
    ['JSON of another kind', "{name: 'a'}"],
    ['two documents', '{"name":"a"}{"name":"b"}'],
  ])('%s is 400 and pollutes no prototype', async (_name, body) => {
    const answer = await fetch(`${vendor.service.url}/v1/connections`, {
      method: 'POST',
      headers: { authorization: `Bearer ${vendor.apiKey}`, 'content-type': 'application/json' },
      body: body as string,
    });
    expect(answer.status).toBe(400);
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
  });

  it('an endless body is cut off, and others are served meanwhile', async () => {
    const { port } = new URL(vendor.service.url);
    const cut = new Promise<void>((resolve) => {
      const socket = connect(Number(port), '127.0.0.1', () =>
        socket.write(
          `POST /v1/connections HTTP/1.1\r\n${authorized()}Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n`,
        ),
      );
      const drip = setInterval(() => socket.writable && socket.write('1\r\n \r\n'), 50);
      socket.on('error', () => {});
      socket.resume().on('close', () => {
        clearInterval(drip);
        resolve();
      });
    });
    expect((await vendor.call('GET', '/v1/connections')).status).toBe(200);
    await cut;
  });
});
