/**
 * Every page in every state, in light and dark, wide and narrow, in English and German: axe, nothing that moves, and
 * nothing that scrolls sideways.
 */
import type { Browser } from 'playwright-core';
import { errorCatalog } from '../../service/domain/error-catalog/index.js';
import { en } from '../../service/web/texts/en.js';
import {
  layoutShift,
  overflow,
  screenshot,
  startChromium,
  type Visitor,
  violations,
  visit,
} from './browser.js';
import { type PageState, startVendorInEveryState } from './every-page.js';
import { operatorToken } from './every-state.js';
import { findChromium, notChecked } from './tools.js';

const executable = findChromium();
if (executable === undefined) notChecked('the looks of every page in Chromium (not installed)');
const inChromium = executable === undefined ? test.skip : test;

let started: Awaited<ReturnType<typeof startVendorInEveryState>>;
let browser: Browser;

beforeAll(async () => {
  if (executable === undefined) return;
  started = await startVendorInEveryState();
  browser = await startChromium(executable);
}, 60_000);
afterAll(async () => {
  await browser?.close();
  await started?.vendor.close();
});

/** `.ci/full` looks at all combinations; otherwise each value once. */
const all = ['light', 'dark'].flatMap((theme) =>
  [1280, 390, 320].flatMap((width) => ['en', 'de'].map((language) => [theme, width, language] as const)),
);
const few = [
  ['dark', 320, 'de'],
  ['light', 1280, 'en'],
  ['dark', 390, 'en'],
] as const;

/** Sentences of the English catalog: on a German page none is left. */
const english = [...textsIn(en({ name: 'Northwind Cloud', platform: 'platform' }))]
  .concat(Object.values(errorCatalog).map(({ title }) => title))
  .map((text) => text.replace(/[`*]/g, ''))
  .filter((text) => text.split(' ').length > 3);

function textsIn(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  return value && typeof value === 'object' ? Object.values(value).flatMap(textsIn) : [];
}

inChromium.each(process.env.ROLEBRIDGE_ALL_LOOKS ? all : few)(
  'every page in %s at %i px in "%s"',
  async (theme, width, language) => {
    const visitors = new Map<PageState['as'], Visitor>();
    const visitorAs = async (as: PageState['as']) => {
      const visitor = visitors.get(as) ?? (await signedIn(as, theme, width, language));
      visitors.set(as, visitor);
      return visitor;
    };
    const worse: unknown[] = [];
    for (const { name, path, as, act } of started.pages) {
      const { page } = await visitorAs(as);
      await page.goto(started.vendor.service.url + path);
      await act?.(page);
      expect([name, await page.locator('html').getAttribute('lang')]).toEqual([name, language]);
      const found = [...(await violations(page)), ...(language === 'de' ? await englishOn(page) : [])];
      // Input may move a page; nothing else does, except for a hair where "just now" turns into "1 min ago".
      const moved = act ? 0 : await layoutShift(page);
      const tooWide = await overflow(page);
      if (found.length > 0 || moved > 0.001 || tooWide > 0) worse.push([name, { moved, tooWide }, ...found]);
      // As one sees it first: what sticks is at its place.
      await page.evaluate('scrollTo(0, 0)');
      await screenshot(page, `${theme}-${width}-${language}/${name}`, { fullPage: true });
    }
    expect(worse).toEqual([]);
    expect([...visitors.values()].flatMap(({ faults }) => faults)).toEqual([]);
    for (const visitor of visitors.values()) await visitor.close();
  },
  600_000,
);

async function signedIn(
  as: PageState['as'],
  theme: string,
  width: number,
  language: string,
): Promise<Visitor> {
  const { vendor, ids, newcomerKey, largeKey } = started;
  const visitor = await visit(browser, vendor, {
    viewport: { width, height: 800 },
    colorScheme: theme === 'dark' ? 'dark' : 'light',
    locale: language,
  });
  if (as === 'anonymous') return visitor;
  const { page } = visitor;
  if (as === 'administrator' || as === 'embedded') {
    const given = as === 'administrator' ? { connectionId: ids.pending, access: 'connect' } : {};
    const { url } = (await vendor.call('POST', '/v1/sign-in-links', given)).body;
    await page.goto(as === 'embedded' ? url.replace('/sign-in/', '/embedded/sign-in/') : url);
  } else {
    const [path, field, secret] =
      as === 'operator'
        ? ['/operator/sign-in', '#token', operatorToken]
        : ['/sign-in', '#apiKey', as ? { newcomer: newcomerKey, large: largeKey }[as] : vendor.apiKey];
    await page.goto(vendor.service.url + path);
    await page.locator(field).fill(secret);
  }
  const before = page.url();
  await page.locator('button[type=submit]').click();
  await page.waitForURL((now) => now.href !== before);
  return visitor;
}

/** Text in English, except where the page marks it as English. */
async function englishOn(page: Visitor['page']): Promise<string[]> {
  const text = await page.evaluate<string>(`(() => {
    const copy = document.body.cloneNode(true);
    for (const part of copy.querySelectorAll('[lang=en], script')) part.remove();
    return copy.textContent.replace(/\\s+/g, ' ');
  })()`);
  return english.filter((sentence) => text.includes(sentence));
}
