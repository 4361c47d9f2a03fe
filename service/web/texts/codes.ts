import type { ErrorCode } from '../../domain/error-catalog/index.js';

/** What an error code is called, and what it means where the message itself is in another language. */
export interface CodeTexts {
  title(code: ErrorCode): string;
  /** Undefined in English: the message says more than the catalog. */
  explained(code: ErrorCode): { readonly meaning: string; readonly fix: string | undefined } | undefined;
}
