import type { Request } from 'express';
import type { Brand } from '../brand.js';
import { en } from './en.js';

export type Texts = ReturnType<typeof en>;
export type Language = 'en';

const catalogs: Record<Language, (brand: Brand) => Texts> = { en };

/** The texts of each language, with the vendor's words in them. */
export const textsFor = (brand: Brand): Record<Language, Texts> =>
  Object.fromEntries(Object.entries(catalogs).map(([language, texts]) => [language, texts(brand)])) as Record<
    Language,
    Texts
  >;

/** What the link asks for (`?lang=`), or else the first language that the browser prefers and that there is. */
export function languageOf(request: Request): Language {
  const asked = request.query.lang;
  if (typeof asked === 'string' && Object.hasOwn(catalogs, asked)) return asked as Language;
  return (request.acceptsLanguages(...Object.keys(catalogs)) || 'en') as Language;
}
