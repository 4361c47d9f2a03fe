import { hkdfSync } from 'node:crypto';
import type { ServiceKey } from './keyring.js';

/** Texts by id that belong to no organization, and can be read before the store is opened. */
export interface StoredFacts {
  read(): Promise<Readonly<Record<string, string>>>;
  /** Adds values with new ids: of concurrent starts, the first wins. @returns the stored values */
  add(facts: Readonly<Record<string, string>>): Promise<Readonly<Record<string, string>>>;
  /** Replaces the stored value; undefined deletes it. */
  set(facts: Readonly<Record<string, string | undefined>>): Promise<void>;
}

/** A check value by key id: it identifies the key and reveals nothing about it. */
export type KeyChecks = Readonly<Record<string, string>>;

export const keyCheckOf = ({ key }: ServiceKey): string =>
  Buffer.from(hkdfSync('sha256', key, '', 'rolebridge key check v1', 16)).toString('base64url');

/** The first key that differs from the stored key with the same id. */
export const changedKey = (keys: readonly ServiceKey[], stored: KeyChecks): ServiceKey | undefined =>
  keys.find((key) => Object.hasOwn(stored, key.id) && stored[key.id] !== keyCheckOf(key));
