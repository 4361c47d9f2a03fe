/** The API reference at /docs, for readers without an OpenAPI tool. */
import { startVendor, type Vendor } from '../vendor.js';

let vendor: Vendor;
let page: string;

beforeAll(async () => {
  vendor = await startVendor();
  const response = await fetch(`${vendor.service.url}/docs`);
  expect(response.headers.get('content-security-policy')).toContain("default-src 'none'");
  page = await response.text();
});
afterAll(() => vendor.close());

it('has every call of the OpenAPI document, with the codes of its problems', async () => {
  const response = await fetch(`${vendor.service.url}/openapi.json`);
  const document = (await response.json()) as {
    paths: Record<string, Record<string, { operationId: string }>>;
    webhooks: object;
  };
  for (const [path, methods] of Object.entries(document.paths))
    for (const [method, { operationId }] of Object.entries(methods)) {
      expect(page).toContain(`<code>${method.toUpperCase()} ${path}</code>`);
      expect(page).toContain(`id="${operationId}"`);
    }
  for (const type of Object.keys(document.webhooks)) expect(page).toContain(`id="${type}"`);
  expect(page).toContain('/problems/external_id_not_required');
});

it('shows the members of each variant of an answer, and the values of named types', () => {
  const answer = /id="getConnection"(.*?)<\/section>/s.exec(page)?.[1] ?? '';
  expect(answer.match(/<table/g)).toHaveLength(6);
  expect(answer).toMatch(/<code>roleArn<\/code>/);
  const list = /id="listConnections"(.*?)<\/section>/s.exec(page)?.[1] ?? '';
  expect(list).toContain('one of &quot;pending&quot;, &quot;connected&quot;, &quot;failed&quot;');
  expect(page).not.toContain('list of anything');
});

it('loads nothing from another site', () => {
  const addresses = [...page.matchAll(/(?:src|href|action)="([^"]*)"/g)].map((match) => match[1] ?? '');
  expect(addresses.length).toBeGreaterThan(50);
  expect(addresses.filter((address) => !/^(\/|#|data:,$)/.test(address))).toEqual([]);
});
