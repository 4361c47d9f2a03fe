/** The pages over HTTP, as a browser without scripts uses them. */
import { callbackMessage, provisioned } from '../callback-message.js';
import { startVendor, type Vendor } from '../vendor.js';
import { openWebClient, type WebClient, type WebPage, wordsOf } from '../web-client.js';

let vendor: Vendor;
let browser: WebClient;
beforeAll(async () => {
  vendor = await startVendor({ propagationWindowMs: 300, maxWaitMs: 200 });
  browser = openWebClient(vendor.service.url);
  await browser.signIn(vendor.apiKey);
});
afterAll(() => vendor.close());

const idIn = ({ url }: WebPage) => /con_[a-z2-7]{24}/.exec(url)?.[0] ?? '';
const show = async (id: string) => (await vendor.call('GET', `/v1/connections/${id}`)).body;

interface Begun {
  readonly id: string;
  readonly externalId: string;
  readonly expectedAccountId: string;
}

/** The first step: an account of the sandbox, and the role's permissions. */
async function begin(accountId = vendor.sandbox.createAccount().accountId): Promise<Begun> {
  await browser.get('/connections/new');
  const chosen = { partition: 'aws', account: accountId, permissions: 'read-only' };
  return show(idIn(await browser.post('/connections/new/role', chosen)));
}

const trust = (condition?: object, principal = vendor.principal) => ({
  Version: '2012-10-17',
  Statement: [
    {
      Effect: 'Allow',
      Principal: { AWS: principal },
      Action: 'sts:AssumeRole',
      ...(condition && { Condition: condition }),
    },
  ],
});
const exactly = (externalId: string) => trust({ StringEquals: { 'sts:ExternalId': externalId } });
let roles = 0;
const makeRole = ({ expectedAccountId }: Begun, trustPolicy: object) =>
  vendor.sandbox.createRole(expectedAccountId, { roleName: `role-${++roles}`, trustPolicy }).arn;
const check = (id: string, roleArn: string) => browser.post(`/connections/${id}/check`, { roleArn });

async function connected(name: string): Promise<string> {
  const begun = await begin();
  await check(begun.id, makeRole(begun, exactly(begun.externalId)));
  await browser.post(`/connections/${begun.id}/name`, { name });
  return begun.id;
}
const setScopes = (id: string, fields: Record<string, string | string[]>) =>
  browser.post(`/connections/${id}/scope`, fields);
/** The code block with this id, as it is copied. */
const codeIn = (page: WebPage, id: string): string =>
  unescaped(new RegExp(`<pre id="${id}"[^>]*><code>([\\s\\S]*?)</code>`).exec(page.text)?.[1] ?? '');
