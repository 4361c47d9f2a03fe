import type { z } from 'zod';
import type { ErrorCode } from '../../domain/errors.js';

/** One call of the API, as the document and the typed client know it. */
export interface Operation {
  readonly method: 'get' | 'post' | 'put' | 'patch' | 'delete';
  /** As OpenAPI writes it: `/v1/connections/{id}`. */
  readonly path: string;
  readonly tag: string;
  /** What it does, in one line. */
  readonly summary: string;
  readonly description?: string;
  /** What the request proves itself with. */
  readonly proof: 'api_key' | 'operator_token' | 'status_token' | 'signature' | 'none';
  readonly query?: z.ZodObject;
  readonly body?: z.ZodType;
  readonly answer: { readonly status: number; readonly description: string; readonly schema?: z.ZodType };
  /** The codes of this call, beside those that every call of its kind has. */
  readonly codes: readonly ErrorCode[];
  /** Codes that have another status in this call than everywhere else. */
  readonly statusOf?: Partial<Record<ErrorCode, number>>;
  /** The tests send every one of them to the running service. */
  readonly examples: Readonly<Record<string, Example>>;
}

export interface Example {
  readonly path?: Readonly<Record<string, string>>;
  readonly query?: Readonly<Record<string, string>>;
  readonly body?: unknown;
  /** The status, or the code of the problem that it shows. */
  readonly gives: number | ErrorCode;
}

/** What every call can answer. */
export const commonCodes: readonly ErrorCode[] = [
  'request_invalid',
  'rate_limited',
  'store_unavailable',
  'internal_error',
];

/** Every call but those of operations. */
export const proofCodes: Record<Operation['proof'], readonly ErrorCode[]> = {
  api_key: ['unauthorized'],
  operator_token: ['unauthorized'],
  status_token: ['unauthorized'],
  signature: ['callback_unauthorized'],
  none: [],
};

/** Every call with a method that may have a body. */
export const bodyCodes: readonly ErrorCode[] = ['body_too_large', 'media_type_not_supported'];

export const codesOf = (operation: Operation): ErrorCode[] => [
  ...new Set([
    ...commonCodes,
    ...proofCodes[operation.proof],
    ...(operation.method === 'get' ? [] : bodyCodes),
    ...operation.codes,
  ]),
];
