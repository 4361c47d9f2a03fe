import { hkdfSync } from 'node:crypto';
import type { SealingKey } from './keyring.js';

/** A few texts by id that belong to no organization. They can be read before the store is opened. */
export interface StoredFacts {
  read(): Promise<Readonly<Record<string, string>>>;
  /** Those whose id is free: of processes that start at once, the first one's stays. @returns what is stored by then */
  add(facts: Readonly<Record<string, string>>): Promise<Readonly<Record<string, string>>>;
  /** In the place of what is there; undefined deletes. */
  set(facts: Readonly<Record<string, string | undefined>>): Promise<void>;
}

/** A value by key id that tells whether a key is the one that it was made of, and nothing of the key. */
export type KeyChecks = Readonly<Record<string, string>>;

export const keyCheckOf = ({ key }: SealingKey): string =>
  Buffer.from(hkdfSync('sha256', key, '', 'rolebridge key check v1', 16)).toString('base64url');

/** The first key that is another one than the key that was stored under its id. */
export const changedKey = (keys: readonly SealingKey[], stored: KeyChecks): SealingKey | undefined =>
  keys.find((key) => Object.hasOwn(stored, key.id) && stored[key.id] !== keyCheckOf(key));