const unescaped = (html: string) =>
  html
    .replace(/<\/?span[^>]*>/g, '')
    .replace(/&quot;/g, '"')
    .replace(/&#39;/g, "'")
    .replace(/&lt;/g, '<')
    .replace(/&gt;/g, '>')
    .replace(/&amp;/g, '&');
/** Values that a form shows again. */
const shownValue = (page: WebPage, name: string) =>
  new RegExp(`name="${name}" type="text" value="([^"]*)"`).exec(page.text)?.[1];
const isChecked = (page: WebPage, name: string, value: string) =>
  new RegExp(`<input [^>]*name="${name}" value="${value}" checked`).test(page.text);

describe('connecting with a role', () => {
  test('leads from the account to name, scope and success', async () => {
    const begun = await begin();
    const { id, externalId } = begun;
    const guide = await browser.get(`/connections/${id}/setup`);
    expect(wordsOf(guide)).toContain(externalId);
    const page = await check(id, makeRole(begun, exactly(externalId)));
    expect(page.url).toContain(`/connections/${id}/setup?`);
    expect(wordsOf(page)).toContain('Step 2, done: Role created and checked');
    expect(wordsOf(page)).toContain('Step 3 of 3: Name and scope');
    // Nothing is chosen for a new connection.
    expect(page.text).not.toMatch(/<input [^>]*type="checkbox"[^>]* checked/);
    const success = await browser.post(`/connections/${id}/finish`, {
      name: 'production',
      project: 'first',
      environment: 'production',
    });
    expect(success.url).toBe(`/connections/${id}/connected`);
    expect(wordsOf(success)).toContain('Your AWS account is connected');
    expect(wordsOf(success)).toContain('first › production');
    expect(await show(id)).toMatchObject({
      status: 'connected',
      name: 'production',
      expectedAccountId: begun.expectedAccountId,
      scopes: [{ project: 'first', environment: 'production' }],
    });
  });

  test.each([
    ['no account', { account: '' }, 'Enter the 12 digits'],
    ['too few digits', { account: '12345' }, 'has 12 digits'],
    ['letters', { account: 'abcdefghijkl' }, 'has 12 digits'],
    ['no permissions', { permissions: '' }, 'Choose what Rolebridge can do'],
    ['unknown permissions', { permissions: 'everything' }, 'Choose what Rolebridge can do'],
  ])('with %s the first step shows the error and keeps the other fields', async (_name, wrong, says) => {
    await browser.get('/connections/new');
    const given = { partition: 'aws', account: '123456789012', permissions: 'security-audit', ...wrong };
    const page = await browser.post('/connections/new/role', given);
    expect([page.status, wordsOf(page)]).toEqual([422, expect.stringContaining(says)]);
    expect(shownValue(page, 'account')).toBe(given.account === '' ? '' : given.account);
    expect(isChecked(page, 'permissions', 'security-audit')).toBe(given.permissions === 'security-audit');
  });

  test('an account with spaces or dashes is accepted', async () => {
    expect((await begin('1234-5678 9012')).expectedAccountId).toBe('123456789012');
  });

  test('a role in another account is rejected', async () => {
    const begun = await begin();
    const { accountId } = vendor.sandbox.createAccount();
    const page = await check(
      begun.id,
      makeRole({ ...begun, expectedAccountId: accountId }, exactly(begun.externalId)),
    );
    expect([page.status, wordsOf(page)]).toEqual([409, expect.stringContaining('account_mismatch')]);
  });

  test('a connection without an account asks for it; otherwise the account is fixed', async () => {
    const { id } = (await vendor.call('POST', '/v1/connections', { name: 'from the API' })).body;
    const asked = await browser.get(`/connections/${id}/setup`);
    expect(wordsOf(asked)).toContain('Step 1 of 3: Account and permissions');
    const wrong = await browser.post(`/connections/${id}/account`, {
      account: '1',
      permissions: 'read-only',
    });
    expect([wrong.status, wordsOf(wrong)]).toEqual([422, expect.stringContaining('has 12 digits')]);
    const given = { account: '123456789012', permissions: 'power-user' };
    const page = await browser.post(`/connections/${id}/account`, given);
    expect(wordsOf(page)).toContain('Step 2 of 3: Create the role');
    expect(wordsOf(page)).toContain('Power user');
    await browser.post(`/connections/${id}/account`, { account: '999999999999', permissions: 'read-only' });
    expect((await show(id)).expectedAccountId).toBe('123456789012');
  });

  test('an unfinished set-up continues from the list', async () => {
    const { id } = await begin();
    const list = await browser.get('/connections');
    expect(list.text).toContain(`href="/connections/${id}/setup"`);
    expect(wordsOf(list)).toContain('Waiting for the role.');
  });

  test('a deploy with a callback connects it, with the secret that the page shows once', async () => {
    const begun = await begin();
    const { id, externalId } = begun;
    const shown = await browser.post(`/connections/${id}/callback-secret`, { format: 'terraform' });
    const secret = /whsec_[A-Za-z0-9+/]{43}=/.exec(wordsOf(shown))?.[0] ?? '';
    expect(secret).not.toBe('');
    const waiting = await browser.get(`/connections/${id}/setup?format=terraform`);
    expect(waiting.text).not.toContain(secret);
    expect(wordsOf(waiting)).toContain('Waiting for your deploy…');
    // Without JavaScript the page asks for itself again.
    expect(waiting.text).toMatch(/<noscript><meta http-equiv="refresh"/);
    const message = callbackMessage(secret, provisioned(id, makeRole(begun, exactly(externalId))));
    const answer = await fetch(`${vendor.service.url}/v1/callbacks`, { method: 'POST', ...message });
    expect(answer.status).toBe(200);
    expect(wordsOf(await browser.get(`/connections/${id}/setup?format=terraform`))).toContain(
      'Step 3 of 3: Name and scope',
    );
  });

  test('each format has the same role with the chosen permissions', async () => {
    const { id, externalId } = await begin();
    for (const format of ['cdktf', 'terraform', 'cloudformation', 'aws-cli']) {
      const page = await browser.get(`/connections/${id}/setup?format=${format}&permissions=security-audit`);
      const text = codeIn(page, 'template');
      expect(text).toContain(externalId);
      expect(text).toMatch(/SecurityAudit|security-audit/);
      // A template offers the others as parameters.
      if (format !== 'cloudformation') expect(text).not.toMatch(/ReadOnlyAccess|read-only/);
    }
    const consoleWay = await browser.get(`/connections/${id}/setup?permissions=administrator`);
    const link = /href="(https:\/\/console\.aws\.amazon\.com[^"]+)"/.exec(consoleWay.text)?.[1] ?? '';
    expect(link).toContain(externalId);
    expect(link).toContain('AdministratorAccess');
  });
});

