/** Every page in light and dark, wide and narrow, in English and German: axe, and nothing that scrolls sideways. */
import { createHash } from 'node:crypto';
import type { Browser } from 'playwright-core';
import { fillWithEveryState } from '../demo/open.js';
import { startVendor, type Vendor } from '../vendor.js';
import { overflow, screenshot, startChromium, violations, visit } from './browser.js';
import { findChromium, notChecked } from './tools.js';

const executable = findChromium();
if (executable === undefined) notChecked('the looks of every page in Chromium (not installed)');
const inChromium = executable === undefined ? test.skip : test;

const operatorToken = 'an-operator-token-of-some-length-1';
let vendor: Vendor;
let browser: Browser;
let ids: Map<string, string>;

beforeAll(async () => {
  if (executable === undefined) return;
  const operatorTokenHash = createHash('sha256').update(operatorToken).digest('hex');
  vendor = await startVendor({ operatorTokenHash, propagationWindowMs: 500 });
  await fillWithEveryState(vendor);
  const { connections } = (await vendor.call('GET', '/v1/connections?limit=100')).body;
  ids = new Map(connections.map(({ name, id }: { name: string; id: string }) => [name, id]));
  browser = await startChromium(executable);
});
afterAll(async () => {
  await browser?.close();
  await vendor?.close();
});

const pathsOf = (of: (name: string) => string) => [
  '/connections',
  '/connections/new',
  '/connections/new/access-key',
  ...['console', 'terraform'].map(
    (format) => `${of('staging')}/setup?permissions=read-only&format=${format}`,
  ),
  `${of('warehouse')}/setup`,
  ...['', '/connected', '/scope', '/name', '/rotate', '/delete'].map((end) => of('shop production') + end),
  of('warehouse'),
  of('legacy reports'),
  of('old shop'),
  '/connections/nothing',
  '/problems/role_not_assumable',
  '/operator',
];

/** `.ci/full` looks at all combinations; otherwise each value once. */
const all = ['light', 'dark'].flatMap((theme) =>
  [1280, 390, 320].flatMap((width) => ['en', 'de'].map((language) => [theme, width, language] as const)),
);
const few = [
  ['dark', 320, 'de'],
  ['light', 1280, 'en'],
  ['dark', 390, 'en'],
] as const;

inChromium.each(process.env.ROLEBRIDGE_ALL_LOOKS ? all : few)(
  'every page in %s at %i px in "%s"',
  async (theme, width, language) => {
    const visitor = await visit(browser, vendor, {
      viewport: { width, height: 800 },
      colorScheme: theme === 'dark' ? 'dark' : 'light',
      locale: language,
    });
    const { page, faults } = visitor;
    const url = (path: string) => vendor.service.url + path;
    for (const [path, field, secret] of [
      ['/sign-in', '#apiKey', vendor.apiKey],
      ['/operator/sign-in', '#token', operatorToken],
    ] as const) {
      await page.goto(url(path));
      await page.locator(field).fill(secret);
      await page.locator('button[type=submit]').click();
      await page.waitForURL((now) => now.pathname !== path);
    }
    for (const path of pathsOf((name) => `/connections/${ids.get(name)}`)) {
      await page.goto(url(path));
      expect([path, await page.locator('html').getAttribute('lang')]).toEqual([path, language]);
      expect([path, await violations(page), await overflow(page)]).toEqual([path, [], 0]);
      if (path === '/operator')
        await screenshot(page, `operator-${width}-${theme}-${language}`, { fullPage: true });
    }
    expect(faults).toEqual([]);
    await visitor.close();
  },
  120_000,
);
