import { z } from 'zod';
import { RolebridgeError } from '../../domain/errors.js';
import { type Integrity, keyIdOf } from '../integrity.js';

export const storedRow = z.object({ key: z.string(), value: z.unknown(), mac: z.string() });
export type StoredRow = z.infer<typeof storedRow>;

/** JSONB refuses NUL and lone surrogates, which a name may have: such a value is stored as text in base64. */
const isRefused = /\\u0000|\\ud[89a-f]/i;

/** A value and its signature, as columns. The signature covers sorted members, since JSONB does not keep their order. */
export function signed(place: string, value: unknown, integrity: Integrity): { value: string; mac: string } {
  const text = JSON.stringify(value);
  return {
    value: isRefused.test(text) ? JSON.stringify({ base64: Buffer.from(text).toString('base64') }) : text,
    mac: integrity.sign(`${place}\n${canonical(JSON.parse(text))}`),
  };
}

/**
 * @param provenAtMs a time at which the value existed, if a newer signature proves it
 * @throws RolebridgeError `store_unavailable` when it differs from the stored value
 */
export function verified(
  table: string,
  { key, mac, ...row }: StoredRow,
  integrity: Integrity,
  provenAtMs?: number,
): unknown {
  const value = decoded(row.value);
  const fault = integrity.fault(mac, `${table} ${key}\n${canonical(value)}`, provenAtMs);
  if (fault === undefined) return value;
  throw damagedRow(table, key, fault);
}

export const damagedRow = (table: string, key: string, fault: string): RolebridgeError =>
  new RolebridgeError('store_unavailable', `The row ${table} ${key} can't be used: ${fault}.`, {
    remedy: 'Restore it from a backup of the database.',
  });

/** @param provenAtMs a time at which a row existed, by its key */
export async function verifiedRows(
  table: string,
  rows: readonly StoredRow[],
  integrity: Integrity,
  provenAtMs: (key: string) => number | undefined = () => undefined,
): Promise<unknown[]> {
  await integrity.learn(rows.map(({ mac }) => keyIdOf(mac)));
  return rows.map((row) => verified(table, row, integrity, provenAtMs(row.key)));
}

function decoded(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || !('base64' in value)) return value;
  return JSON.parse(Buffer.from(String(value.base64), 'base64').toString());
}

const canonical = (value: unknown): string => JSON.stringify(value, sortedMembers);

function sortedMembers(_: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  const entries = Object.entries(value).sort(([one], [other]) => (one < other ? -1 : 1));
  return Object.fromEntries(entries);
}
