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
  /** The whole table, for the operation that describes it. */
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
  /** Every handler of an operation that touches a connection, scope or target obeys its scope. */
  readonly authority: Authority;
  /** Absent: the operator acts for the organization. */
  readonly key?: ApiKey | undefined;
}

/** The request as it came, for operations that authenticate with a signature or their own token. */
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
  /** For the audit log. */
  readonly by: Requester;
  readonly caller: AuthOf extends 'organization' ? Caller : undefined;
  readonly request: RawRequest;
}

/** One answer that isn't a problem. */
export interface AnswerOf<Schema> {
  readonly status: number;
  readonly description: string;
  /** Of the JSON body; absent for 204 and other media types. */
  readonly schema?: Schema;
  /** Of `Location`, with the `id` of the answer: `/v1/connections/{id}`. */
  readonly location?: string;
  /** The media type of an answer that is a text or bytes instead of a value. */
  readonly file?: string;
  /** The same for every caller for the life of the process: answered with an ETag and cacheable. */
  readonly isStatic?: true;
}

interface OperationBase {
  readonly method: Method;
  /** As OpenAPI writes it: `/v1/connections/{id}`. */
  readonly path: string;
  readonly tag: string;
  /** One line. */
  readonly summary: string;
  readonly description?: string;
  readonly auth: Auth;
  /** The API key permission; one of several is enough. */
  readonly permission?: Permission | readonly Permission[];
  /** The operator token permission. */
  readonly operatorPermission?: OperatorPermission;
  /** Refused to callers that are limited to a scope: it shows or changes something of the whole organization. */
  readonly isOrganizationWide?: true;
  /** An operator's token that names no organization acts for all of them together. */
  readonly isForAllOrganizations?: true;
  /** The codes of this operation beside those of every operation with its auth and method. @default none */
  readonly errors?: readonly ErrorCode[];
  /** Codes that have another status here. */
  readonly statusOf?: Partial<Record<ErrorCode, number>>;
  /** Called as often as credentials are issued: its successes are logged at debug level. */
  readonly isHighVolume?: true;
  /** Changes nothing and issues nothing. @default GET does */
  readonly readsOnly?: boolean;
  /** Browsers get the site's page at this path. */
  readonly hasPage?: true;
  /** May a client repeat the request without doing it twice? @default every method but POST */
  readonly isRepeatable?: boolean;
  /** The tests send each of them to the running service. */
  readonly examples: Readonly<Record<string, Example>>;
}

export interface Example {
  readonly path?: Readonly<Record<string, string>>;
  readonly query?: Readonly<Record<string, string>>;
  readonly body?: unknown;
  /** The status, or the code of the problem that it shows. */
  readonly returns: number | ErrorCode;
}

/** One call of the API, as routes, OpenAPI document, client and reference know it. */
export interface Operation extends OperationBase {
  readonly query?: z.ZodObject | undefined;
  readonly body?: z.ZodType | undefined;
  readonly answer: AnswerOf<z.ZodType | undefined>;
  // biome-ignore lint/suspicious/noExplicitAny: each operation's own input, which `defineOperation` checked.
  readonly handler: (input: any) => unknown;
}

/** Checks an operation's handler against its path, auth and schemas: it returns exactly the members of the answer. */
export function defineOperation<
  const Path extends string,
  const AuthOf extends Auth,
  Query extends z.ZodObject | undefined = undefined,
  Body extends z.ZodType | undefined = undefined,
  Schema extends z.ZodType | undefined = undefined,
  Result extends Returned<Schema> = Returned<Schema>,
>(
  operation: OperationBase & {
    readonly path: Path;
    readonly auth: AuthOf;
    readonly query?: Query;
    readonly body?: Body;
    readonly answer: AnswerOf<Schema>;
    /** Returns the body of the answer. @throws RolebridgeError */
    readonly handler: (input: Input<Path, AuthOf, Query, Body>) => Promise<Result> | Result;
  } & NoMemberBeside<Result, Returned<Schema>>,
): Operation {
  return operation;
}

/** An answer with its own status, such as one that is given again. */
export class RawAnswer {
  constructor(readonly answer: Answer) {}
}

/** A handler without an answer returns what its action does. */
// biome-ignore lint/suspicious/noConfusingVoidType: actions return it.
type Nothing = void | undefined;

type Returned<Schema> =
  | (Schema extends z.ZodType
      ? DeepReadonly<z.input<Schema>> | JsonText<z.input<Schema>>
      : string | Buffer | AsyncIterable<string> | Nothing)
  | RawAnswer;

/** TypeScript allows more members than a type has; an answer must not have one that isn't documented. */
type NoMemberBeside<Given, Allowed> = [UnknownMember<Given, Allowed>] extends [never]
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
/** Of each member of a union. */
type ItemOf<List> = List extends readonly (infer Item)[] ? Item : never;
type KeyOf<Value> = Value extends unknown ? keyof Value : never;
type ValueOf<Value, Name> = Value extends unknown ? (Name extends keyof Value ? Value[Name] : never) : never;

const commonErrors: readonly ErrorCode[] = [
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
export const errorsOf = ({
  auth,
  method,
  errors = [],
  answer,
  readsOnly = method === 'get',
}: Operation): ErrorCode[] => [
  ...new Set([
    ...commonErrors,
    ...authErrors[auth],
    ...(method === 'post' && answer.status === 201 ? idempotencyErrors : []),
    ...(auth === 'organization' && !readsOnly ? (['organization_suspended'] as const) : []),
    ...(method === 'get' ? [] : (['body_too_large', 'media_type_not_supported'] as const)),
    ...errors,
  ]),
];