describe('a failed check shows the fault, its effect and the fix', () => {
  test.each([
    ['without an external ID', () => trust(), 'can be assumed without the external ID', true],
    [
      'with any external ID',
      () => trust({ StringLike: { 'sts:ExternalId': '*' } }),
      'can be assumed with any external ID',
      true,
    ],
    ['with another external ID', () => exactly('rb-another'), 'AWS denies Rolebridge AssumeRole', false],
    [
      'that trusts another principal',
      () => trust(undefined, 'arn:aws:iam::999999999999:root'),
      'AWS denies Rolebridge AssumeRole',
      false,
    ],
  ])('a role %s', async (_name, policy, says, isUnsafe) => {
    const begun = await begin();
    const { id, externalId } = begun;
    const page = await check(id, makeRole(begun, policy()));
    expect(page.status).toBe(422);
    const words = wordsOf(page);
    expect(words).toContain(says);
    expect(words.includes('The role works, but it is unsafe')).toBe(isUnsafe);
    const pasted = JSON.parse(codeIn(page, 'policy'));
    expect(pasted).toEqual(exactly(externalId));
    // It is there after a reload, and until the next check.
    expect(wordsOf(await browser.get(`/connections/${id}/setup`))).toContain(says);
    // The policy from the page works.
    const again = await check(id, makeRole(begun, pasted));
    expect(wordsOf(again)).toContain('Role created and checked');
  });

  test.each([
    ['a user', 'arn:aws:iam::123456789012:user/x'],
    ['a session', 'arn:aws:sts::123456789012:assumed-role/x/y'],
    ['a space inside', 'arn:aws:iam::123456789012:role/x y'],
    ['a look-alike', 'arn:aws:iam::123456789012:rоle/x'],
    ['nothing', ''],
    ['a script', '"><script>alert(1)</script>'],
  ])('an ARN of %s: beside the field, which keeps its value', async (_name, roleArn) => {
    const { id } = await begin();
    const page = await check(id, roleArn);
    expect(page.status).toBe(400);
    expect(wordsOf(page)).toContain('This is not the ARN of an IAM role');
    expect(page.text).toMatch(/name="roleArn"[^>]*aria-invalid="true"/);
    expect(unescaped(shownValue(page, 'roleArn') ?? '')).toBe(roleArn);
    expect(page.text).not.toContain('<script>alert');
    expect((await show(id)).status).toBe('pending');
  });

  test("a role in the vendor's account", async () => {
    const { id } = await begin(vendor.vendorAccount.accountId);
    const page = await check(id, `arn:aws:iam::${vendor.vendorAccount.accountId}:role/x`);
    expect([page.status, wordsOf(page)]).toEqual([422, expect.stringContaining('can’t be connected')]);
  });

  test('a role of another connection', async () => {
    const first = await begin();
    const arn = makeRole(first, exactly(first.externalId));
    await check(first.id, arn);
    const second = await begin(first.expectedAccountId);
    vendor.sandbox.updateTrustPolicy(arn, exactly(second.externalId));
    const page = await check(second.id, arn);
    expect([page.status, wordsOf(page)]).toEqual([409, expect.stringContaining('already connected')]);
    expect((await show(second.id)).status).toBe('failed');
  });

  test('no answer from AWS: the page says that the check is inconclusive', async () => {
    const begun = await begin();
    const arn = makeRole(begun, exactly(begun.externalId));
    vendor.sandbox.faults.set({ kind: 'throttle' });
    const page = await check(begun.id, arn);
    vendor.sandbox.faults.clear();
    expect(wordsOf(page)).toContain('No result yet');
    expect(wordsOf(page)).not.toMatch(/\bfailed\b/i);
    expect((await show(begun.id)).status).toBe('pending');
  });
});

