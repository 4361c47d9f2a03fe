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

async function begin(): Promise<{ id: string; externalId: string }> {
  await browser.get('/connections/new');
  const id = idIn(await browser.post('/connections/new/role', { partition: 'aws' }));
  return show(id);
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
const makeRole = (trustPolicy: object) =>
  vendor.sandbox.createRole(vendor.sandbox.createAccount().accountId, { roleName: 'rolebridge', trustPolicy })
    .arn;
const check = (id: string, roleArn: string) => browser.post(`/connections/${id}/check`, { roleArn });

async function connected(name: string): Promise<string> {
  const { id, externalId } = await begin();
  await check(id, makeRole(exactly(externalId)));
  await browser.post(`/connections/${id}/name`, { name });
  return id;
}
const addScope = (id: string, level: string, names: object = {}, more: object = {}) =>
  browser.post(`/connections/${id}/scopes`, { from: 'connection', mode: 'add', level, ...names, ...more });

describe('connecting with a role', () => {
  test('goes from the first press to a name and a scope', async () => {
    const { id, externalId } = await begin();
    const guide = await browser.get(`/connections/${id}/setup`);
    expect(wordsOf(guide)).toContain(externalId);
    const arn = makeRole(exactly(externalId));
    const page = await check(id, arn);
    expect(wordsOf(page)).toMatch(
      new RegExp(`Connected\\. Account ${arn.split(':')[4]} , session arn:aws:sts::${arn.split(':')[4]}:`),
    );
    await browser.post(`/connections/${id}/name`, { from: 'setup', name: 'production' });
    await browser.post(`/connections/${id}/scopes`, {
      from: 'setup',
      mode: 'set',
      level: 'environment',
      project: 'first',
      environment: 'production',
      architecture: 'left over',
    });
    expect(await show(id)).toMatchObject({
      status: 'connected',
      name: 'production',
      scopes: [{ project: 'first', environment: 'production' }],
    });
  });

  test('left half-way, it is continued from the list', async () => {
    const { id } = await begin();
    const list = await browser.get('/connections');
    expect(list.text).toContain(`href="/connections/${id}/setup"`);
    expect(wordsOf(list)).toContain('No role yet: continue to set it up.');
  });

  test('a deploy that calls back connects it, with the secret that the page shows once', async () => {
    const { id, externalId } = await begin();
    const shown = await browser.post(`/connections/${id}/callback-secret`, { way: 'terraform' });
    const secret = /whsec_[A-Za-z0-9+/]{43}=/.exec(wordsOf(shown))?.[0] ?? '';
    expect(secret).not.toBe('');
    expect((await browser.get(`/connections/${id}/setup?way=terraform`)).text).not.toContain(secret);
    const message = callbackMessage(secret, provisioned(id, makeRole(exactly(externalId))));
    const answer = await fetch(`${vendor.service.url}/v1/callbacks`, { method: 'POST', ...message });
    expect(answer.status).toBe(200);
    expect(wordsOf(await browser.get(`/connections/${id}`))).toContain('connected');
  });

  test('the same role in each way, with the permissions that were chosen', async () => {
    const { id, externalId } = await begin();
    for (const way of ['cdktf', 'terraform', 'cloudformation', 'aws-cli']) {
      const page = await browser.get(`/connections/${id}/setup?way=${way}&permissions=security-audit`);
      const text = /<pre[^>]*><code>([\s\S]*?)<\/code>/.exec(page.text)?.[1] ?? '';
      expect(text).toContain(externalId);
      expect(text).toMatch(/SecurityAudit|security-audit/);
      // A template offers the others as parameters.
      if (way !== 'cloudformation') expect(text).not.toMatch(/ReadOnlyAccess|read-only/);
    }
    const consoleWay = await browser.get(`/connections/${id}/setup?permissions=administrator`);
    const link = /href="(https:\/\/console\.aws\.amazon\.com[^"]+)"/.exec(consoleWay.text)?.[1] ?? '';
    expect(link).toContain(externalId);
    expect(link).toContain('AdministratorAccess');
  });
});

