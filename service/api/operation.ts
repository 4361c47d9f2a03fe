import type { IncomingHttpHeaders } from 'node:http';
import type { z } from 'zod';
import type { Dependencies } from '../actions/dependencies.js';
import type { ApiKey } from '../domain/api-key.js';
import type { Requester } from '../domain/audit.js';
import type { DeepReadonly } from '../domain/deep-readonly.js';
import type { ErrorCode } from '../domain/error-catalog/index.js';
import type { OrganizationId } from '../domain/ids.js';
import type { OperatorPermission } from '../domain/operator.js';
import type { Authority, Permission } from '../domain/permission.js';
import type { RateLimits } from '../limits/index.js';
import type { Metrics } from '../metrics/index.js';
import type { JsonText } from './json-text.js';
import type { Answer } from './problem.js';

/** Dependencies of handlers. */
export interface ApiDependencies extends Dependencies {
  readonly limits: RateLimits;
  readonly metrics: Metrics;
  readonly callbackToleranceMs: number;
  /** The table of operations, for the OpenAPI document. */
  readonly operations: Readonly<Record<string, Operation>>;
}

/** How a request authenticates. */
export type Auth =
  | 'organization'
  | 'operator'
  | 'status_token'
  | 'setup_code'
  | 'signature'
  | 'metrics_token'
  | 'none';

/** The caller of an organization with its permissions. */
export interface Caller {
  readonly organizationId: OrganizationId;
  /** Handlers that touch a connection, scope or target must respect its scope. */
  readonly authority: Authority;
  /** Absent if an operator acts for the organization. */
  readonly key?: ApiKey | undefined;
}

