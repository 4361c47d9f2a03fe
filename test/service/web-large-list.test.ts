/** The list of an organization with more connections than a page reads. */
import { aConnection, at, intent } from '../contract/records.js';
import { startVendor, type Vendor } from '../vendor.js';
import { openWebClient, wordsOf } from '../web-client.js';

let vendor: Vendor;
beforeAll(async () => {
  vendor = await startVendor({ logLevel: 'silent' });
  const { organization, store } = vendor;
  const inserted = Array.from({ length: 5_600 }, (_, number) =>
    aConnection(organization.id, { name: `store ${number}`, createdAt: at(number) }),
  );
  await Promise.all(inserted.map((next) => store.commit({ connection: { next, ifVersion: null, intent } })));
}, 60_000);
afterAll(() => vendor.close());

test('says how many it shows, and finds the others by a part of their name', async () => {
  const browser = openWebClient(vendor.service.url);
  const list = await browser.signIn(vendor.apiKey);
  expect(wordsOf(list)).toContain('The first 5000 connections that match');
  const found = await browser.get('/connections?q=STORE+559');
  expect(wordsOf(found)).toMatch(/store 559 .*store 5599 /);
  const every = await browser.get('/connections?q=store&page=224');
  expect(wordsOf(every)).toContain('The first 5600 connections that match');
  expect(wordsOf(every)).toMatch(/store 5575 .*store 5599 /);
  expect(wordsOf(await browser.get('/connections?q=nothing+at+all'))).toContain('No connection matches');
});
