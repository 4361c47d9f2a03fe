/**
 * Bad input by family for every form and every parameter of the pages, read from the pages in every state: it is
 * answered and escaped, what was typed stays, and no scope widens.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { decoded, type Form, formsIn, isHidden, isSecret, isTyped, sentOf } from '../forms.js';
import { startVendorInEveryState } from '../real/every-page.js';
import { operatorToken } from '../real/every-state.js';
import { openWebClient, type WebClient, type WebPage } from '../web-client.js';

let started: Awaited<ReturnType<typeof startVendorInEveryState>>;
let browser: WebClient;
/** By path and name, ids left out: a place where it is used. */
const parameters = new Map<string, readonly [path: string, name: string]>();
/** By where it is sent and its fields, ids left out. */
const forms = new Map<string, { readonly page: string; readonly form: Form }>();

/** Those that no link of a page has. */
const others: Record<string, readonly string[]> = {
  '/sign-in/link': ['token', 'lang', 'theme'],
  '/operator/sign-in/link': ['token'],
  '/connections': ['done', 'lang', 'page'],
  '/operator/webhooks': ['after', 'done'],
  '/operator': ['after', 'before', 'sort', 'lang'],
  '/operator/organizations': ['after', 'before'],
  '/operator/audit': ['before'],
  '/operator/connections.csv': ['status', 'assurance', 'code', 'set', 'q', 'sort', 'after', 'before'],
};

