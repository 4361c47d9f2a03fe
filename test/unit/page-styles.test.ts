/** The style sheets have no class that no page uses. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const folder = join(process.cwd(), 'service/web');
const files = readdirSync(folder, { recursive: true, encoding: 'utf8' });
const textOf = (isWanted: (name: string) => boolean) =>
  files
    .filter(isWanted)
    .map((name) => readFileSync(join(folder, name), 'utf8'))
    .join('\n');

/** Composed of a prefix and a look, such as `btn-${look}`. */
const composed = /^(btn|badge|callout|cell|pair|dot|input|l|tile)-/;

test('each class of the style sheets is in a component', () => {
  const styles = textOf((name) => name.endsWith('.css')).replace(/\/\*[\s\S]*?\*\/|url\([^)]*\)/g, '');
  const components = textOf((name) => /\.(tsx|js)$/.test(name));
  const classes = new Set([...styles.matchAll(/\.([a-z][\w-]*)/g)].map(([, name = '']) => name));
  const isUsed = (name: string) => new RegExp(`(?<![\\w-])${name}(?![\\w-])`).test(components);
  expect([...classes].filter((name) => !composed.test(name) && !isUsed(name))).toEqual([]);
});