describe('connecting with an access key', () => {
  const key = (more: object = {}) => {
    const { admin } = vendor.sandbox.createAccount();
    return {
      name: 'key',
      partition: 'aws',
      accessKeyId: admin.accessKeyId,
      secretAccessKey: admin.secretAccessKey,
      ...more,
    };
  };

  test('checks it first, then asks for the scope; another key can replace it', async () => {
    await browser.get('/connections/new/access-key');
    const given = key();
    const page = await browser.post('/connections/new/access-key', given);
    const id = idIn(page);
    expect(page.url).toBe(`/connections/${id}/setup#step`);
    const { accountId } = await show(id);
    const next = vendor.sandbox.createAccessKey(accountId, 'second');
    const exchanged = await browser.post(`/connections/${id}/access-key`, {
      accessKeyId: next.accessKeyId,
      secretAccessKey: next.secretAccessKey,
    });
    expect(exchanged.url).toBe(`/connections/${id}?done=rotated`);
    expect((await show(id)).accessKeyLastFour).toBe(next.accessKeyId.slice(-4));
    expect(page.text + exchanged.text).not.toContain(given.secretAccessKey);
  });

  test.each([
    ['a wrong secret', { secretAccessKey: 'a'.repeat(40) }, 'secret'],
    ['an unknown id', { accessKeyId: 'AKIAAAAAAAAAAAAAAAAA' }, 'does not know'],
    ['a space after it', { secretAccessKey: `${'a'.repeat(40)} ` }, 'without spaces'],
    ['no name', { name: '' }, 'Name'],
  ])('is rejected with %s, which is not shown again', async (_name, more, says) => {
    const given = key(more);
    const page = await browser.post('/connections/new/access-key', given);
    expect(page.status).toBe(422);
    expect(wordsOf(page)).toContain(says);
    expect(page.text).not.toContain(given.secretAccessKey);
  });

  test("rejects the root user's key", async () => {
    const { root } = vendor.sandbox.createAccount();
    const page = await browser.post('/connections/new/access-key', { ...key(), ...root });
    expect(wordsOf(page)).toContain('root user’s');
  });
});

