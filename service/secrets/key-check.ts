import { hkdfSync } from 'node:crypto';
import type { SealingKey } from './keyring.js';

/** A check value by key id: it identifies the key and reveals nothing about it. */
export type KeyChecks = Readonly<Record<string, string>>;

/** Where the check values of the service keys are kept. They are read before the store is opened. */
export interface KeyCheckFile {
  read(): Promise<KeyChecks>;
  /** Adds values with new ids: of concurrent starts, the first wins. @returns the stored values */
  add(checks: KeyChecks): Promise<KeyChecks>;
}

export const keyCheckOf = ({ key }: SealingKey): string =>
  Buffer.from(hkdfSync('sha256', key, '', 'rolebridge key check v1', 16)).toString('base64url');

/** The first key that is another one than the key that was stored under its id. */
export const changedKey = (keys: readonly SealingKey[], stored: KeyChecks): SealingKey | undefined =>
  keys.find((key) => Object.hasOwn(stored, key.id) && stored[key.id] !== keyCheckOf(key));