describe('a check that fails says what, what it means and what to do', () => {
  test.each([
    ['without an external ID', () => trust(), 'can be assumed without the external ID'],
    [
      'with any external ID',
      () => trust({ StringLike: { 'sts:ExternalId': '*' } }),
      'can be assumed with any external ID',
    ],
    ['with another external ID', () => exactly('rb-another'), 'AWS denies the vendor AssumeRole'],
    [
      'that trusts somebody else',
      () => trust(undefined, 'arn:aws:iam::999999999999:root'),
      'AWS denies the vendor AssumeRole',
    ],
  ])('of a role %s', async (_name, policy, says) => {
    const { id, externalId } = await begin();
    const page = await check(id, makeRole(policy()));
    expect(page.status).toBe(422);
    const words = wordsOf(page);
    expect(words).toContain(says);
    expect(words).toContain('The check that failed:');
    expect(words).toContain('What to do:');
    const shown = /<code>(\{[\s\S]*?\})<\/code>/.exec(page.text)?.[1] ?? '';
    const pasted = JSON.parse(shown.replace(/&quot;/g, '"'));
    expect(pasted).toEqual(exactly(externalId));
    // What the page says to paste works.
    const again = await check(id, makeRole(pasted));
    expect(wordsOf(again)).toContain('Connected.');
  });

  test.each([
    ['user', 'arn:aws:iam::123456789012:user/x'],
    ['a session', 'arn:aws:sts::123456789012:assumed-role/x/y'],
    ['a space at the end', 'arn:aws:iam::123456789012:role/x '],
    ['a look-alike', 'arn:aws:iam::123456789012:rоle/x'],
    ['nothing', ''],
    ['a script', '"><script>alert(1)</script>'],
  ])('of what is no ARN of a role: %s', async (_name, roleArn) => {
    const { id } = await begin();
    const page = await check(id, roleArn);
    expect(page.status).toBe(400);
    expect(wordsOf(page)).toContain('This is not the ARN of an IAM role');
    expect(page.text).not.toContain('<script>alert');
    expect((await show(id)).status).toBe('pending');
  });

  test("of a role in the vendor's account", async () => {
    const { id } = await begin();
    const page = await check(id, `arn:aws:iam::${vendor.vendorAccount.accountId}:role/x`);
    expect([page.status, wordsOf(page)]).toEqual([422, expect.stringContaining("can't be connected")]);
  });

  test('of a role that another connection has', async () => {
    const first = await begin();
    const arn = makeRole(trust({ StringEquals: { 'sts:ExternalId': first.externalId } }));
    await check(first.id, arn);
    const second = await begin();
    vendor.sandbox.updateTrustPolicy(arn, exactly(second.externalId));
    const page = await check(second.id, arn);
    expect([page.status, wordsOf(page)]).toEqual([409, expect.stringContaining('already connected')]);
    expect((await show(second.id)).status).toBe('failed');
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

  test('checks it first, then asks where it applies; another key can take its place', async () => {
    await browser.get('/connections/new/access-key');
    const given = key();
    const page = await browser.post('/connections/new/access-key', given);
    const id = idIn(page);
    expect(page.url).toBe(`/connections/${id}/setup?done=connected#scope`);
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
    ['a space after it', { secretAccessKey: `${'a'.repeat(40)} ` }, 'Secret access key: must be'],
    ['no name', { name: '' }, 'Name:'],
  ])('is refused with %s, which is not shown again', async (_name, more, says) => {
    const given = key(more);
    const page = await browser.post('/connections/new/access-key', given);
    expect(page.status).toBe(422);
    expect(wordsOf(page)).toContain(says);
    expect(page.text).not.toContain(given.secretAccessKey);
  });

  test("the root user's is refused", async () => {
    const { root } = vendor.sandbox.createAccount();
    const page = await browser.post('/connections/new/access-key', { ...key(), ...root });
    expect(wordsOf(page)).toContain("root user's");
  });
});

describe('where a connection applies', () => {
  test('each of the four levels; a missing or impossible name is said', async () => {
    const id = await connected('levels');
    await addScope(id, 'organization');
    await addScope(id, 'project', { project: 'levels' });
    await addScope(id, 'environment', { project: 'levels', environment: 'e' });
    await addScope(id, 'architecture', { project: 'levels', environment: 'e', architecture: 'a' });
    expect((await show(id)).scopes).toHaveLength(4);
    const missing = await addScope(id, 'environment', { project: 'levels' });
    expect([missing.status, wordsOf(missing)]).toEqual([
      400,
      expect.stringContaining('The name of the environment is missing.'),
    ]);
    const wrong = await addScope(id, 'project', { project: '<script>' });
    expect(wrong.status).toBe(400);
    expect(wrong.text).not.toContain('<script>"');
    for (const key of ['', 'levels', 'levels/e'])
      await browser.post(`/connections/${id}/scopes`, { from: 'connection', mode: 'remove', key });
    expect((await show(id)).scopes).toEqual([{ project: 'levels', environment: 'e', architecture: 'a' }]);
  });

  test('a scope that another holds says which, and can be replaced', async () => {
    const holder = await connected('the holder');
    await addScope(holder, 'project', { project: 'taken' });
    const id = await connected('the next');
    const page = await addScope(id, 'project', { project: 'taken' });
    expect(page.status).toBe(409);
    expect(wordsOf(page)).toContain('project taken is held by the holder');
    expect(page.text).toContain(`<a href="/connections/${holder}">the holder</a>`);
    expect((await show(id)).scopes).toEqual([]);
    await addScope(id, 'project', { project: 'taken' }, { replace: 'yes' });
    expect([(await show(id)).scopes, (await show(holder)).scopes]).toEqual([[{ project: 'taken' }], []]);
  });

  test('the page shows what each level resolves to, and deleting says what does afterwards', async () => {
    const wide = await connected('wide');
    await addScope(wide, 'project', { project: 'tree' });
    const id = await connected('narrow');
    await addScope(id, 'environment', { project: 'tree', environment: 'production' });
    expect(wordsOf(await browser.get(`/connections/${id}`))).toMatch(
      /tree → wide \(connected\).*production → this connection/,
    );
    // Of the wider one's, what narrower ones hold, and the levels between.
    const web = await connected('narrower');
    await addScope(web, 'architecture', { project: 'tree', environment: 'test', architecture: 'web' });
    const tree = await browser.get(`/connections/${wide}`);
    expect(wordsOf(tree)).toMatch(
      /tree → this connection production → narrow \(connected\) test → this connection web → narrower \(connected\)/,
    );
    expect(tree.text).toContain(`<a href="/connections/${web}">narrower</a>`);
    const ask = await browser.get(`/connections/${id}/delete`);
    expect(wordsOf(ask)).toContain('project tree, environment production → wide (connected)');
    const wrong = await browser.post(`/connections/${id}/delete`, { name: 'narro' });
    expect(wordsOf(wrong)).toContain('Nothing was deleted.');
    expect((await show(id)).status).toBe('connected');
    const gone = await browser.post(`/connections/${id}/delete`, { name: 'narrow' });
    expect(gone.url).toBe('/connections?done=deleted');
    expect((await vendor.call('GET', `/v1/connections/${id}`)).status).toBe(404);
  });
});

describe('one connection', () => {
  test('shows its checks with times, and its history with who did what', async () => {
    const id = await connected('history');
    const words = wordsOf(await browser.get(`/connections/${id}`));
    expect(words).toMatch(/Verified done .* on this page/);
    expect(words).toMatch(/Renamed done .*to “history”/);
    expect(words).toMatch(/Last checked \d{4}-\d\d-\d\d \d\d:\d\d UTC/);
  });

  test('the external ID is changed without downtime, or not', async () => {
    const id = await connected('external id');
    const page = await browser.post(`/connections/${id}/external-id`);
    expect(page.url).toBe(`/connections/${id}/setup?done=external-id#create`);
    const kept = await browser.post(`/connections/${id}/external-id/cancel`);
    expect(wordsOf(kept)).toContain('The external ID stays as it was.');
  });

  test('nobody else’s is shown, and an unknown one looks the same', async () => {
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

describe('names that want to be more than names', () => {
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
    await addScope(id, 'project', { project: `p${hostile.indexOf(name)}` });
    const pages = [
      await browser.get('/connections'),
      await browser.get(`/connections?q=${encodeURIComponent(name)}`),
      await browser.get(`/connections/${id}`),
      await browser.get(`/connections/${id}/delete`),
      await browser.get(`/connections/${id}/setup`),
      await browser.get(
        `/connections/${id}/setup?way=${encodeURIComponent(name)}&permissions=${encodeURIComponent(name)}`,
      ),
      await browser.get(
        `/connections/${id}?done=${encodeURIComponent(name)}&before=${encodeURIComponent(name)}`,
      ),
      await addScope(scope, 'project', { project: `p${hostile.indexOf(name)}` }),
      ...(await Promise.all(
        ['cdktf', 'terraform', 'cloudformation', 'aws-cli'].map((way) =>
          browser.get(`/connections/${id}/setup?way=${way}`),
        ),
      )),
    ];
    for (const { text, status } of pages) {
      expect(status).toBeLessThan(500);
      // Elements of its own, outside of what is quoted: the markup that the pages themselves have, and no more.
      expect(text).not.toMatch(/<script(?! src="\/assets\/)|<img|<[^>]*\sonerror\s*=(?![^<]*&)/i);
      expect(text.match(/<script/g)).toHaveLength(1);
    }
    expect(wordsOf(pages[2] as WebPage)).toContain(name.replace('&lt;b&gt;', '<b>').slice(0, 8).trim());
    for (const each of [id, scope]) await vendor.call('DELETE', `/v1/connections/${each}`);
  });
});

describe('the list', () => {
  test('has a search and pages from 25 on', async () => {
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
      expect((await other.get('/connections')).text).not.toContain('type="search"');
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
      expect(wordsOf(await other.get('/connections?q=nobody'))).toContain('No connection matches “nobody”');
    } finally {
      await many.close();
    }
  });
});

test('nothing is changed by GET, and nothing can be: every form posts', async () => {
  const id = await connected('still');
  const before = JSON.stringify(await show(id));
  for (const path of [
    'verify',
    'check',
    'name',
    'scopes',
    'external-id',
    'callback-secret',
    'migrate-to-role',
  ])
    expect((await browser.get(`/connections/${id}/${path}`)).status).toBe(404);
  await browser.get(`/connections/${id}/delete`);
  expect(JSON.stringify(await show(id))).toBe(before);
});
