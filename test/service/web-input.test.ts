/** Bad input by family for each parameter of a page and each field of a form: answered, escaped, and nothing widens. */
import { type OperatedVendor, startOperator } from '../operator.js';
import { openWebClient, type WebClient } from '../web-client.js';

let vendor: OperatedVendor;
let browser: WebClient;
let id: string;
beforeAll(async () => {
  vendor = await startOperator({ propagationWindowMs: 0 });
  const { accountId } = vendor.sandbox.createAccount();
  const given = { name: 'shop', scope: { project: 'shop' }, expectedAccountId: accountId };
  const { body } = await vendor.call('POST', '/v1/connections', given);
  id = body.id;
  const { arn } = vendor.sandbox.createRole(accountId, { roleName: 'r', trustPolicy: body.trustPolicy });
  await vendor.call('PUT', `/v1/connections/${id}/role`, { roleArn: arn });
  browser = openWebClient(vendor.service.url);
  await browser.get('/operator/sign-in');
  await browser.post('/operator/sign-in', { token: vendor.token });
  await browser.signIn(vendor.apiKey);
});
afterAll(() => vendor.close());

/** One of each family: markup, prototypes, paths, SQL, control characters, lone surrogates, too long, repeated, nested. */
const families = [
  '<script>alert(1)</script>',
  '"><img src=x onerror=alert(1)>',
  '__proto__',
  'constructor',
  '../../etc/passwd',
  "' OR 1=1 --",
  '\u0000\r\nset-cookie: x=1',
  '\u202Eabc',
  '9'.repeat(3_000),
  '-1',
  '1e99',
];
const raw = ['%', '%ED%A0%80', '%00'];

const parameters: Record<string, readonly string[]> = {
  '/connections': ['q', 'status', 'sort', 'page', 'done', 'lang'],
  '/connections/:id': ['before', 'done'],
  '/connections/:id/setup': ['step', 'format', 'permissions', 'done'],
  '/connections/:id/rotate': ['to', 'format'],
  '/connections/:id/checking': ['request'],
  '/operator': ['status', 'assurance', 'code', 'set', 'account', 'after', 'lang'],
  '/operator/connections.csv': ['status', 'assurance', 'code', 'set', 'account', 'after'],
  '/operator/organizations': ['q', 'after'],
  '/operator/webhooks': ['status'],
  '/operator/sign-in/link': ['token'],
  '/sign-in/link': ['token', 'lang', 'theme'],
};
const asked = Object.entries(parameters).flatMap(([path, names]) => names.map((name) => [path, name]));

test.each(asked)('%s?%s= accepts any value', async (path, name) => {
  const queries = [
    ...families.map((value) => `${name}=${encodeURIComponent(value)}`),
    ...raw.map((value) => `${name}=${value}`),
    `${name}=a&${name}=b`,
    `${name}[]=a`,
    `${name}[x]=a`,
  ];
  for (const query of queries) {
    const page = await browser.get(`${path.replace(':id', id)}?${query}`);
    expect([query, page.status]).toEqual([query, 200]);
    expect([query, /<script>alert|<img src=x/.test(page.text)]).toEqual([query, false]);
    expect([query, page.headers.get('set-cookie')?.includes('x=1') ?? false]).toEqual([query, false]);
  }
});

const forms: Record<string, readonly string[]> = {
  '/connections/new/role': ['partition', 'account', 'permissions', 'set'],
  '/connections/new/access-key': ['name', 'partition', 'accessKeyId', 'secretAccessKey', 'sessionToken'],
  '/connections/:id/check': ['roleArn', 'format', 'permissions'],
  '/connections/:id/scope': ['scope', 'replace', 'project', 'environment', 'architecture'],
  '/connections/:id/finish': ['name', 'scope', 'replace', 'project', 'environment', 'architecture'],
  '/connections/:id/delete': ['name'],
  '/connections/:id/rotate': ['format'],
  '/connections/:id/account': ['account', 'permissions'],
};
/** Valid values for the other fields. */
const good: Record<string, Record<string, string>> = {
  '/connections/:id/scope': { scope: 'shop' },
  '/connections/:id/finish': { scope: 'shop', name: 'shop' },
};
const sent = Object.entries(forms).flatMap(([path, names]) => names.map((name) => [path, name]));

test.each(sent)('%s: a bad "%s" is rejected, or widens nothing', async (path, name) => {
  const before = (await vendor.call('GET', '/v1/connections')).body.connections.length;
  for (const value of families) {
    await vendor.call('PUT', `/v1/connections/${id}/scopes`, { scopes: [{ project: 'shop' }] });
    await browser.get('/connections');
    const page = await browser.post(path.replace(':id', id), {
      ...good[path],
      [name]: name === 'scope' ? ['shop', value] : value,
    });
    expect([value, page.status < 500]).toEqual([value, true]);
    expect([value, /<script>alert|<img src=x/.test(page.text)]).toEqual([value, false]);
    const { body } = await vendor.call('GET', `/v1/connections/${id}`);
    expect([value, body.status]).toEqual([value, 'connected']);
    // An ordinary name of a project is one more scope; nothing ends, and nothing becomes the default.
    expect([value, body.scopes]).toEqual([value, expect.arrayContaining([{ project: 'shop' }])]);
    if (page.status >= 400) expect([value, body.scopes]).toEqual([value, [{ project: 'shop' }]]);
    expect([value, body.scopes]).not.toEqual([value, expect.arrayContaining([{}])]);
  }
  expect((await vendor.call('GET', '/v1/connections')).body.connections.length).toBe(before);
});
