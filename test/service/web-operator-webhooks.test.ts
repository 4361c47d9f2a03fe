/** Deliveries of webhooks on the operator's page: to the endpoints for all organizations, and to those of one. */
import { createOperatorToken } from '../../service/actions/operator-tokens.js';
import type { OperatorPermission } from '../../service/domain/operator.js';
import { commandLine, systemClock } from '../../service/index.js';
import { decoded, formsIn } from '../forms.js';
import { type OperatedVendor, startOperator } from '../operator.js';
import { until } from '../passing-clock.js';
import { openWebClient, type WebPage, wordsOf } from '../web-client.js';
import { startWebhookReceiver, type WebhookReceiver } from '../webhook-receiver.js';

let vendor: OperatedVendor;
const receivers: WebhookReceiver[] = [];
beforeEach(async () => {
  vendor = await startOperator({ webhooks: { allowsPrivate: true }, propagationWindowMs: 0 });
});
afterEach(async () => {
  await vendor.close();
  for (const receiver of receivers.splice(0)) await receiver.close();
});

async function signedIn(token = vendor.token, language = 'en') {
  const browser = openWebClient(vendor.service.url);
  await browser.get(`/operator/sign-in?lang=${language}`);
  await browser.post('/operator/sign-in', { token });
  return browser;
}

/** A receiver that answers so, behind an endpoint of the organization, or of the operator. */
async function endpoint(call: OperatedVendor['operate'], status: number) {
  const receiver = await startWebhookReceiver();
  receivers.push(receiver);
  receiver.answer = (response) => void response.writeHead(status, { 'retry-after': '3600' }).end();
  const { body } = await call('POST', '/v1/webhook-endpoints', { url: `${receiver.url}?key=of-the-address` });
  receiver.secret = body.secret;
  const path = `/v1/webhook-endpoints/${body.id}`;
  return {
    host: new URL(receiver.url).host,
    ids: () => receiver.received.map(({ id }) => id),
    test: () => call('POST', `${path}/test`),
    attempted: () =>
      until(async () => {
        const { deliveries } = (await call('GET', `${path}/deliveries`)).body;
        return (
          deliveries.length > 0 && deliveries.every(({ attempts }: { attempts: number }) => attempts > 0)
        );
      }),
  };
}

async function connect(name: string): Promise<string> {
  const { accountId } = vendor.sandbox.createAccount();
  const { body } = await vendor.call('POST', '/v1/connections', { name });
  const { arn } = vendor.sandbox.createRole(accountId, { roleName: name, trustPolicy: body.trustPolicy });
  await vendor.call('PUT', `/v1/connections/${body.id}/role`, { roleArn: arn });
  return body.id;
}

/** The words of each delivery, in the order of the page. */
const rowsOf = ({ text }: WebPage) =>
  [...text.slice(text.indexOf('<tbody')).matchAll(/<tr[\s\S]*?<\/tr>/g)].map(([row]) =>
    row
      .replace(/<[^>]+>/g, ' ')
      .replace(/\s+/g, ' ')
      .trim(),
  );
const ofOrganization = () => `/operator/organizations/${vendor.organization.id}`;

test('shows an organization’s deliveries newest first, with host, status, attempts and last answer, filtered by status', async () => {
  const refuses = await endpoint(vendor.call, 410);
  const breaks = await endpoint(vendor.call, 500);
  const takes = await endpoint(vendor.call, 204);
  for (const each of [refuses, breaks, takes]) {
    await each.test();
    await each.attempted();
  }
  const browser = await signedIn();
  const view = await browser.get(ofOrganization());
  const link = `${ofOrganization()}/webhooks`;
  expect(view.text).toContain(`href="${link}"`);
  const page = await browser.get(link);
  const rows = [
    `webhook.test Delivered ${takes.host} 1 HTTP 204 just now Send again`,
    `webhook.test Pending ${breaks.host} 1 HTTP 500 just now`,
    `webhook.test Failed ${refuses.host} 1 HTTP 410 just now Send again`,
  ];
  expect([page.status, rowsOf(page)]).toEqual([200, rows]);
  // Addresses of endpoints can contain a secret.
  expect(page.text).not.toContain('of-the-address');
  for (const [status, shown] of [
    ['failed', rows.slice(2)],
    ['pending', rows.slice(1, 2)],
    ['delivered', rows.slice(0, 1)],
    ['lost', rows],
  ] as const)
    expect([status, rowsOf(await browser.get(`${link}?status=${status}`))]).toEqual([status, shown]);
  const german = await (await signedIn(vendor.token, 'de')).get(`${link}?status=failed&lang=de`);
  expect(wordsOf(german)).toMatch(/Webhook-Zustellungen.*Fehlgeschlagen/);
});

