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

const sectionOf = (id: string) => new RegExp(`id="${id}"(.*?)</section>`, 's').exec(page)?.[1] ?? '';

it('shows each object once, and links to it where it is used', () => {
  expect(sectionOf('getConnection')).toContain('href="#Connection"');
  expect(sectionOf('Connection')).toContain('href="#RoleConnection"');
  expect(sectionOf('RoleConnection')).toContain('href="#ConnectedConnection"');
  expect(sectionOf('ConnectedConnection')).toMatch(/<code>roleArn<\/code>/);
  expect(sectionOf('listConnections')).toContain('href="#ConnectionStatus"');
  expect(sectionOf('ConnectionStatus')).toContain('one of &quot;pending&quot;, &quot;connected&quot;');
  const links = [...page.matchAll(/href="#([A-Z]\w+)"/g)].map(([, id]) => id);
  expect([...new Set(links)].filter((id) => !page.includes(`<h2 id="${id}"`))).toEqual([]);
  expect(page).not.toContain('list of anything');
  // 538 kB with the members in each call.
  expect(page.length).toBeLessThan(300_000);
});

it('loads nothing from another site', () => {
  const addresses = [...page.matchAll(/(?:src|href|action)="([^"]*)"/g)].map((match) => match[1] ?? '');
  expect(addresses.length).toBeGreaterThan(50);
  expect(addresses.filter((address) => !/^(\/|#|data:,$)/.test(address))).toEqual([]);
});
