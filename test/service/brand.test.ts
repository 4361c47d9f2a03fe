/** The vendor's brand file: its schema, its effect on the pages, and that nothing says Rolebridge then. */
import { execFile } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { loadBrand } from '../../service/web/load-brand.js';
import { callbackMessage, connectionCheck, deprovisioned, provisioned } from '../callback-message.js';
import { runCommandLine as runCommand } from '../command-line.js';
import { startVendor, type Vendor } from '../vendor.js';
import { openWebClient, type WebClient, wordsOf } from '../web-client.js';

const colors = { accent: '#0f6b5c', onAccent: '#ffffff', accentDark: '#6fd6c2', onAccentDark: '#06201b' };
const northwind = {
  name: 'Northwind Cloud',
  platform: 'cloud',
  logo: 'logo.svg',
  favicon: 'logo.svg',
  colors,
  links: { help: 'https://northwind.example/help', privacy: 'https://northwind.example/privacy' },
  homeUrl: 'https://app.northwind.example/settings',
  returnUrls: ['https://app.northwind.example/'],
  externalIdPrefix: 'nwc-',
};

function brandFile(content: unknown = northwind, logo = '<svg xmlns="http://www.w3.org/2000/svg"/>'): string {
  const folder = mkdtempSync(join(tmpdir(), 'brand-'));
  writeFileSync(join(folder, 'logo.svg'), logo);
  writeFileSync(join(folder, 'notes.txt'), 'x');
  writeFileSync(join(folder, 'brand.json'), typeof content === 'string' ? content : JSON.stringify(content));
  return join(folder, 'brand.json');
}

const run = promisify(execFile);
const tsx = join(process.cwd(), 'node_modules/tsx/dist/cli.mjs');

/** Where a text names the product; packages, modules, classes, elements and headers may. */
const said = (text: string): string | undefined =>
  /.{0,60}rolebridge.{0,40}/i.exec(
    text.replace(/@rolebridge\/[\w/.-]+|x-rolebridge-[\w-]+|rolebridge-callback|ROLEBRIDGE_[A-Z_]+/gi, ''),
  )?.[0];

