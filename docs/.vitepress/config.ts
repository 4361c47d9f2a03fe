/** The documentation site: `npm run site` builds it from the pages in `docs/`, with the API reference beside it. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { defineConfig } from 'vitepress';

const repository = 'https://github.com/rolebridge/rolebridge';

/** The pages by reader: the side bar, and the order of `llms.txt`. A test finds pages that are missing here. */
const readers = [
  {
    text: 'Start here',
    items: [
      { text: 'Quick start', link: '/quick-start' },
      { text: 'Concepts', link: '/concepts' },
      { text: 'Comparison', link: '/comparison' },
    ],
  },
  {
    text: 'You connect your AWS account',
    items: [
      { text: 'Role templates', link: '/templates' },
      { text: 'Life cycle', link: '/life-cycle' },
      { text: 'The guided page', link: '/pages' },
      { text: 'Troubleshooting', link: '/troubleshooting' },
    ],
  },
  {
    text: 'You build it into your product',
    items: [
      { text: 'In your product', link: '/your-product' },
      { text: 'The page in your app', link: '/embedding' },
      { text: 'Your brand', link: '/brand' },
      { text: 'Using the API', link: '/service' },
      { text: 'API calls', link: '/calls' },
      { text: 'Jobs and webhooks', link: '/watching' },
      { text: 'Events', link: '/events' },
      { text: 'The AWS sandbox', link: '/aws-sandbox' },
    ],
  },
  {
    text: 'You run the service',
    items: [
      { text: 'Operations', link: '/operations' },
      { text: 'Settings', link: '/settings' },
      { text: 'The command line', link: '/command-line' },
      { text: 'Commands', link: '/commands' },
      { text: 'Runbook', link: '/runbook' },
    ],
  },
  {
    text: 'You review its security',
    items: [
      { text: 'Threat model', link: '/security' },
      { text: 'Unsafe roles', link: '/unsafe-roles' },
      { text: 'Decisions', link: '/adr/README' },
      { text: 'The last full run', link: '/full-run' },
    ],
  },
];

export default defineConfig({
  title: 'Rolebridge',
  description: "Connect a customer's AWS account to your platform with one construct and one deploy.",
  srcExclude: ['api/**'],
  cleanUrls: true,
  themeConfig: {
    nav: [
      { text: 'Quick start', link: '/quick-start' },
      { text: 'API', link: '/calls' },
      { text: 'TypeScript', link: '/api/', target: '_self' },
      { text: 'Errors', link: '/troubleshooting' },
    ],
    sidebar: readers,
    search: { provider: 'local' },
    socialLinks: [{ icon: 'github', link: repository }],
    outline: [2, 3],
  },
  markdown: {
    config(markdown) {
      // The pages also read well on GitHub, where a link may lead out of docs/ into the repository.
      markdown.core.ruler.push('links_to_the_repository', ({ tokens }) => {
        for (const { children } of tokens)
          for (const token of children ?? []) {
            const href = token.attrGet('href');
            if (href?.startsWith('../')) token.attrSet('href', `${repository}/blob/main/${href.slice(3)}`);
          }
      });
    },
  },
  /** `llms.txt` (llmstxt.org): the list of pages and, for one fetch, all of them in `llms-full.txt`. */
  buildEnd({ outDir, srcDir }) {
    const pages = readers.flatMap(({ items }) => items);
    const list = pages.map(({ text, link }) => `- [${text}](${link}.md)`).join('\n');
    writeFileSync(join(outDir, 'llms.txt'), `# Rolebridge\n\n> ${description}\n\n## Pages\n\n${list}\n`);
    const texts = pages.map(({ link }) => readFileSync(join(srcDir, `${link}.md`), 'utf8'));
    writeFileSync(join(outDir, 'llms-full.txt'), texts.join('\n\n'));
    for (const [index, { link }] of pages.entries())
      writeFileSync(join(outDir, `${link}.md`), texts[index] ?? '');
  },
});

const description =
  "Rolebridge connects a customer's AWS account to a vendor's platform: a CDKTF construct creates the cross-account role, a small service proves that the role is safe, and credentials are issued for a target.";
