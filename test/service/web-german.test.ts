/** The pages in German: no English is left, in attributes, built sentences and beside wrong input neither. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { errorCatalog } from '../../service/domain/error-catalog/index.js';
import { de } from '../../service/web/texts/de.js';
import { en } from '../../service/web/texts/en.js';
import { formsIn, isHidden, isTyped } from '../forms.js';
import { startVendorInEveryState } from '../real/every-page.js';
import { operatorToken } from '../real/every-state.js';
import { openWebClient, type WebClient, type WebPage } from '../web-client.js';

let started: Awaited<ReturnType<typeof startVendorInEveryState>>;
beforeAll(async () => {
  started = await startVendorInEveryState();
}, 60_000);
afterAll(() => started.vendor.close());

const value = '4711';
const brand = { name: 'Northwind Cloud', platform: 'platform' };

/** The sentences of a catalog; of those that a function builds, what stands around its values. */
function textsIn(texts: unknown): string[] {
  if (typeof texts === 'string')
    return texts
      .split(value)
      .map((text) => text.replace(/[`*]/g, '').trim())
      .filter((text) => text.split(' ').length > 2);
  if (typeof texts === 'function') return textsIn(builtBy(texts));
  return texts && typeof texts === 'object' ? Object.values(texts).flatMap(textsIn) : [];
}

/** Those that look something up by a name find nothing: what they find is in the catalogs, too. */
function builtBy(build: CallableFunction): unknown {
  try {
    return Reflect.apply(build, undefined, Array<string>(build.length).fill(value));
  } catch {
    return undefined;
  }
}

const german = new Set(textsIn(de(brand)));
const english = [...textsIn(en(brand)), ...Object.values(errorCatalog).map(({ title }) => title)].filter(
  (text) => !german.has(text),
);
/** Texts of others: a product's name, what a visitor typed, and the vendor's permission sets. */
const others = [
  'CDK for Terraform',
  'nothing like this',
  ...readdirSync('examples/permission-sets')
    .filter((name) => name.endsWith('.json'))
    .flatMap((name) => {
      const {
        title,
        statements,
        denies = [],
      } = JSON.parse(readFileSync(join('examples/permission-sets', name), 'utf8'));
      return [title, ...[...statements, ...denies].map(({ reason }: { reason: string }) => reason)];
    }),
];
/** Words that are in nearly every English sentence, and in no German one. */
const words =
  /\b(the|of|and|is|this|with|are|to|you|your|can|has|have|from|for|it|or|that|be|by|must|which)\b/gi;

/** All that is read or spoken; without what is marked as English, and code. */
function readIn(html: string): string {
  const body = withoutEnglish(
    html.replaceAll('<wbr/>', '').replace(/<(script|style|pre|code|textarea)\b[\s\S]*?<\/\1>/g, ' '),
  );
  const spoken = body.matchAll(
    / (?:title|alt|aria-label|placeholder|data-(?:copied|selected|lost|busy|filter|say))="([^"]*)"/g,
  );
  const names = [...spoken].map(([, text]) => text);
  const text = [body.replace(/<[^>]*>/g, ' '), ...names].join(' ').replaceAll('&#39;', '’');
  return others.reduce((rest, words) => rest.replaceAll(words, ' '), text.replace(/\s+/g, ' '));
}

/** Elements of the same kind can be within the marked one. */
function withoutEnglish(html: string): string {
  const [start, name = ''] = /<(\w+)[^>]* lang="en"[^>]*>/.exec(html) ?? [];
  if (start === undefined) return html;
  const from = html.indexOf(start);
  let depth = 0;
  for (const tag of html.slice(from).matchAll(new RegExp(`<(/?)${name}\\b[^>]*>`, 'g'))) {
    depth += tag[1] === '' ? 1 : -1;
    if (depth === 0)
      return html.slice(0, from) + withoutEnglish(html.slice(from + tag.index + tag[0].length));
  }
  throw new Error(`${start} has no end.`);
}

function englishOn({ text }: WebPage): string[] {
  const read = readIn(text);
  return [
    ...english.filter((sentence) => ` ${read}`.includes(` ${sentence}`)),
    ...[...read.matchAll(words)].map(({ index }) => read.slice(Math.max(0, index - 40), index + 40)),
  ];
}

/** A browser for each visitor; an embedded page is the same page in another frame. */
async function visitors() {
  const { vendor, ids, newcomerKey, largeKey } = started;
  const open = () => openWebClient(vendor.service.url, 'de');
  const all = {
    member: open(),
    newcomer: open(),
    large: open(),
    operator: open(),
    administrator: open(),
    anonymous: open(),
  };
  await all.member.signIn(vendor.apiKey);
  await all.newcomer.signIn(newcomerKey);
  await all.large.signIn(largeKey);
  await all.operator.get('/operator/sign-in');
  await all.operator.post('/operator/sign-in', { token: operatorToken });
  const given = { connectionId: ids.pending, access: 'connect' };
  const { body } = await vendor.call('POST', '/v1/sign-in-links', given);
  await all.administrator.signInWithLink(body.url.slice(vendor.service.url.length));
  return all;
}

test('no page, and no answer to wrong input, has English text', async () => {
  const left: unknown[] = [];
  const look = (what: string, page: WebPage) => {
    expect([what, page.text.includes('<html lang="de"')]).toEqual([what, true]);
    const found = englishOn(page);
    if (found.length > 0) left.push([what, page.status, ...found.slice(0, 4)]);
  };
  const all = await visitors();
  const pages = [
    ...started.pages,
    ...Object.keys(errorCatalog).map((code) => ({ path: `/problems/${code}`, as: 'anonymous' as const })),
  ];
  const forms = new Map<string, readonly [string, WebClient, ReturnType<typeof formsIn>[number]]>();
  for (const { path, as = 'member' } of pages) {
    if (as === 'embedded') continue;
    const page = await all[as].get(path, { accept: 'text/html' });
    look(path, page);
    for (const form of formsIn(page.text))
      if (form.method === 'post' && form.fields.some(isTyped)) forms.set(form.action, [path, all[as], form]);
  }
  expect(forms.size).toBeGreaterThan(8);
  for (const [path, browser, { action, fields }] of forms.values())
    for (const wrong of ['', '\u202Eabc', '9'.repeat(3_000), 'a/b/c/d']) {
      await browser.get(path);
      const sent = fields
        .filter((field) => field.name !== 'csrf' && (isTyped(field) || isHidden(field)))
        .map((field) => [field.name, isTyped(field) ? wrong : field.value]);
      look(`${action} ${wrong.slice(0, 9)}`, await browser.post(action, Object.fromEntries(sent)));
    }
  expect(left).toEqual([]);
}, 120_000);