/** The unparsed request, for operations that check a signature or their own token. */
export interface RawRequest {
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

type Method = 'get' | 'post' | 'put' | 'patch' | 'delete';
type Output<Schema> = Schema extends z.ZodType ? z.output<Schema> : undefined;
type PathParams<Path extends string> = Path extends `${string}{${infer Name}}${infer Rest}`
  ? { readonly [Key in Name]: string } & PathParams<Rest>
  : unknown;

/** Input of a handler: parsed parameters and dependencies. */
export interface Input<Path extends string, AuthOf extends Auth, Query, Body> {
  readonly deps: ApiDependencies;
  readonly params: PathParams<Path>;
  readonly query: Output<Query>;
  readonly body: Output<Body>;
  /** The caller, as the audit log names it. */
  readonly by: Requester;
  readonly caller: AuthOf extends 'organization' ? Caller : undefined;
  readonly request: RawRequest;
}

/** The documented answer of an operation. */
export interface AnswerSpec<Schema> {
  readonly status: number;
  readonly description: string;
  /** The schema of the JSON body; absent for 204 and other media types. */
  readonly schema?: Schema;
  /** The `Location` header, with the `id` of the answer: `/v1/connections/{id}`. */
  readonly location?: string;
  /** The media type of an answer that is a file. */
  readonly file?: string;
  /** The file is the same for every caller while the process runs: it gets an ETag and is cacheable. */
  readonly isStatic?: true;
}

interface OperationBase {
  readonly method: Method;
  /** As OpenAPI writes it: `/v1/connections/{id}`. */
  readonly path: string;
  readonly tag: string;
  readonly summary: string;
  readonly description?: string;
  readonly auth: Auth;
  /** The required permission of an API key; one of several is enough. */
  readonly permission?: Permission | readonly Permission[];
  /** The required permission of an operator token. */
  readonly operatorPermission?: OperatorPermission;
  /** Denied to callers that are limited to a scope, because it concerns the whole organization. */
  readonly isOrganizationWide?: true;
  /** An operator token that names no organization acts for all of them. */
  readonly isForAllOrganizations?: true;
  /** Error codes in addition to those of every operation with this auth and method. @default none */
  readonly errors?: readonly ErrorCode[];
  /** Codes that have another status in this operation. */
  readonly statusOf?: Partial<Record<ErrorCode, number>>;
  /** Called as often as credentials are issued: successful requests are logged at debug level. */
  readonly isHighVolume?: true;
  /** The operation changes and issues nothing. @default true for GET */
  readonly readsOnly?: boolean;
  /** Browsers get a page at this path. */
  readonly hasPage?: true;
  /** Is the request idempotent? @default every method but POST */
  readonly isIdempotent?: boolean;
  /** Shown in the API reference; the tests send each one to a running service. */
  readonly examples: Readonly<Record<string, Example>>;
}

export interface Example {
  readonly path?: Readonly<Record<string, string>>;
  readonly query?: Readonly<Record<string, string>>;
  readonly body?: unknown;
  /** The status, or the code of the problem. */
  readonly returns: number | ErrorCode;
}

/** One call of the API. Routes, OpenAPI document, client and API reference derive from it. */
export interface Operation extends OperationBase {
  readonly query?: z.ZodObject | undefined;
  readonly body?: z.ZodType | undefined;
  readonly answer: AnswerSpec<z.ZodType | undefined>;
  // biome-ignore lint/suspicious/noExplicitAny: each operation's own input, which `defineOperation` checked.
  readonly handler: (input: any) => unknown;
}

/** Type-checks the handler against path, auth and schemas: it returns exactly the members of the answer. */
export function defineOperation<
  const Path extends string,
  const AuthOf extends Auth,
  Query extends z.ZodObject | undefined = undefined,
  Body extends z.ZodType | undefined = undefined,
  Schema extends z.ZodType | undefined = undefined,
  Result extends HandlerResult<Schema> = HandlerResult<Schema>,
>(
  operation: OperationBase & {
    readonly path: Path;
    readonly auth: AuthOf;
    readonly query?: Query;
    readonly body?: Body;
    readonly answer: AnswerSpec<Schema>;
    /** Returns the body of the answer. @throws RolebridgeError */
    readonly handler: (input: Input<Path, AuthOf, Query, Body>) => Promise<Result> | Result;
  } & NoUndocumentedMember<Result, HandlerResult<Schema>>,
): Operation {
  return operation;
}

/** An answer with its own status, such as a repeated one. */
export class RawAnswer {
  constructor(readonly answer: Answer) {}
}

/** The result of an action without an answer. */
// biome-ignore lint/suspicious/noConfusingVoidType: actions return it.
type Nothing = void | undefined;

type HandlerResult<Schema> =
  | (Schema extends z.ZodType
      ? DeepReadonly<z.input<Schema>> | JsonText<z.input<Schema>>
      : string | Buffer | AsyncIterable<string> | Nothing)
  | RawAnswer;

/** TypeScript allows additional members; an answer must not have an undocumented one. */
type NoUndocumentedMember<Given, Allowed> = [UnknownMember<Given, Allowed>] extends [never]
  ? unknown
  : { readonly isNotInTheAnswer: UnknownMember<Given, Allowed> };

type Scalar =
  | string
  | number
  | boolean
  | null
  | undefined
  | Nothing
  | Buffer
  | RawAnswer
  | JsonText<unknown>
  | AsyncIterable<string>;
type UnknownMember<Given, Allowed> = unknown extends Allowed
  ? never
  : Given extends Scalar
    ? never
    : Given extends readonly (infer Item)[]
      ? UnknownMember<Item, ItemOf<Allowed>>
      : {
          [Name in keyof Given]-?: Name extends KeyOf<Allowed>
            ? UnknownMember<Given[Name], ValueOf<Allowed, Name>>
            : Name;
        }[keyof Given];
/** These distribute over the members of a union. */
type ItemOf<List> = List extends readonly (infer Item)[] ? Item : never;
type KeyOf<Value> = Value extends unknown ? keyof Value : never;
type ValueOf<Value, Name> = Value extends unknown ? (Name extends keyof Value ? Value[Name] : never) : never;

/** Codes that every operation can answer with. */
export const commonErrors: readonly ErrorCode[] = [
  'request_invalid',
  'rate_limited',
  'store_unavailable',
  'internal_error',
];

const authErrors: Readonly<Record<Auth, readonly ErrorCode[]>> = {
  organization: ['unauthorized', 'permission_denied', 'organization_not_found'],
  operator: ['unauthorized', 'permission_denied'],
  status_token: ['unauthorized'],
  setup_code: ['unauthorized'],
  signature: ['callback_unauthorized'],
  metrics_token: ['unauthorized'],
  none: [],
};

const idempotencyErrors: readonly ErrorCode[] = [
  'quota_exceeded',
  'idempotency_key_reused',
  'request_in_progress',
  'request_outcome_unknown',
  'secret_no_longer_available',
];

/** Every code that an operation can answer with. */
export const errorsOf = (operation: Operation): ErrorCode[] => [
  ...new Set([
    ...commonErrors,
    ...authErrors[operation.auth],
    ...(createsSomething(operation) ? idempotencyErrors : []),
    ...(operation.auth === 'organization' && !isRead(operation) ? (['organization_suspended'] as const) : []),
    ...(operation.method === 'get' ? [] : (['body_too_large', 'media_type_not_supported'] as const)),
    ...(operation.errors ?? []),
  ]),
];

/** A suspended organization can read, and change nothing. */
export const isRead = ({ method, readsOnly = method === 'get' }: Operation): boolean => readsOnly;

/** A repeated request would create another object, so that it takes an `Idempotency-Key`. */
export const createsSomething = ({ method, answer, auth }: Operation): boolean =>
  method === 'post' && answer.status === 201 && (auth === 'organization' || auth === 'operator');
