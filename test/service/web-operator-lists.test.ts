/** The lists of the operator's page: their order and pages, and the audit log. */
import { systemClock } from '../../service/index.js';
import { decoded } from '../forms.js';
import { connectIn, type OperatedVendor, startOperator } from '../operator.js';
import { callApi } from '../vendor.js';
import { openWebClient, type WebPage, wordsOf } from '../web-client.js';

let vendor: OperatedVendor;
let aheadMs = 0;
beforeAll(async () => {
  const clock = { now: () => Date.now() + aheadMs, sleep: systemClock.sleep };
  vendor = await startOperator({ clock, propagationWindowMs: 0 });
});
afterAll(() => vendor.close());

async function signedIn() {
  const browser = openWebClient(vendor.service.url);
  await browser.get('/operator/sign-in');
  const page = await browser.post('/operator/sign-in', { token: vendor.token });
  return { browser, page };
}

test('shows the oldest check, and the list in the order of the last checks', async () => {
  await connectIn(vendor, 'Hooli', 'checked-first', true);
  aheadMs = 3 * 3_600_000;
  await connectIn(vendor, 'Hooli two', 'checked-later', true);
  const { browser, page } = await signedIn();
  expect(wordsOf(page)).toMatch(/Oldest check 3 h Target: 60 min/);
  const sorted = await browser.get('/operator?status=connected&sort=checked');
  const names = [...sorted.text.matchAll(/<a class="row-link"[^>]*>([^<]+)/g)].map(([, name]) => name);
  expect(names.indexOf('checked-first')).toBeLessThan(names.indexOf('checked-later'));
  expect(sorted.text).toContain('aria-sort="ascending"');
});

test('goes forward and back through the pages of a list', async () => {
  const { apiKey } = await vendor.service.createOrganization('Many');
  for (let number = 0; number < 60; number++)
    await callApi(vendor.service.url, apiKey, 'POST', '/v1/connections', { name: `many-${number}` });
  const { browser } = await signedIn();
  const namesOn = ({ text }: WebPage) => [...text.matchAll(/many-\d+/g)].map(([name]) => name);
  const follow = async (page: WebPage, rel: string) => {
    const href = new RegExp(`href="([^"]+)" rel="${rel}"`).exec(page.text)?.[1];
    return href === undefined ? undefined : browser.get(decoded(href));
  };
  const first = await browser.get('/operator?q=many-');
  const second = await follow(first, 'next');
  const third = second && (await follow(second, 'next'));
  const back = third && (await follow(third, 'prev'));
  const start = back && (await follow(back, 'prev'));
  expect([await follow(first, 'prev'), third && (await follow(third, 'next'))]).toEqual([
    undefined,
    undefined,
  ]);
  expect([first, second, third].flatMap((page) => (page ? [...new Set(namesOn(page))] : []))).toHaveLength(
    60,
  );
  expect(back && namesOn(back)).toEqual(second && namesOn(second));
  expect(start && namesOn(start)).toEqual(namesOn(first));
});

test('shows a connection that an address names, also behind the first 100', async () => {
  const { organization, apiKey } = await vendor.service.createOrganization('Massive');
  const create = async (_: unknown, number: number): Promise<string> => {
    const made = { name: `massive-${number}` };
    return (await callApi(vendor.service.url, apiKey, 'POST', '/v1/connections', made)).body.id;
  };
  const ids = await Promise.all(Array.from({ length: 102 }, create));
  const { browser } = await signedIn();
  const path = `/operator/organizations/${organization.id}`;
  const first = await browser.get(path);
  const hidden = ids.filter((id) => !first.text.includes(`id="${id}"`));
  expect(hidden).toHaveLength(2);
  for (const id of hidden)
    expect((await browser.get(`${path}?connection=${id}`)).text).toContain(`<tr role="row" id="${id}">`);
});

test('downloads the whole list from any of its pages', async () => {
  const { browser } = await signedIn();
  const whole = (await browser.get('/operator/connections.csv')).text;
  const [id] = /con_[a-z0-9]+/.exec(whole) ?? [];
  for (const cursor of ['before', 'after'])
    expect((await browser.get(`/operator/connections.csv?${cursor}=${id}`)).text).toBe(whole);
});

test('shows the audit log of all organizations, of one and of a connection', async () => {
  const { id } = await connectIn(vendor, 'Soylent', 'green', false);
  const { browser } = await signedIn();
  const every = await browser.get('/operator/audit');
  expect(wordsOf(every)).toMatch(
    /Audit log.*Checked Rejected: The role can be assumed without the external ID Soylent green API key/,
  );
  const organizationId = /organizations\/(org_[a-z0-9]+)">Soylent/.exec(every.text)?.[1];
  const own = await browser.get(`/operator/organizations/${organizationId}/audit`);
  expect(wordsOf(own)).toMatch(/Soylent.*Organization created/);
  expect(wordsOf(own)).not.toContain('many-');
  const one = await browser.get(`/operator/organizations/${organizationId}/audit?connection=${id}`);
  expect(wordsOf(one)).toMatch(/of one connection.*Checked.*Created/);
  expect(wordsOf(one)).not.toContain('Organization created');
  const older = /href="([^"]+)" rel="next"/.exec(every.text)?.[1];
  const second = await browser.get(decoded(older ?? ''));
  expect([second.status, wordsOf(second).includes('Newest records')]).toEqual([200, true]);
});
