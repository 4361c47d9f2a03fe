/** The pages match the code. */
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { partsOf } from '../../service/cli/options-of.js';
import { commandTable, groups } from '../../service/cli/table.js';
import { errorCatalog } from '../../service/domain/error-catalog/index.js';
import { createMetrics } from '../../service/metrics/index.js';
import { callsPage } from '../docs/calls.js';
import { commandsPage } from '../docs/commands.js';
import { ROLE_POLICIES, rolePoliciesModule } from '../docs/role-policies.js';

const security = readFileSync('docs/security.md', 'utf8');
/** Quotes as they are typed, whichever way a file has them. */
const plain = (text: string) => text.replace(/\\?[’']/g, "'").replace(/\\"/g, '"');

interface NamedTest {
  file: string;
  title: string;
}
const namedTests = (text: string): NamedTest[] =>
  [...text.matchAll(/`(test\/[\w/.-]+\.ts)`((?:,? “[^”]+”)+)/g)].flatMap(([, file = '', titles = '']) =>
    [...titles.matchAll(/“([^”]+)”/g)].map(([, title = '']) => ({ file, title })),
  );

describe('docs/security.md', () => {
  it('names a test for every threat', () => {
    const threats = security.split('\n').filter((line) => line.startsWith('- **'));
    expect(threats.length).toBeGreaterThan(40);
    expect(threats.filter((line) => namedTests(line).length === 0)).toEqual([]);
  });

  it.each(namedTests(security).map(({ file, title }) => [file, title]))('%s: %s', (file, title) => {
    expect(plain(readFileSync(file, 'utf8'))).toContain(plain(title));
  });

  it('names every control of the review', () => {
    for (let control = 1; control <= 7; control++) expect(security).toContain(`- **CAA-00${control}: `);
  });
});

describe('docs/operations/', () => {
  const registry = createMetrics().registry;
  const own = new Set(
    registry
      .getMetricsAsArray()
      .flatMap(({ name, type }) =>
        String(type) === 'histogram' ? [`${name}_bucket`, `${name}_sum`, `${name}_count`] : [name],
      ),
  );
  it.each(['docs/operations/alerts.yml', 'docs/operations/dashboard.json', 'docs/operations.md'])(
    '%s names only existing metrics',
    (file) => {
      const names = readFileSync(file, 'utf8').match(/rolebridge_[a-z_]+[a-z]/g) ?? [];
      expect(names.length).toBeGreaterThan(5);
      const known = (name: string) => own.has(name) || registry.getSingleMetric(name) !== undefined;
      expect(names.filter((name) => !known(name))).toEqual([]);
    },
  );

  // Prometheus sees no increase in a series that starts with its first event.
  it('every series whose increase is an alert exists from the start', async () => {
    const alerts = readFileSync('docs/operations/alerts.yml', 'utf8');
    const counted = [...alerts.matchAll(/increase\((rolebridge_\w+)\{([^}]+)\}/g)];
    expect(counted.length).toBeGreaterThan(3);
    for (const [text, name = '', labels = ''] of counted) {
      const values = (await registry.getSingleMetric(name)?.get())?.values ?? [];
      for (const [, label = '', pattern = ''] of labels.matchAll(/(\w+)=~?"([^"]+)"/g))
        for (const wanted of pattern.split('|'))
          expect([text, values.map((value) => value.labels[label as never])]).toEqual([
            text,
            expect.arrayContaining([wanted]),
          ]);
    }
  });

  it('every alert links to its runbook section, and every section has an alert', () => {
    const alerts = readFileSync('docs/operations/alerts.yml', 'utf8');
    const names = [...alerts.matchAll(/- alert: (\w+)/g)].map(([, name = '']) => name);
    const links = [...alerts.matchAll(/runbook_url: \S+\/docs\/runbook\.md#(\w+)/g)].map(
      ([, anchor]) => anchor,
    );
    expect(links).toEqual(names.map((name) => name.toLowerCase()));
    const runbook = readFileSync('docs/runbook.md', 'utf8');
    const sections = runbook.split(/^## /m).slice(1);
    expect(sections.map((section) => section.split('\n')[0]).sort()).toEqual([...names].sort());
    for (const section of sections)
      for (const part of ['**Means**', '**Look**', '**Do**']) expect(section).toContain(part);
  });

  it.each(['dashboard.json', '../operations.md'])('every metric of the service is in %s', (name) => {
    const dashboard = readFileSync(`docs/operations/${name}`, 'utf8');
    expect(
      registry
        .getMetricsAsArray()
        .map(({ name }) => name)
        .filter((name) => !dashboard.includes(name)),
    ).toEqual([]);
  });
});

test.each([
  ['docs/calls.md', callsPage],
  ['docs/commands.md', commandsPage],
])('%s matches `npm run docs`', (file, page) => {
  expect(readFileSync(file, 'utf8')).toBe(page());
});

test('every command that a page or an error names exists', () => {
  const pages = readdirSync('docs').filter((name) => name.endsWith('.md') && name !== 'renames.md');
  const texts = [
    ...['README.md', 'service/README.md', ...pages.map((name) => `docs/${name}`)].map((path) =>
      readFileSync(path, 'utf8'),
    ),
    JSON.stringify(errorCatalog),
  ];
  const named = texts.flatMap((text) => [
    ...text.matchAll(/`rolebridge ([a-z-]+(?: [a-z-]+)*)|^(?:\w+=\S+ )*rolebridge ([a-z-]+(?: [a-z-]+)*)/gm),
  ]);
  expect(named.length).toBeGreaterThan(100);
  const commands = commandTable.map((row) => partsOf(row).words);
  const isKnown = (words: readonly string[]) =>
    (words.length === 1 && Object.hasOwn(groups, words[0] ?? '')) ||
    commands.some((command) => command.every((word, index) => words[index] === word));
  expect(
    named.filter(([, inText, atStart = '']) => !isKnown((inText ?? atStart).split(' '))).map(String),
  ).toEqual([]);
});

describe('the policies of the role', () => {
  it('are identical in the service and the Terraform module', () => {
    const format = ['format', '--stdin-file-path=role-policies.ts'];
    const generated = execFileSync('node_modules/.bin/biome', format, {
      input: rolePoliciesModule(),
      encoding: 'utf8',
    });
    expect(readFileSync('service/domain/role-policies.ts', 'utf8')).toBe(generated);
    expect(readFileSync('service/terraform-module/role-policies.json', 'utf8')).toBe(
      readFileSync(ROLE_POLICIES, 'utf8'),
    );
  });

  // Before Terraform 1.9, a validation can read nothing but its variable.
  it('have the same presets in the Terraform module', () => {
    const presets = Object.keys(JSON.parse(readFileSync(ROLE_POLICIES, 'utf8')).presets);
    const [, listed] =
      /contains\((\[[^\]]+\]), var\.permissions\)/.exec(
        readFileSync('service/terraform-module/variables.tf', 'utf8'),
      ) ?? [];
    expect(JSON.parse(listed ?? '')).toEqual(presets);
  });
});
