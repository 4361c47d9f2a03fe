import { readFileSync } from 'node:fs';

/** The texts that `constructs/callback/build.mjs` builds from the one source of the callback. */
export type BuiltCallback = 'script' | 'lambda-callback' | 'lambda-enrollment';

const texts = new Map<BuiltCallback, string>();

export function builtCallback(name: BuiltCallback): string {
  const known = texts.get(name);
  if (known !== undefined) return known;
  const text = readFileSync(new URL(`./built/${name}.cjs`, import.meta.url), 'utf8');
  texts.set(name, text);
  return text;
}
