/** The documentation site as it is built, in Chromium: every page, on a phone and on a desk. */
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import express from 'express';
import type { Browser, Page } from 'playwright-core';
import { overflow, screenshot, startChromium } from './browser.js';
import { findChromium, notChecked, runCommand } from './tools.js';

const executable = findChromium();
if (executable === undefined) notChecked('the documentation site in Chromium (not installed)');
const inChromium = executable === undefined ? test.skip : test;

let folder: string;
let server: Server;
let url: string;
let browser: Browser;
let page: Page;
const faults: string[] = [];

beforeAll(async () => {
  if (executable === undefined) return;
  folder = mkdtempSync(join(tmpdir(), 'rolebridge-site-'));
  // It fails at a dead link.
  const built = await runCommand('npx', ['vitepress', 'build', 'docs', '--outDir', folder]);
  expect([built.code, built.code === 0 ? '' : built.stderr]).toEqual([0, '']);
  server = createServer(express().use(express.static(folder, { extensions: ['html'] })));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  browser = await startChromium(executable);
  page = await browser.newPage();
  page.on('pageerror', (error) => faults.push(error.message));
  page.on('request', (request) => {
    if (!/^(data:|http:\/\/127\.0\.0\.1)/.test(request.url())) faults.push(`asked ${request.url()}`);
  });
}, 180_000);
afterAll(async () => {
  await browser?.close();
  server?.closeAllConnections();
  server?.close();
  if (folder) rmSync(folder, { recursive: true, force: true });
});

const pages = () => readdirSync(folder).filter((name) => name.endsWith('.html') && name !== '404.html');

/** Elements whose content is wider than they are, and that a reader would have to scroll. */
const sideways = () =>
  page.evaluate<string[]>(`[...document.querySelectorAll('.vp-doc :is(pre, code, table, td, img)')]
    .filter((element) => element.scrollWidth > element.clientWidth + 1 && element.clientWidth > 0
      && getComputedStyle(element).display !== 'inline')
    .filter((element, _, all) => !all.some((other) => other !== element && element.contains(other)))
    .map((element) => element.outerHTML.slice(0, 200))`);

inChromium.each([390, 1280])('no page needs sideways scrolling at %i px', async (width) => {
  await page.setViewportSize({ width, height: 900 });
  const wide: string[] = [];
  for (const name of pages()) {
    await page.goto(`${url}/${name}`);
    await page.locator('h1').first().waitFor();
    const found = [
      ...((await overflow(page)) > 0 ? [`the page, by ${await overflow(page)} px`] : []),
      ...(await sideways()),
    ];
    wide.push(...found.map((what) => `${name}: ${what}`));
    await screenshot(page, `site-${name.replace('.html', '')}-${width}`);
  }
  expect(wide).toEqual([]);
  expect(faults).toEqual([]);
});

inChromium('the side bar has every page, by reader, and the search finds one', async () => {
  await page.setViewportSize({ width: 1280, height: 900 });
  await page.goto(`${url}/quick-start`);
  const linked = await page
    .locator('.VPSidebar a')
    .evaluateAll((links) => links.map((link) => link.getAttribute('href')));
  // Of those that have read the first build, and the home page.
  const left = pages()
    .map((name) => `/${name.replace('.html', '')}`)
    .filter((path) => !linked.includes(path) && !['/index', '/renames'].includes(path));
  expect(left).toEqual([]);
  await page.keyboard.press('Control+k');
  await page.getByPlaceholder('Search').fill('external ID rotation');
  await page.locator('.VPLocalSearchBox .result').first().waitFor();
  await screenshot(page, 'site-search');
});
