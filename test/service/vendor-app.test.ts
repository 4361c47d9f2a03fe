/** The example vendor's app, from the click to the customer's account. */
import { until } from '../passing-clock.js';
import { startVendorApp } from '../vendor-app.js';
import { openWebClient } from '../web-client.js';

it('leads a tenant from "Connect AWS" through the page to the resources of its account', async () => {
  const { url, vendor, createRole, close } = await startVendorApp();
  const { accountId } = vendor.sandbox.createAccount();
  const shown = async (path: string) => (await fetch(url + path)).text();
  expect(await shown('/acme')).toContain('Connect AWS');

  const clicked = await fetch(`${url}/acme`, {
    method: 'POST',
    body: new URLSearchParams({ project: 'shop', accountId }),
  });
  const embedding = await clicked.text();
  expect(embedding).toContain(`<script src="${vendor.service.url}/connect.js" async>`);
  const link = (/<rolebridge-connect link="([^"]+)"/.exec(embedding)?.[1] ?? '').replaceAll('&#38;', '&');
  const browser = openWebClient(vendor.service.url);
  const opened = await browser.signInWithLink(link);
  const [, id = ''] = /connections\/(con_[a-z2-7]+)/.exec(opened.url) ?? [];
  const externalId = /rb-[a-z2-7]{48}/.exec((await browser.get(`/connections/${id}`)).text)?.[0];
  const arn = createRole(accountId, externalId);
  await browser.post(`/connections/${id}/check`, { roleArn: arn });

  await until(async () => (await shown('/acme')).includes('"status connected"'), 'the webhook');
  expect(await shown('/acme/shop')).toContain(`<code>${arn}</code>`);
  // A forged webhook changes nothing.
  const forged = JSON.stringify({ data: { connectionId: id, status: 'failed' } });
  await fetch(`${url}/hooks/rolebridge`, { method: 'POST', body: forged });
  expect(await shown('/acme')).toContain('"status connected"');
  // Another tenant has no connection: Rolebridge's answer reaches the user.
  expect(await shown('/globex/shop')).toContain('no_connection_for_target');

  await close();
}, 60_000);
