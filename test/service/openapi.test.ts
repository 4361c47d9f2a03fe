/** `/openapi.json` describes the service: every route is in it. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { errorsOf, type Operation } from '../../service/api/operation.js';
import { operations } from '../../service/api/operations.js';
import { errorCodes } from '../../service/domain/error-catalog/index.js';
import { clientApi } from '../docs/client-api.js';
import { startVendor, type Vendor } from '../vendor.js';

let vendor: Vendor;
// biome-ignore lint/suspicious/noExplicitAny: read member by member.
let document: any;

beforeAll(async () => {
  vendor = await startVendor({ publicUrl: 'https://connect.vendor.example' });
  document = await (await fetch(`${vendor.service.url}/openapi.json`)).json();
});
afterAll(() => vendor.close());

describe('/openapi.json', () => {
  test('is valid OpenAPI 3.1', () => {
    const folder = mkdtempSync(join(tmpdir(), 'rolebridge-openapi-'));
    const file = join(folder, 'openapi.json');
    writeFileSync(file, JSON.stringify(document));
    // The validator is an ES module, which jest can't load: so by its command, which fails when the document does.
    const shown = execFileSync('node_modules/.bin/validate-api', [file], { encoding: 'utf8' });
    rmSync(folder, { recursive: true });
    expect(shown).toContain('"valid": true');
    expect(document.openapi).toBe('3.1.0');
    expect(document.servers).toEqual([{ url: 'https://connect.vendor.example' }]);
  });

  test('needs no key, is cacheable, and supports conditional requests', async () => {
    const url = `${vendor.service.url}/openapi.json`;
    const first = await fetch(url);
    expect([first.status, first.headers.get('cache-control')]).toEqual([200, 'public, max-age=300']);
    const again = await fetch(url, { headers: { 'if-none-match': first.headers.get('etag') ?? '' } });
    expect([again.status, await again.text()]).toEqual([304, '']);
    expect((await fetch(url, { method: 'POST' })).status).toBe(405);
  });

  test('has exactly the operations', () => {
    const documented = Object.entries(document.paths).flatMap(([path, methods]) =>
      Object.keys(methods as object).map((method) => `${method} ${path}`),
    );
    const called = Object.values<Operation>(operations).map(({ method, path }) => `${method} ${path}`);
    expect(documented.sort()).toEqual(called.sort());
  });

  test('matches the generated client', () => {
    const generated = execFileSync('node_modules/.bin/biome', ['format', '--stdin-file-path=client/api.ts'], {
      input: clientApi(),
      encoding: 'utf8',
    });
    expect(readFileSync('client/api.ts', 'utf8')).toBe(generated);
  });

  test('names each error code with its status', () => {
    const named = new Set(Object.values<Operation>(operations).flatMap(errorsOf));
    // Errors of invalid requests, unknown paths, the audit log and the site's forms.
    const elsewhere = [
      'request_too_slow',
      'headers_too_large',
      'not_found',
      'method_not_allowed',
      'access_not_ended',
      'form_refused',
      'session_ended',
      'sign_in_link_invalid',
    ];
    expect(errorCodes.filter((code) => !named.has(code) && !elsewhere.includes(code))).toEqual([]);
  });

  test('documents security, problems and Retry-After of each call', () => {
    for (const [path, methods] of Object.entries(document.paths))
      for (const [method, operation] of Object.entries<{ security: unknown; responses: object }>(
        methods as Record<string, never>,
      )) {
        expect([path, method, operation.security]).toEqual([path, method, expect.any(Array)]);
        for (const status of ['400', '500', '503'])
          if (!path.endsWith('callbacks')) expect(operation.responses).toHaveProperty(status);
        expect(operation.responses).toHaveProperty('503.headers.retry-after');
      }
  });
});