describe('a brand file', () => {
  test.each([
    ['no name', { ...northwind, name: ' ' }, /name: /],
    ['a member that there is not', { ...northwind, color: '#fff' }, /color/],
    [
      'a color by name',
      { ...northwind, colors: { ...colors, accent: 'teal' } },
      /colors\.accent: must be a color/,
    ],
    [
      'text that is hard to read on the accent',
      { ...northwind, colors: { ...colors, onAccent: '#888888' } },
      /colors\.onAccent on colors\.accent has a contrast of [\d.]+:1; it must have 4\.5:1/,
    ],
    [
      'an accent that is hard to read on the page',
      { ...northwind, colors: { ...colors, accent: '#f5d76e', onAccent: '#000000' } },
      /colors\.accent on #ffffff, the light page/,
    ],
    [
      'a link of http',
      { ...northwind, links: { help: 'http://northwind.example' } },
      /links\.help: must be an https URL/,
    ],
    ['a link of a script', { ...northwind, homeUrl: 'javascript:alert(1)' }, /homeUrl: /],
    ['a logo of another kind', { ...northwind, logo: 'notes.txt' }, /logo: must be an \.svg/],
    ['a logo that there is not', { ...northwind, logo: 'none.svg' }, /logo: can't be read/],
    ['a prefix with capitals', { ...northwind, externalIdPrefix: 'NWC-' }, /externalIdPrefix: /],
    ['no JSON', '{', /is not JSON/],
  ])('with %s is refused', (_name, content, message) => {
    expect(() => loadBrand(brandFile(content))).toThrow(message);
  });

  test('with a script in its logo is refused', () => {
    expect(() => loadBrand(brandFile(northwind, '<svg><script>alert(1)</script></svg>'))).toThrow(
      'without scripts',
    );
  });

  test('is checked on the command line', async () => {
    const good = await runCommand(['brand', 'check', brandFile()]);
    expect([good.code, good.stdout]).toEqual([0, expect.stringContaining('Northwind Cloud: valid.')]);
    const bad = await runCommand(['brand', 'check', brandFile({ name: 'x', colors: {} })]);
    expect([bad.code, bad.stderr]).toEqual([2, expect.stringContaining('colors.accent')]);
  });
});

describe('with a brand file', () => {
  let vendor: Vendor;
  let browser: WebClient;
  beforeAll(async () => {
    vendor = await startVendor({ brand: loadBrand(brandFile()), propagationWindowMs: 300 });
    browser = openWebClient(vendor.service.url);
    await browser.signIn(vendor.apiKey);
  });
  afterAll(() => vendor.close());

  test('the pages have its name, logo, colors and links', async () => {
    const page = await browser.get('/connections');
    expect(page.text).toContain('<title>AWS connections · Northwind Cloud</title>');
    expect(page.text).toMatch(/<img class="brand-mark" src="\/assets\/logo\.\w+\.svg"/);
    expect(page.text).toMatch(/<link rel="icon" href="\/assets\/favicon\.\w+\.svg"/);
    expect(page.text).toContain('href="https://northwind.example/help"');
    expect(page.text).toContain('href="https://app.northwind.example/settings"');
    const style = /\/assets\/page\.\w+\.css/.exec(page.text)?.[0] ?? '';
    expect((await browser.get(style)).text).toContain('--brand-accent:#0f6b5c');
  });

  test('external IDs have its prefix', async () => {
    const { body } = await vendor.call('POST', '/v1/connections', { name: 'prefix' });
    expect(body.externalId).toMatch(/^nwc-[a-z2-7]{48}$/);
    const rotated = await vendor.call('POST', `/v1/connections/${body.id}/rotate-external-id`, {});
    expect(rotated.body.externalId ?? rotated.body.pendingExternalId).toMatch(/^nwc-/);
  });

  test('no customer page says Rolebridge', async () => {
    const { accountId } = vendor.sandbox.createAccount();
    const given = { name: 'customer', expectedAccountId: accountId };
    const { body } = await vendor.call('POST', '/v1/connections', given);
    const roleName = 'customer-role';
    const { arn } = vendor.sandbox.createRole(accountId, { roleName, trustPolicy: body.trustPolicy });
    const paths = ['/connections/new', '/connections/new/access-key', `/connections/${body.id}/setup`];
    const pages = [await openWebClient(vendor.service.url).get('/sign-in')];
    for (const path of paths) pages.push(await browser.get(path));
    await vendor.call('PUT', `/v1/connections/${body.id}/role`, { roleArn: arn });
    for (const path of ['', '/setup', '/connected', '/scope', '/name', '/rotate', '/delete'])
      pages.push(await browser.get(`/connections/${body.id}${path}`));
    const message = callbackMessage(body.callbackSecret, deprovisioned(body.id, arn));
    await fetch(`${vendor.service.url}/v1/callbacks`, { method: 'POST', ...message });
    pages.push(await browser.get(`/connections/${body.id}`), await browser.get('/connections'));
    pages.push(await browser.get('/connections/nothing'), await browser.get('/problems/role_not_assumable'));
    for (const page of pages) {
      expect([page.url, page.status]).not.toEqual([page.url, 500]);
      // The principal of the test's vendor has that name.
      const words = wordsOf(page).replaceAll(vendor.principal, '');
      expect([page.url, /.{0,40}(rolebridge|the vendor\b).{0,40}/i.exec(words)?.[0]]).toEqual([
        page.url,
        undefined,
      ]);
    }
  });

  test('no failed check and no answer to a stack says Rolebridge or "the vendor"', async () => {
    const { accountId } = vendor.sandbox.createAccount();
    const given = { name: 'refused', expectedAccountId: accountId };
    const { body } = await vendor.call('POST', '/v1/connections', given);
    const statement = { Effect: 'Allow', Principal: { AWS: vendor.principal }, Action: 'sts:AssumeRole' };
    const trustPolicy = { Version: '2012-10-17', Statement: [statement] };
    const { arn } = vendor.sandbox.createRole(accountId, { roleName: 'refused', trustPolicy });
    const checked = await send(
      body.callbackSecret,
      connectionCheck(body.id, accountId, { roleArn: arn.replace(':aws:', ':aws-cn:') }),
    );
    expect(checked.text).toContain('Northwind Cloud has no principal in partition');
    const refused = await send(body.callbackSecret, provisioned(body.id, arn));
    expect(refused.status).toBe(422);
    expect(refused.text).toContain('anyone who makes Northwind Cloud use this ARN');
    await vendor.call('DELETE', `/v1/connections/${body.id}`);
    const ended = await send(body.callbackSecret, provisioned(body.id, arn));
    expect(ended.text).toContain('Ask Northwind Cloud for a new connection');
    for (const { text } of [refused, ended])
      expect(said(text.replaceAll(vendor.principal, ''))).toBeUndefined();
  });

  test('no template, IAM description or downloaded file says Rolebridge or "the vendor"', async () => {
    const { accountId } = vendor.sandbox.createAccount();
    const { body } = await vendor.call('POST', '/v1/connections', {
      name: 'templates',
      expectedAccountId: accountId,
    });
    const texts = new Map<string, string>();
    const collect = (path: string, value: unknown): void => {
      if (typeof value === 'string') texts.set(path, value);
      else if (value && typeof value === 'object')
        for (const [name, each] of Object.entries(value)) collect(`${path}.${name}`, each);
    };
    collect('connection', body);
    collect('templates', (await vendor.call('GET', `/v1/connections/${body.id}/role-templates`)).body);
    for (const path of ['/downloads/cloudformation.yaml'])
      texts.set(path, await (await fetch(vendor.service.url + path)).text());
    expect(texts.size).toBeGreaterThan(5);
    const { roleTemplates } = body;
    expect(roleTemplates.terraformModule).toContain('module "northwind-cloud" {');
    expect(roleTemplates.terraform).toMatch(/vendor_name += "northwind-cloud"/);
    expect(roleTemplates.cdktn).toContain('new AwsConnection(stack, "northwind-cloud", {');
    for (const name of ['terraform', 'awsCli', 'cloudFormation'])
      expect(roleTemplates[name]).toContain('Cross-account access for Northwind Cloud');
    for (const [path, text] of texts) {
      expect([path, said(text.replaceAll(vendor.principal, ''))]).toEqual([path, undefined]);
      expect([path, /.{0,60}\bthe vendor\b.{0,40}/i.exec(text)?.[0]]).toEqual([path, undefined]);
    }
  });

  test('init, run against the service, writes and prints nothing that says Rolebridge', async () => {
    const { accountId } = vendor.sandbox.createAccount();
    const given = { name: 'init', expectedAccountId: accountId };
    const { body } = await vendor.call('POST', '/v1/connections', given);
    const code = await vendor.call('POST', `/v1/connections/${body.id}/setup-code`, {});
    const folder = mkdtempSync(join(tmpdir(), 'brand-init-'));
    const main = join(process.cwd(), 'constructs/init/main.ts');
    for (const cdk of ['cdktf', 'cdktn']) {
      const words = ['init', join(folder, cdk), '--setup', code.body.link, '--cdk', cdk, '--yes'];
      const { stdout, stderr } = await run(process.execPath, [tsx, main, ...words], { cwd: folder });
      const files = readdirSync(join(folder, cdk), { recursive: true, encoding: 'utf8' });
      expect(files).toContain('main.ts');
      const texts = files
        .map((name) => join(folder, cdk, name))
        .filter((path) => statSync(path).isFile())
        .map((path) => readFileSync(path, 'utf8'));
      for (const text of [stdout, stderr, ...files, ...texts])
        expect(said(text.replaceAll(vendor.principal, '').replaceAll(main, ''))).toBeUndefined();
    }
  });

  test('the script of a stack, run against the service, prints nothing that says Rolebridge', async () => {
    const { accountId } = vendor.sandbox.createAccount();
    const given = { name: 'script', expectedAccountId: accountId };
    const { body } = await vendor.call('POST', '/v1/connections', given);
    const statement = { Effect: 'Allow', Principal: { AWS: vendor.principal }, Action: 'sts:AssumeRole' };
    const { arn, roleId } = vendor.sandbox.createRole(accountId, {
      roleName: 'script',
      trustPolicy: { Version: '2012-10-17', Statement: [statement] },
    });
    const report = (event: string, secret = body.callbackSecret) =>
      run(process.execPath, [join(process.cwd(), 'constructs/callback-script/rolebridge-callback.cjs')], {
        env: {
          PATH: process.env.PATH,
          CONNECT_EVENT: event,
          CONNECT_CONNECTION_ID: body.id,
          CONNECT_CALLBACK_URL: `${vendor.service.url}/v1/callbacks`,
          CONNECT_CALLBACK_SECRET: secret,
          CONNECT_ROLE_ARN: arn,
          CONNECT_ROLE_ID: roleId,
          CONNECT_EXTERNAL_ID: body.externalId,
          CONNECT_ACCOUNT_ID: accountId,
        },
      }).catch((failed: { stdout: string; stderr: string }) => failed);
    const outputs = [await report('role.provisioned'), await report('connection.check')];
    vendor.sandbox.updateTrustPolicy(arn, body.trustPolicy);
    outputs.push(await report('role.provisioned'), await report('role.deprovisioned'));
    outputs.push(await report('role.provisioned', `whsec_${'A'.repeat(43)}=`));
    const words = outputs.map(({ stdout, stderr }) => `${stdout}${stderr}`.replaceAll(vendor.principal, ''));
    expect(words[0]).toContain('external ID');
    expect(words[2]).toMatch(/connected/i);
    for (const text of words) expect([text, said(text)]).toEqual([text, undefined]);
  });

  async function send(secret: string, message: Parameters<typeof callbackMessage>[1]) {
    const response = await fetch(`${vendor.service.url}/v1/callbacks`, {
      method: 'POST',
      ...callbackMessage(secret, message),
    });
    return { status: response.status, text: await response.text() };
  }
});
