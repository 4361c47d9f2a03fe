import type { en } from './en.js';

/** The same texts in any language: a catalog that lacks one, or has another shape, does not compile. */
type Translated<Text> = Text extends string
  ? string
  : Text extends (...values: infer Values) => infer Result
    ? (...values: Values) => Translated<Result>
    : { readonly [Name in keyof Text]: Translated<Text[Name]> };

export type Texts = Translated<ReturnType<typeof en>>;
