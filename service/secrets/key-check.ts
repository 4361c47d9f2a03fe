import { hkdfSync } from 'node:crypto';
import type { SealingKey } from './keyring.js';

/** A value by key id that tells whether a key is the one that it was made of, and nothing of the key. */
export type KeyChecks = Readonly<Record<string, string>>;

/** Where the check values of the service keys are kept. They are read before the store is opened. */
export interface KeyCheckFile {
  read(): Promise<KeyChecks>;
  /** Those whose id is free: of processes that start at once, the first one's stays. @returns what is stored by then */
  add(checks: KeyChecks): Promise<KeyChecks>;
}

export const keyCheckOf = ({ key }: SealingKey): string =>
  Buffer.from(hkdfSync('sha256', key, '', 'rolebridge key check v1', 16)).toString('base64url');

/** The first key that is another one than the key that was stored under its id. */
export const changedKey = (keys: readonly SealingKey[], stored: KeyChecks): SealingKey | undefined =>
  keys.find((key) => Object.hasOwn(stored, key.id) && stored[key.id] !== keyCheckOf(key));