describe('the scope of a connection', () => {
  test('accepts each of the four levels, chosen or entered; unchecked scopes are removed', async () => {
    const id = await connected('levels');
    await setScopes(id, { scope: '', project: 'levels' });
    await setScopes(id, { scope: ['', 'levels'], project: 'levels', environment: 'e' });
    const entered = { project: 'levels', environment: 'e', architecture: 'a' };
    await setScopes(id, { scope: ['', 'levels', 'levels/e'], ...entered });
    expect((await show(id)).scopes).toEqual([
      {},
      { project: 'levels' },
      { project: 'levels', environment: 'e' },
      entered,
    ]);
    await setScopes(id, { scope: 'levels/e/a' });
    expect((await show(id)).scopes).toEqual([entered]);
  });

  test.each([
    ['a gap', { environment: 'production' }, 'Enter the project as well.'],
    ['a gap further down', { project: 'p', architecture: 'a' }, 'Enter the environment as well.'],
    ['a space', { project: 'my shop' }, 'Use up to 64 letters'],
    ['a slash', { project: 'a/b' }, 'Use up to 64 letters'],
    ['a script', { project: '<script>alert(1)</script>' }, 'Use up to 64 letters'],
    ['too many letters', { project: 'a'.repeat(65) }, 'Use up to 64 letters'],
  ])('with %s every entry stays, and no wider scope is used', async (_name, names, says) => {
    const { id, ...begun } = await begin();
    await check(id, makeRole({ id, ...begun }, exactly(begun.externalId)));
    const page = await browser.post(`/connections/${id}/finish`, { name: 'kept', ...names });
    expect([page.status, wordsOf(page)]).toEqual([422, expect.stringContaining(says)]);
    expect(shownValue(page, 'name')).toBe('kept');
    for (const [name, value] of Object.entries(names))
      expect(unescaped(shownValue(page, name) ?? '')).toBe(value);
    expect(page.text).not.toMatch(/<input [^>]*type="checkbox"[^>]* checked/);
    // Sent again as the browser has it: still no scope.
    expect((await browser.post(`/connections/${id}/finish`, { name: 'kept', ...names })).status).toBe(422);
    expect((await show(id)).scopes).toEqual([]);
  });

  test('requires a choice, or an explicit "later"', async () => {
    const begun = await begin();
    await check(begun.id, makeRole(begun, exactly(begun.externalId)));
    const page = await browser.post(`/connections/${begun.id}/finish`, { name: 'nowhere' });
    expect([page.status, wordsOf(page)]).toEqual([422, expect.stringContaining('Choose at least one scope')]);
    const later = await browser.post(`/connections/${begun.id}/finish`, { name: 'nowhere', later: '1' });
    expect(later.url).toBe(`/connections/${begun.id}/connected`);
    expect(await show(begun.id)).toMatchObject({ name: 'nowhere', scopes: [] });
  });

  test('a missing name keeps the chosen scope', async () => {
    const begun = await begin();
    await check(begun.id, makeRole(begun, exactly(begun.externalId)));
    const page = await browser.post(`/connections/${begun.id}/finish`, { name: '', project: 'chosen' });
    expect([page.status, wordsOf(page)]).toEqual([422, expect.stringContaining('Enter a name')]);
    expect(shownValue(page, 'project')).toBe('chosen');
    expect(isChecked(page, 'scope', '')).toBe(false);
  });

  test('a taken scope shows its holder and account, and is replaced only after confirmation', async () => {
    const holder = await connected('the holder');
    await setScopes(holder, { project: 'taken' });
    const id = await connected('the next');
    const page = await setScopes(id, { scope: 'taken' });
    expect(page.status).toBe(422);
    expect(wordsOf(page)).toContain('the holder holds this scope');
    expect(isChecked(page, 'scope', 'taken')).toBe(true);
    expect(isChecked(page, 'replace', `${holder} taken`)).toBe(false);
    expect((await show(id)).scopes).toEqual([]);
    await setScopes(id, { scope: 'taken', replace: `${holder} taken` });
    expect([(await show(id)).scopes, (await show(holder)).scopes]).toEqual([[{ project: 'taken' }], []]);
  });

  test('only the confirmed holder loses a scope, not one that took it meanwhile', async () => {
    const [first, second, id] = [
      await connected('first'),
      await connected('second'),
      await connected('third'),
    ];
    await setScopes(first, { project: 'passed-on' });
    // While the form is open, the scope passes from the first to the second.
    await setScopes(second, { scope: 'passed-on', replace: `${first} passed-on` });
    const page = await setScopes(id, { scope: 'passed-on', replace: `${first} passed-on` });
    expect([page.status, wordsOf(page)]).toEqual([422, expect.stringContaining('second holds this scope')]);
    expect([(await show(second)).scopes, (await show(id)).scopes]).toEqual([[{ project: 'passed-on' }], []]);
  });

  test("scopes that the form doesn't offer are rejected", async () => {
    const id = await connected('forged');
    await setScopes(id, { scope: ['a/b/c/d', '../x', 'a//b', '<b>'] });
    expect((await show(id)).scopes).toEqual([]);
  });

  test('the page shows the effective connections, and the delete page those afterwards', async () => {
    const wide = await connected('wide');
    await setScopes(wide, { project: 'tree' });
    const id = await connected('narrow');
    await setScopes(id, { project: 'tree', environment: 'production' });
    const web = await connected('narrower');
    await setScopes(web, { project: 'tree', environment: 'test', architecture: 'web' });
    const tree = await browser.get(`/connections/${wide}`);
    expect(wordsOf(tree)).toMatch(
      /tree project This connection production environment narrow test environment This connection web architecture narrower/,
    );
    expect(tree.text).toContain(`<a href="/connections/${web}">narrower</a>`);
    const ask = await browser.get(`/connections/${id}/delete`);
    expect(wordsOf(ask)).toMatch(/tree › production wide Connected/);
    const wrong = await browser.post(`/connections/${id}/delete`, { name: 'narro' });
    expect(wordsOf(wrong)).toContain('Nothing was deleted.');
    expect(shownValue(wrong, 'name')).toBe('narro');
    expect((await show(id)).status).toBe('connected');
    const gone = await browser.post(`/connections/${id}/delete`, { name: 'narrow' });
    expect(gone.url).toBe('/connections?done=deleted');
    expect((await vendor.call('GET', `/v1/connections/${id}`)).status).toBe(404);
  });
});

