import { deflateRawSync, inflateRawSync } from 'node:zlib';
import type { Connection } from '../../domain/connection.js';
import type { Verification } from '../../domain/verification.js';

const packed = Symbol('packed verification');

/** One function for all, so that they share their shape in memory. */
const unpacked: PropertyDescriptor = {
  enumerable: true,
  get(this: { readonly [packed]: string }): Verification {
    return JSON.parse(inflated(this[packed]));
  },
};

/**
 * The same connection in a fourth of the memory: its verification, which is most of it and which only those who ask
 * for this connection see, is unpacked when somebody reads it.
 */
export function packConnection(connection: Connection): Connection {
  if (!('verification' in connection)) return connection;
  const { verification, ...rest } = connection;
  const kept: Record<string, unknown> = rest;
  for (const name of ['organizationId', 'method', 'status', 'partition', 'updatedAt'])
    kept[name] = kept[name] === connection.createdAt ? connection.createdAt : shared(kept[name]);
  Object.defineProperty(kept, packed, { value: deflated(JSON.stringify(verification)) });
  Object.defineProperty(kept, 'verification', unpacked);
  return kept as unknown as Connection;
}

/** What was not like any before: of a few kinds, verifications differ in names and times only. */
const dictionaries: Buffer[] = [];
const dictionariesAtMost = 4;
/** The window must hold a dictionary and what it is for; a small one is set up in half the time. */
const settings = { windowBits: 13, memLevel: 3 };

/** A number of a dictionary, then what zlib made of the text: a character a byte, the smallest that a string can be. */
function deflated(text: string): string {
  const bytes = Buffer.from(text);
  let best: { number: number; result: Buffer } | undefined;
  for (let number = 0; ; number++) {
    if (number === dictionaries.length) {
      if (number === dictionariesAtMost) break;
      dictionaries.push(bytes.subarray(0, 4096));
    }
    const dictionary = dictionaries[number] as Buffer;
    const result = deflateRawSync(bytes, { ...settings, dictionary });
    if (best === undefined || result.length < best.result.length) best = { number, result };
    if (result.length * 4 < bytes.length) break;
  }
  const { number, result } = best as { number: number; result: Buffer };
  return String.fromCharCode(number) + result.toString('latin1');
}

function inflated(text: string): string {
  const dictionary = dictionaries[text.charCodeAt(0)] as Buffer;
  return inflateRawSync(Buffer.from(text.slice(1), 'latin1'), { ...settings, dictionary }).toString();
}

/** The same string once, however often it was read. */
function shared(value: unknown): unknown {
  if (typeof value !== 'string') return value;
  const known = strings.get(value);
  if (known !== undefined) return known;
  if (strings.size === 10_000) strings.clear();
  strings.set(value, value);
  return value;
}
const strings = new Map<string, string>();
