/** The pages of each kind of link: titles are headings, and no link or button is one that the session can't use. */
import { fillWithEveryState } from '../demo/open.js';
import { startVendor, type Vendor } from '../vendor.js';
import { openWebClient, type WebClient } from '../web-client.js';

let vendor: Vendor;
let ids: Map<string, string>;
beforeAll(async () => {
  vendor = await startVendor({ propagationWindowMs: 0 });
  await fillWithEveryState(vendor);
  const { connections } = (await vendor.call('GET', '/v1/connections?limit=100')).body;
  ids = new Map(connections.map(({ name, id }: { name: string; id: string }) => [name, id]));
});
afterAll(() => vendor.close());

const decoded = (text: string) => text.replaceAll('&amp;', '&').replaceAll('&quot;', '"');

/** The pages that links lead to, from this one on, and the forms on them. */
async function crawl(browser: WebClient, start: string) {
  const pages = new Map<string, number>();
  const forms = new Map<string, Record<string, string>>();
  const waiting = [start];
  for (let path = waiting.shift(); path !== undefined; path = waiting.shift()) {
    const address = path.replace(/#.*/, '');
    if (pages.has(address)) continue;
    const { status, text } = await browser.get(address);
    pages.set(address, status);
    expect([address, /<title>([^<]*) · /.exec(text)?.[1]]).toEqual([
      address,
      /<h1[^>]*>([^<]*)/.exec(text)?.[1],
    ]);
    for (const [, href = ''] of text.matchAll(/<a [^>]*href="(\/[^"]*)"/g)) waiting.push(decoded(href));
    for (const [, action = '', body = ''] of text.matchAll(
      /<form method="post" action="([^"]+)"[^>]*>([\s\S]*?)<\/form>/g,
    )) {
      const hidden = [...body.matchAll(/type="hidden" name="([^"]+)" value="([^"]*)"/g)];
      forms.set(
        action,
        Object.fromEntries(hidden.map(([, name = '', value = '']) => [name, decoded(value)])),
      );
    }
  }
  return { pages, forms };
}

const refused = (found: Iterable<readonly [string, number]>) =>
  [...found].filter(([, status]) => status === 403 || status === 404 || status >= 500);

const everything = 'all connections';
const kinds = [everything, 'shop production', 'warehouse', 'staging', 'legacy reports', 'old shop'].flatMap(
  (name) => ['read', 'connect', 'manage'].map((access) => [name, access] as const),
);

test.each(kinds)('%s, to %s', async (name, access) => {
  const connectionId = ids.get(name);
  const { body } = await vendor.call('POST', '/v1/sign-in-links', { access, connectionId });
  const browser = openWebClient(vendor.service.url);
  const first = await browser.signInWithLink(body.url.slice(vendor.service.url.length));
  const { pages, forms } = await crawl(browser, first.url);
  expect(refused(pages)).toEqual([]);
  expect(pages.size).toBeGreaterThan(name === everything ? 10 : 1);

  const answers: [string, number][] = [];
  // Input is incomplete on purpose: it can be invalid, but never forbidden.
  for (const [action, { csrf: _token, ...fields }] of forms)
    if (!/\/(sign-out|delete|external-id|migrate-to-role)$/.test(action)) {
      await browser.get(first.url);
      answers.push([action, (await browser.post(action, fields)).status]);
    }
  expect(refused(answers)).toEqual([]);
});
