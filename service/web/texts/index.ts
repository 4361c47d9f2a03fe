import type { Request } from 'express';
import { forEachName, keysOf } from '../../domain/keys-of.js';
import type { Brand } from '../brand.js';
import { de } from './de.js';
import { en } from './en.js';
import type { Texts } from './texts.js';

export type { Texts } from './texts.js';

const catalogs = { en, de } satisfies Record<string, (brand: Brand) => Texts>;
export type Language = keyof typeof catalogs;

/** The texts of each language, with the vendor's words in them. */
export const textsFor = (brand: Brand): Record<Language, Texts> =>
  forEachName(keysOf(catalogs), (language) => catalogs[language](brand));

export const isLanguage = (text: string): text is Language => Object.hasOwn(catalogs, text);

/** The link's language (`?lang=`), the session's, or else the first that the browser prefers and that there is. */
export function languageOf(request: Request, ofSession: Language | undefined): Language {
  const asked = request.query.lang;
  if (typeof asked === 'string' && isLanguage(asked)) return asked;
  if (ofSession) return ofSession;
  const accepted = request.acceptsLanguages(...Object.keys(catalogs));
  return accepted !== false && isLanguage(accepted) ? accepted : 'en';
}