describe('one connection', () => {
  test('shows its checks with times, and its history with actors', async () => {
    const id = await connected('history');
    const page = await browser.get(`/connections/${id}`);
    const words = wordsOf(page);
    expect(words).toMatch(/Checked On this page, just now/);
    expect(words).toMatch(/Renamed To history On this page, just now/);
    expect(page.text).toMatch(/<time datetime="[^"]+" title="\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC">just now/);
  });

  test('the external ID is rotated on a separate page: confirm, deploy, done', async () => {
    const begun = await begin();
    const { id, externalId } = begun;
    const arn = makeRole(begun, exactly(externalId));
    await check(id, arn);
    expect(wordsOf(await browser.get(`/connections/${id}/rotate`))).toContain('Create a new external ID?');
    expect(await show(id)).not.toHaveProperty('pendingExternalId');
    const started = await browser.post(`/connections/${id}/external-id`);
    const next = (await show(id)).pendingExternalId;
    expect(started.url).toBe(`/connections/${id}/rotate?to=${next}`);
    for (const [look, id] of [
      ['del', externalId],
      ['add', next],
    ])
      expect(started.text).toMatch(
        new RegExp(`class="l l-${look}"> *<span class="code-key">&quot;sts:ExternalId&quot;</span>.*${id}`),
      );
    for (const format of ['terraform', 'cdktf', 'cloudformation'])
      expect(codeIn(await browser.get(`/connections/${id}/rotate?format=${format}`), 'change')).toContain(
        next,
      );
    expect(wordsOf(await browser.get(`/connections/${id}`))).toContain('External ID rotation started');

    vendor.sandbox.updateTrustPolicy(arn, trust({ StringEquals: { 'sts:ExternalId': [externalId, next] } }));
    const both = await browser.post(`/connections/${id}/rotate`);
    expect([both.status, wordsOf(both)]).toEqual([
      422,
      expect.stringContaining('the old one still does too'),
    ]);
    vendor.sandbox.updateTrustPolicy(arn, exactly(next));
    const done = await browser.post(`/connections/${id}/rotate`);
    expect(wordsOf(done)).toContain('External ID rotated');
    expect(await show(id)).toMatchObject({ status: 'connected', externalId: next });
  });

  test('a rotation is canceled', async () => {
    const id = await connected('canceled');
    await browser.post(`/connections/${id}/external-id`);
    const kept = await browser.post(`/connections/${id}/external-id/cancel`);
    expect(wordsOf(kept)).toContain('Rotation canceled.');
    expect(wordsOf(kept)).toContain('External ID rotation canceled');
  });

  test('a connection of another organization looks unknown', async () => {
    const { apiKey } = await vendor.service.createOrganization('other');
    const id = await connected('mine');
    const stranger = openWebClient(vendor.service.url);
    await stranger.signIn(apiKey);
    const [theirs, unknown] = await Promise.all(
      [id, `con_${'a'.repeat(24)}`].map((each) => stranger.get(`/connections/${each}`)),
    );
    expect(theirs?.status).toBe(404);
    const same = (page?: WebPage) => page?.text.replace(/Request [\w-]+/, '');
    expect(same(theirs)).toBe(same(unknown));
    await stranger.get('/connections/new');
    expect((await stranger.post(`/connections/${id}/delete`, { name: 'mine' })).status).toBe(404);
    expect((await show(id)).status).toBe('connected');
  });
});

