import { z } from 'zod';
import { RolebridgeError } from '../../domain/errors.js';
import type { Integrity } from '../integrity.js';

export const storedRow = z.object({ key: z.string(), value: z.unknown(), mac: z.string() });

/** JSONB refuses the NUL and lone surrogates that a name may hold: such a value is kept as text in base64. */
const isRefused = /\\u0000|\\ud[89a-f]/i;

/** A value and its signature, as columns. The signature is over members in order: JSONB sorts them in its own way. */
export function signed(place: string, value: unknown, integrity: Integrity): { value: string; mac: string } {
  const text = JSON.stringify(value);
  return {
    value: isRefused.test(text) ? JSON.stringify({ base64: Buffer.from(text).toString('base64') }) : text,
    mac: `${integrity.keyId}.${integrity.sign(`${place}\n${canonical(JSON.parse(text))}`)}`,
  };
}

/**
 * @param provenAtMs when the value was there, if something newer says so
 * @throws RolebridgeError `store_unavailable` when it differs from the stored value
 */
export function verified(
  place: string,
  row: { value: unknown; mac: string },
  integrity: Integrity,
  provenAtMs?: number,
): unknown {
  const value = decoded(row.value);
  const fault = integrity.fault(...partsOf(row.mac), `${place}\n${canonical(value)}`, provenAtMs);
  if (fault === undefined) return value;
  throw new RolebridgeError('store_unavailable', `The row ${place} can't be used: ${fault}.`, {
    remedy: 'Restore it from a backup of the database.',
  });
}

function decoded(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || !('base64' in value)) return value;
  return JSON.parse(Buffer.from(String(value.base64), 'base64').toString());
}

/** Of the key, and the signature itself. */
export function partsOf(mac: string): [keyId: string, mac: string] {
  const dot = mac.lastIndexOf('.');
  return [mac.slice(0, dot), mac.slice(dot + 1)];
}

const canonical = (value: unknown): string => JSON.stringify(value, sortedMembers);

function sortedMembers(_: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  const entries = Object.entries(value).sort(([one], [other]) => (one < other ? -1 : 1));
  return Object.fromEntries(entries);
}
