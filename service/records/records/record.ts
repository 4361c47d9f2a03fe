import { z } from 'zod';
import {
  apiKey,
  auditRecord,
  connection,
  message,
  organization,
  receipt,
  retiredExternalId,
  token,
  watch,
} from './schemas.js';

const kinds = {
  organization,
  apiKey,
  connection,
  receipt,
  watch,
  message,
  token,
  retiredExternalId,
  auditRecord,
};

export type RecordKind = keyof typeof kinds;

/** The JSON text of records that are on their way to where they are kept. */
const texts = new WeakMap<object, string>();

/** The store's own copy of a record, checked so that what is written can be read again. */
export function ownCopy<Kept extends object>(kind: RecordKind, record: Kept): Kept {
  const text = JSON.stringify(record);
  const copy = JSON.parse(text) as Kept;
  const checked = kinds[kind].safeParse(copy);
  if (!checked.success) throw new TypeError(`Not a valid ${kind}: ${z.prettifyError(checked.error)}`);
  texts.set(copy, text);
  return copy;
}

/** The JSON text of a record of the store's own, which is then forgotten: in memory are records, not their texts. */
export function takeText(record: object): string {
  const text = texts.get(record);
  texts.delete(record);
  return text ?? JSON.stringify(record);
}

/** The JSON text of a record, checked so that what is written can be read again. */
export const recordText = (kind: RecordKind, record: object): string => takeText(ownCopy(kind, record));

/** `kept` is in memory in the place of `record`, and has its text. */
export function keepInPlaceOf<Kept extends object>(record: object, kept: Kept): Kept {
  texts.set(kept, takeText(record));
  return kept;
}

/** @throws Error whose message says what is wrong, for a person, and quotes nothing of the record */
export function readRecord(kind: RecordKind, text: string): object {
  let record: unknown;
  try {
    record = JSON.parse(text);
  } catch {
    throw new Error(`A stored ${kind} is damaged: it is not valid JSON.`);
  }
  const checked = kinds[kind].safeParse(record);
  if (checked.success) return record as object;
  const [issue] = checked.error.issues;
  throw new Error(`A stored ${kind} is damaged at ${issue?.path.join('.') || 'its top'}: ${issue?.message}.`);
}