describe('names with markup', () => {
  const hostile = [
    '<script>alert(1)</script>',
    '"><img src=x onerror=alert(1)>',
    "'; rm -rf / #",
    '${jsondecode("x")} %{ for x in y }',
    '`${process.exit()}` */ --> ]]>',
    '{{constructor}} &lt;b&gt;',
  ];
  test.each(hostile)('%s is text on every page', async (name) => {
    const id = await connected(name);
    const scope = await connected('beside');
    await setScopes(scope, { project: `p${hostile.indexOf(name)}` });
    const pages = [
      await browser.get('/connections'),
      await browser.get(`/connections?q=${encodeURIComponent(name)}`),
      await browser.get(`/connections/${id}`),
      await browser.get(`/connections/${id}/delete`),
      await browser.get(`/connections/${id}/setup`),
      await browser.get(
        `/connections/${id}/setup?format=${encodeURIComponent(name)}&permissions=${encodeURIComponent(name)}`,
      ),
      await browser.get(
        `/connections/${id}?done=${encodeURIComponent(name)}&before=${encodeURIComponent(name)}`,
      ),
      await setScopes(id, { scope: `p${hostile.indexOf(name)}` }),
      await browser.get(`/connections/${id}/name`),
      ...(await Promise.all(
        ['cdktf', 'terraform', 'cloudformation', 'aws-cli'].map((format) =>
          browser.get(`/connections/${id}/setup?step=role&format=${format}`),
        ),
      )),
    ];
    for (const { text, status } of pages) {
      expect(status).toBeLessThan(500);
      // Elements outside quoted text: only the pages' own markup.
      expect(text).not.toMatch(/<script(?! src="\/assets\/)|<img|<[^>]*\sonerror\s*=(?![^<]*&)/i);
      expect(text.match(/<script/g)).toHaveLength(1);
    }
    expect(wordsOf(pages[2] as WebPage)).toContain(name.replace('&lt;b&gt;', '<b>').slice(0, 8).trim());
    for (const each of [id, scope]) await vendor.call('DELETE', `/v1/connections/${each}`);
  });
});

describe('the list', () => {
  test('has search, a status filter, sorting and pages', async () => {
    const many = await startVendor();
    try {
      const other = openWebClient(many.service.url);
      await other.signIn(many.apiKey);
      const add = (from: number, to: number) =>
        Promise.all(
          Array.from({ length: to - from }, (_, number) =>
            many.call('POST', '/v1/connections', { name: `connection ${from + number}.` }),
          ),
        );
      await add(0, 24);
      await add(24, 60);
      const names = (page: WebPage) => [...page.text.matchAll(/connection (\d+)\.</g)].map(([, n]) => n);
      const seen = new Set<string | undefined>();
      let page = await other.get('/connections');
      for (let pages = 1; ; pages++) {
        for (const name of names(page)) seen.add(name);
        const next = /href="([^"]+)" rel="next"/.exec(page.text)?.[1];
        if (next === undefined) {
          expect(pages).toBe(3);
          break;
        }
        page = await other.get(next.replace(/&amp;/g, '&'));
      }
      expect(seen.size).toBe(60);
      expect(names(await other.get('/connections?q=CONNECTION%2059.'))).toContain('59');
      expect(wordsOf(await other.get('/connections?q=missing'))).toContain('No connection matches “missing”');
      expect(names(await other.get('/connections?status=pending'))).toHaveLength(25);
      expect(wordsOf(await other.get('/connections?status=failed'))).toContain(
        'No connection has this status.',
      );
      expect(names(await other.get('/connections?sort=name&q=connection+1')).slice(0, 3)).toEqual([
        '1',
        '10',
        '11',
      ]);
      for (const path of ['?page=0', '?page=-1', '?page=x', '?page=1e9', '?sort=x&status=y', '?q=a&q=b'])
        expect((await other.get(`/connections${path}`)).status).toBe(200);
      await many.call('POST', '/v1/connections', { name: 'connection 7.' });
      expect(wordsOf(await other.get('/connections?q=connection+7.'))).toContain(
        'Another connection has the same name.',
      );
    } finally {
      await many.close();
    }
  });
});

test('GET changes nothing: every form posts', async () => {
  const id = await connected('still');
  const before = JSON.stringify(await show(id));
  for (const path of ['verify', 'check', 'finish', 'external-id', 'callback-secret', 'migrate-to-role'])
    expect((await browser.get(`/connections/${id}/${path}`)).status).toBe(404);
  await browser.get(`/connections/${id}/delete`);
  expect(JSON.stringify(await show(id))).toBe(before);
});
