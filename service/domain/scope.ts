import { z } from 'zod';
import { invalidRequest } from './errors.js';

export const scopeName = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;
export const level = z
  .string()
  .regex(scopeName, 'must be 1 to 64 letters, digits, ".", "_" or "-", and begin with a letter or digit');

/** Where a connection applies: `{}` is the organization's default. A target has the same shape. */
export const scope = z
  .strictObject({
    project: level.optional(),
    environment: level.optional(),
    architecture: level.optional(),
  })
  .meta({ id: 'Scope' });
export type Scope = Readonly<z.infer<typeof scope>>;

export const levels = ['project', 'environment', 'architecture'] as const;

/** Refuses a scope with a gap (an environment without its project) or a name that breaks the rule. */
export function checkScope(scope: Scope): Scope {
  for (const level of levels) {
    const name = scope[level];
    if (name !== undefined && !scopeName.test(name))
      throw invalidRequest(
        `scope.${level}`,
        `${JSON.stringify(name)} is not a valid name`,
        'Use 1 to 64 letters, digits, ".", "_" or "-", and begin with a letter or a digit.',
      );
  }
  return refuseGap(scope);
}

/** Refuses a scope with a gap; its schema has checked the names. */
export function refuseGap(scope: Scope): Scope {
  let missing: string | undefined;
  for (const level of levels) {
    const name = scope[level];
    if (name === undefined) missing ??= level;
    else if (missing !== undefined)
      throw invalidRequest(
        `scope.${missing}`,
        `is missing: the scope names the ${level} "${name}"`,
        `Name the ${missing} as well, or leave the ${level} out.`,
      );
  }
  return scope;
}

/** One string per scope; `/` can't be part of a name. The organization's default is the empty string. */
export const scopeKey = ({ project, environment, architecture }: Scope): string =>
  // Joined, a key is one string in memory: with `+` it would be a tree of its parts.
  [project, environment, architecture].filter((name) => name !== undefined).join('/');

export const keyBelow = (key: string, name: string): string => (key === '' ? name : `${key}/${name}`);

/** The scope of that name within another one. */
export const scopeBelow = ({ project, environment }: Scope, name: string): Scope =>
  project === undefined
    ? { project: name }
    : environment === undefined
      ? { project, environment: name }
      : { project, environment, architecture: name };

export function scopeFromKey(key: string): Scope {
  const [project = '', environment, architecture] = key.split('/');
  if (project === '') return {};
  if (environment === undefined) return { project };
  return architecture === undefined ? { project, environment } : { project, environment, architecture };
}

/** The keys of the scopes that are a prefix of the target's path: the longest first, the default last. */
export function keysThatMatch(target: Scope): string[] {
  const keys = [''];
  let key = '';
  for (const level of levels) {
    const name = target[level];
    if (name === undefined) continue;
    key = keyBelow(key, name);
    keys.unshift(key);
  }
  return keys;
}

/** All keys of scopes within that one stand between these, in the order of bytes: no name has a "~", and "0" comes after "/". */
export const keysWithin = (key: string): { after: string; before: string } =>
  key === '' ? { after: '', before: '~' } : { after: `${key}/`, before: `${key}0` };

/** `isWithin` for many keys and one wider scope. */
export function isKeyWithin(wider: string): (key: string) => boolean {
  const { after, before } = keysWithin(wider);
  return (key) => key === wider || (key > after && key < before);
}

/** Whether the scope equals the wider one or is part of it. */
export const isWithin = (scope: Scope, wider: Scope): boolean =>
  keysThatMatch(scope).includes(scopeKey(wider));

/** The scope in words: "project shop, environment production" or "the organization's default". */
export const describeScope = (scope: Scope): string =>
  levels.flatMap((level) => (scope[level] ? `${level} ${scope[level]}` : [])).join(', ') ||
  "the organization's default";