beforeAll(async () => {
  started = await startVendorInEveryState();
  const { vendor, pages, ids } = started;
  browser = openWebClient(vendor.service.url);
  await browser.get('/operator/sign-in');
  await browser.post('/operator/sign-in', { token: operatorToken });
  await browser.signIn(vendor.apiKey);
  for (const { path, as } of pages.filter(({ as = 'anonymous' }) => ['anonymous', 'operator'].includes(as))) {
    // Signed in, the form to sign in is still there.
    const { text } = await browser.get(path);
    const found = formsIn(text);
    for (const form of found.filter(({ method }) => method === 'post'))
      forms.set(`${withoutIds(form.action)} ${namesOf(form).join()}`, { page: path, form });
    const links = [...text.matchAll(/<a [^>]*href="(\/[^"#]*)/g)].map(([, href = '']) => decoded(href));
    const searches = found.filter(({ method }) => method === 'get');
    for (const href of [path, ...links]) {
      const { pathname, searchParams } = new URL(href, vendor.service.url);
      for (const name of searchParams.keys()) add(pathname, name);
    }
    for (const { action, fields } of searches) for (const { name } of fields) add(action, name);
    if (as === undefined) add(new URL(path, vendor.service.url).pathname, 'done');
  }
  for (const [path, names] of Object.entries(others)) for (const name of names) add(path, name);
  for (const name of ['to', 'format']) add(`/connections/${ids.proven}/rotate`, name);
  for (const name of ['request', 'format']) add(`/connections/${ids.proven}/checking`, name);
  add(`/connections/${ids.proven}`, 'before');
}, 60_000);
afterAll(() => started.vendor.close());

/** The code of the pages: a form or a parameter that is new is tried here, or fails this test. */
const sources = readdirSync('service/web', { recursive: true, encoding: 'utf8' })
  .filter((name) => /\.tsx?$/.test(name))
  .map((name) => ({ name, text: readFileSync(join('service/web', name), 'utf8') }));
const named = (pattern: RegExp, { text }: { text: string }) =>
  [...text.matchAll(pattern)].map(([, name = '']) => name);

test('knows every form and every parameter of the pages', () => {
  const sent = new Set([...forms.keys()].map((form) => form.split(' ')[0]));
  const routes = sources.flatMap((source) =>
    named(/\.post\('([^']+)'/g, source).map((route) =>
      source.name.startsWith('operator/') ? `/operator${route}` : route,
    ),
  );
  expect(routes.filter((route) => !sent.has(route))).toEqual([]);
  const tried = new Set([...parameters.values()].map(([, name]) => name));
  const read = sources.flatMap((source) => named(/(?:\bqueried\('|\basked\('|\bid\(')(\w+)/g, source));
  expect(read.filter((name) => !tried.has(name))).toEqual([]);
  expect(routes.length).toBeGreaterThan(20);
  expect(new Set(read).size).toBeGreaterThan(15);
});

const withoutIds = (path: string) => path.replace(/\b(con|org|key)_[a-z0-9]+/g, ':id');
const add = (path: string, name: string) => parameters.set(`${withoutIds(path)}?${name}`, [path, name]);
const namesOf = ({ fields }: Form) => [...new Set(fields.map(({ name }) => name))];

/** One of each family: markup, prototypes, paths, SQL, control characters, direction, too long, too small, not a number. */
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
  'a/b/c/d',
  '',
];
const raw = ['%', '%ED%A0%80', '%00'];

function expectHarmless(what: readonly string[], { status, text, headers }: WebPage): void {
  expect([...what, status < 500]).toEqual([...what, true]);
  expect([...what, /<script>alert|<img src=x/.test(text)]).toEqual([...what, false]);
  expect([...what, headers.get('set-cookie')?.includes('x=1') ?? false]).toEqual([...what, false]);
}

test('every parameter of a page takes anything', async () => {
  expect(parameters.size).toBeGreaterThan(35);
  for (const [path, name] of parameters.values()) {
    const queries = [
      ...families.map((value) => `${name}=${encodeURIComponent(value)}`),
      ...raw.map((value) => `${name}=${value}`),
      ...[`${name}=a&${name}=b`, `${name}[]=a`, `${name}[x]=a`],
    ];
    for (const query of queries) expectHarmless([path, query], await browser.get(`${path}?${query}`));
  }
}, 120_000);

test('every page takes every parameter at once, and no link changes anything', async () => {
  const before = await scopes();
  const names = [...new Set([...parameters.values()].map(([, name]) => name))];
  const paths = new Map([...parameters.values()].map(([path]) => [withoutIds(path), path]));
  for (const path of paths.values())
    for (const value of families) {
      const query = new URLSearchParams(names.map((name): [string, string] => [name, value]));
      expectHarmless([path, value], await browser.get(`${path}?${query}`));
    }
  expect(await scopes()).toEqual(before);
}, 120_000);

test('every hidden value of a form takes anything, and changes no scope', async () => {
  const hidden = [...forms.values()].filter(({ form }) => form.fields.every(isHidden));
  expect(hidden.length).toBeGreaterThan(5);
  for (const { page, form } of hidden)
    for (const { name } of form.fields.filter((field) => field.name !== 'csrf'))
      for (const value of families) {
        const before = await scopes();
        await browser.get(page);
        const { csrf: _, ...sent } = filled(form);
        expectHarmless(
          [form.action, name, value],
          await browser.post(form.action, { ...sent, [name]: value }),
        );
        expect(await scopes()).toEqual(before);
      }
}, 120_000);

/** Where every connection applies. */
async function scopes(): Promise<Map<string, string>> {
  const { body } = await started.vendor.call('GET', '/v1/connections?limit=100');
  return new Map(
    body.connections.map(({ id, scopes }: { id: string; scopes: object[] }) => [id, JSON.stringify(scopes)]),
  );
}

/** A person's input: something in every field, and never the widest scope. */
function filled({ fields }: Form): Record<string, string[]> {
  const entries = [...new Set(fields.map(({ name }) => name))].map((name): [string, string[]] => {
    const own = fields.filter((field) => field.name === name);
    const [first] = own;
    if (first === undefined || isHidden(first)) return [name, own.map(({ value }) => value)];
    if (isTyped(first)) return [name, [`typed-${name}`]];
    const values = own.map(({ value }) => value).filter((value) => value !== '');
    return [name, first.kind === 'radio' ? values.slice(-1) : values.filter((_, index) => index % 2 === 0)];
  });
  return Object.fromEntries(entries);
}

test('every form keeps what was typed, says what is wrong, and widens no scope', async () => {
  const shown = [...forms.values()].filter(({ form }) => form.fields.some((field) => !isHidden(field)));
  expect(shown.length).toBeGreaterThan(9);
  const lost: string[] = [];
  for (const { page, form } of shown) {
    const sendable = form.fields.filter((field) => !isHidden(field) || field.name !== 'csrf');
    for (const name of new Set(sendable.map((field) => field.name)))
      for (const value of families) {
        const given = filled(form);
        const broken = form.fields.some((field) => field.name === name && field.kind === 'checkbox');
        const { csrf: _, ...sent } = { ...given, [name]: broken ? [...(given[name] ?? []), value] : [value] };
        const before = await scopes();
        // This rename allows the deletion.
        await started.vendor.call('PATCH', `/v1/connections/${started.ids.proven}`, { name: 'webshop' });
        await browser.get(page);
        const answer = await browser.post(form.action, sent);
        const what = [form.action, name, value.slice(0, 40)];
        expectHarmless(what, answer);
        const after = await scopes();
        for (const [id, had] of before)
          if (!had.includes('{}'))
            expect([...what, after.get(id)?.includes('{}') ?? false]).toEqual([...what, false]);
        if (answer.status < 400) continue;
        expect([...what, ...after]).toEqual([...what, ...before]);
        const again = formsIn(answer.text).find(({ action }) => action === form.action);
        if (again === undefined) lost.push(`${what.join(' ')}: ${answer.status}`);
        else {
          expect([...what, kept(again, name)]).toEqual([
            ...what,
            kept({ ...form, fields: chosen(form, sent) }, name),
          ]);
          const isMarked = /aria-invalid="true"|role="alert"/.test(answer.text);
          expect([...what, isMarked]).toEqual([...what, true]);
        }
      }
  }
  expect(lost).toEqual([]);
}, 240_000);

/** The form as it was sent. */
const chosen = ({ fields }: Form, sent: Record<string, string[]>) =>
  fields.map((field) =>
    isTyped(field)
      ? { ...field, value: sent[field.name]?.[0] ?? '' }
      : { ...field, isChosen: sent[field.name]?.includes(field.value) ?? false },
  );

/** Values of all fields but the wrong one and the secret ones, which are never shown again. */
const kept = ({ fields }: Pick<Form, 'fields'>, wrong: string) =>
  Object.fromEntries(
    fields
      .filter((field) => !isHidden(field) && !isSecret(field) && field.name !== wrong)
      .map(({ name }) => [name, sentOf(fields, name).sort()]),
  );