test('deliveries to endpoints for all organizations name the organization', async () => {
  const all = await endpoint(vendor.operate, 204);
  await connect('production');
  await all.attempted();
  const browser = await signedIn();
  const page = await browser.get('/operator');
  expect(page.text).toContain('href="/operator/webhooks"');
  const deliveries = await browser.get('/operator/webhooks');
  expect(rowsOf(deliveries)).toEqual([
    `connection.connected Delivered ${vendor.organization.name} ${all.host} 1 HTTP 204 just now Send again`,
  ]);
  expect(deliveries.text).toContain(`href="${ofOrganization()}"`);
  expect(wordsOf(await browser.get(`${ofOrganization()}/webhooks`))).toContain(
    'There is no webhook endpoint.',
  );
});

test('a press sends a message again, with its id, to the endpoint of its owner only', async () => {
  const all = await endpoint(vendor.operate, 410);
  await all.test();
  await all.attempted();
  const browser = await signedIn();
  const page = await browser.get('/operator/webhooks');
  const [form] = formsIn(page.text).filter(({ action }) => action.endsWith('/replay'));
  const fields = Object.fromEntries(form?.fields.map(({ name, value }) => [name, value]) ?? []);
  const elsewhere = await browser.post(`${ofOrganization()}/webhooks/replay`, fields);
  expect(elsewhere.status).toBe(404);
  await browser.get('/operator/webhooks');
  const answer = await browser.post('/operator/webhooks/replay', fields);
  expect(wordsOf(answer)).toContain('The message is sent again.');
  await until(async () => all.ids().length === 2);
  expect(new Set(all.ids()).size).toBe(1);
});

test('older deliveries are a page away, whichever endpoint they went to', async () => {
  const [one, other] = [await endpoint(vendor.operate, 204), await endpoint(vendor.operate, 204)];
  for (let sent = 0; sent < 60; sent++) await (sent % 2 === 0 ? one : other).test();
  await one.attempted();
  await other.attempted();
  const browser = await signedIn();
  const newest = await browser.get('/operator/webhooks');
  const older = /href="([^"]+)"[^>]*>Older deliveries/.exec(newest.text)?.[1];
  const second = await browser.get(decoded(older ?? ''));
  const ids = [newest, second].flatMap(({ text }) => text.match(/title="msg_[^"]+"/g) ?? []);
  expect([ids.length, new Set(ids).size]).toEqual([60, 60]);
  expect(second.text).not.toContain('Older deliveries');
  expect(rowsOf(await browser.get(/href="([^"]+)"[^>]*>Newest/.exec(second.text)?.[1] ?? ''))).toEqual(
    rowsOf(newest),
  );
});

test('shows an empty state without endpoints, deliveries or matches', async () => {
  const browser = await signedIn();
  expect(wordsOf(await browser.get('/operator/webhooks'))).toContain('There is no webhook endpoint.');
  const idle = await endpoint(vendor.operate, 204);
  expect(wordsOf(await browser.get('/operator/webhooks'))).toContain('No message was sent');
  await idle.test();
  await idle.attempted();
  const none = await browser.get('/operator/webhooks?status=failed');
  expect(wordsOf(none)).toContain('No delivery has this status. Show all');
  for (const id of ['org_none', 'operator'])
    expect((await browser.get(`/operator/organizations/${id}/webhooks`)).status).toBe(404);
});

test.each([
  [['webhooks:write'], 200, 403],
  [['webhooks:write', 'organizations:read'], 200, 200],
  [['connections:read', 'organizations:read'], 403, 403],
] as const)(
  'a token opens its permitted pages and sees links to no others: %j',
  async (permissions, ...expected) => {
    const given: readonly OperatorPermission[] = permissions;
    const deps = { store: vendor.store, clock: systemClock };
    const { token } = await createOperatorToken(deps, commandLine(), { name: 'staff', permissions: given });
    const browser = await signedIn(token);
    const opened = [];
    for (const path of ['/operator/webhooks', `${ofOrganization()}/webhooks`])
      opened.push((await browser.get(path)).status);
    expect(opened).toEqual(expected);
    for (const path of ['/operator', ofOrganization()]) {
      const page = await browser.get(path);
      const offered = page.status === 200 && page.text.includes('/webhooks"');
      expect([path, offered]).toEqual([path, page.status === 200 && expected[1] === 200]);
    }
    const anonymous = openWebClient(vendor.service.url);
    expect((await anonymous.get('/operator/webhooks')).url).toBe('/operator/sign-in');
  },
);
