/** Chromium against the running service: pages, and the rules for each of them. */
import { mkdirSync, mkdtempSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import type { Vendor } from '../vendor.js';

const axeSource = readFileSync(
  createRequire(join(process.cwd(), 'x.js')).resolve('axe-core/axe.min.js'),
  'utf8',
);

export const startChromium = (executablePath: string, more: readonly string[] = []): Promise<Browser> =>
  // Debian's build needs its own sandbox switched off when root runs it, as in a container.
  chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-dev-shm-usage', ...more] });

/** Faults seen by the browser: requests to other sites, and console messages. */
export interface Visitor {
  readonly page: Page;
  readonly faults: string[];
  close(): Promise<void>;
}

export async function visit(
  browser: Browser,
  vendor: Vendor,
  options: BrowserContextOptions = {},
): Promise<Visitor> {
  const context = await browser.newContext({ viewport: { width: 1100, height: 900 }, ...options });
  context.setDefaultTimeout(60_000);
  const page = await context.newPage();
  const faults: string[] = [];
  page.on('request', (request) => {
    const url = request.url();
    if (!url.startsWith(`${vendor.service.url}/`) && !url.startsWith('data:')) faults.push(`asked ${url}`);
  });
  page.on('pageerror', (error) => faults.push(`script: ${error.message}`));
  page.on('console', (message) => {
    // A check that is refused or has no verdict is answered with its status: the browser notes that, and it is meant.
    if (message.type() === 'error' && !/status of (4\d\d|503)/.test(message.text()))
      faults.push(message.text());
  });
  if (options.javaScriptEnabled !== false)
    await page.addInitScript({
      content: `window.shift = 0;
        new PerformanceObserver((list) => {
          for (const entry of list.getEntries()) if (!entry.hadRecentInput) window.shift += entry.value;
        }).observe({ type: 'layout-shift', buffered: true });`,
    });
  return { page, faults, close: () => context.close() };
}

export async function signIn({ page }: Visitor, vendor: Vendor): Promise<void> {
  await page.goto(`${vendor.service.url}/sign-in`);
  await page.getByLabel('API key').fill(vendor.apiKey);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.waitForURL('**/connections');
}

/** Findings of axe: rules of WCAG 2.2 AA and good practice, each with where. */
export async function violations(page: Page): Promise<string[]> {
  await page.evaluate(axeSource);
  const found = await page.evaluate<{ id: string; nodes: { html: string; failureSummary: string }[] }[]>(
    'axe.run().then(({ violations }) => violations)',
  );
  return found.flatMap(({ id, nodes }) =>
    nodes.map(({ html, failureSummary }) => `${id}: ${html.slice(0, 160)} (${failureSummary})`),
  );
}

/** Cumulative layout shift without shifts after the user's input. */
export const layoutShift = (page: Page): Promise<number> => page.evaluate<number>('window.shift');

/** Pixels that a page is wider than its window. */
export const overflow = (page: Page): Promise<number> =>
  page.evaluate<number>('document.documentElement.scrollWidth - document.documentElement.clientWidth');

/** Presses Tab until the element with this accessible name has the focus. */
export async function tabTo(page: Page, name: string): Promise<void> {
  for (let presses = 0; presses < 120; presses++) {
    await page.keyboard.press('Tab');
    const focused = await page.evaluate<string>(`(() => {
      const element = document.activeElement;
      if (element === null || element === document.body) return '';
      const { outlineStyle, boxShadow } = getComputedStyle(element);
      const label = element.labels?.[0]?.textContent ?? element.textContent ?? '';
      return (outlineStyle === 'none' && boxShadow === 'none' ? 'INVISIBLE ' : '') + label;
    })()`);
    if (focused.includes('INVISIBLE')) throw new Error(`The focus can't be seen on "${focused}".`);
    if (focused.trim().startsWith(name)) return;
  }
  throw new Error(`No Tab leads to "${name}".`);
}

/** A separate folder for each run, unless the README's pictures are renewed. */
const folder = process.env.ROLEBRIDGE_SCREENSHOTS ?? mkdtempSync(join(tmpdir(), 'rolebridge-screenshots-'));

/** A picture of a page, to look at; the same page gives much the same file. */
export async function screenshot(
  page: Page,
  name: string,
  options: { fullPage?: boolean } = {},
): Promise<void> {
  mkdirSync(folder, { recursive: true });
  await page.screenshot({ path: join(folder, `${name}.png`), animations: 'disabled', ...options });
}
