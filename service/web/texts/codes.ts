import type { ErrorCode } from '../../domain/error-catalog/index.js';

/** The title of an error code, and its meaning where the message is in another language. */
export interface CodeTexts {
  title(code: ErrorCode): string;
  /** Undefined in English: the message says more than the catalog. */
  explained(code: ErrorCode): { readonly meaning: string; readonly fix: string | undefined } | undefined;
}
