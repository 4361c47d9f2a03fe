import type { ErrorCode } from '../domain/error-catalog/index.js';
import type { RolebridgeError } from '../domain/errors.js';
import type { Texts } from './texts/index.js';

/** The errors of a form: a sentence for each field; `form` is about none alone. */
export type Wrong = Readonly<Record<string, string | undefined>>;

/** The field of a form that an error is about: by its code, or by where a request is wrong. */
export type FieldOf = { readonly [At in ErrorCode | (string & {})]?: string };

/** Errors of an action or a rule, by field, in the page's language. */
export function wrongOf(error: RolebridgeError, texts: Texts, fieldOf: FieldOf = {}): Wrong {
  const { errors } = error.members;
  if (errors === undefined) return { [fieldOf[error.code] ?? 'form']: sentenceOf(error, texts) };
  const fields = errors.map(({ at }) => {
    const path = at.split('.').slice(1);
    return fieldOf[path[0] ?? ''] ?? path.at(-1) ?? 'form';
  });
  return Object.fromEntries(fields.map((name) => [name, texts.wrong[name] ?? sentenceOf(error, texts)]));
}

/** The fault, then the fix. */
export function sentenceOf({ code, detail, remedy }: RolebridgeError, { codes }: Texts): string {
  const { meaning, fix } = codes.explained(code) ?? { meaning: detail, fix: remedy };
  return [meaning, fix].filter(Boolean).join(' ');
}

export const isFine = (wrong: Wrong): boolean => Object.values(wrong).every((text) => text === undefined);
