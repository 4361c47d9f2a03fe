/** The meaning of each code, its confirmation and its fix: served by the service, and in docs/troubleshooting.md. */
import { readFileSync } from 'node:fs';
import { errorCodes } from '../../service/domain/error-catalog/index.js';
import { troubleshootingPage } from '../docs/troubleshooting.js';
import { startVendor, type Vendor } from '../vendor.js';

let vendor: Vendor;
beforeAll(async () => {
  vendor = await startVendor();
});
afterAll(() => vendor.close());

it('the troubleshooting page matches `npm run docs`', () => {
  expect(readFileSync('docs/troubleshooting.md', 'utf8')).toBe(troubleshootingPage());
});

describe('each code has an entry in the troubleshooting page and a separate page', () => {
  const page = readFileSync('docs/troubleshooting.md', 'utf8');
  it.each(errorCodes)('%s', async (code) => {
    expect(page).toContain(`\n### ${code}\n`);
    const url = `${vendor.service.url}/problems/${code}`;
    const json = await fetch(url);
    expect([json.status, json.headers.get('content-type')]).toEqual([200, 'application/json']);
    expect(await json.json()).toEqual({
      type: url,
      code,
      status: expect.any(Number),
      title: expect.stringMatching(/\S/),
      meaning: expect.stringMatching(/\.$/),
      see: expect.stringMatching(/\S.{20}/),
      fix: expect.stringMatching(/\.$/),
    });
    const html = await fetch(url, { headers: { accept: 'text/html,*/*;q=0.8' } });
    expect(html.headers.get('content-type')).toBe('text/html; charset=utf-8');
    const text = await html.text();
    expect(text).toContain(`<code>${code}</code>`);
    // As the rest of the site.
    expect(text).toMatch(/<link rel="stylesheet" href="\/assets\/page\.\w+\.css"/);
    expect(html.headers.get('content-security-policy')).toMatch(/^default-src 'none'; style-src 'self';/);
  });
});

it('every problem links to the page of its code', async () => {
  const { body } = await vendor.call('GET', '/v1/connections/con_none');
  expect(body.type).toBe(`${vendor.service.url}/problems/connection_not_found`);
  expect(await (await fetch(body.type)).json()).toMatchObject({ code: body.code });
});

it('an unknown code or a path is 404', async () => {
  for (const code of ['nothing', '__proto__', 'constructor', 'not_found%00'])
    expect((await fetch(`${vendor.service.url}/problems/${code}`)).status).toBe(404);
});
