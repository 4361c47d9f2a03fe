import { type Operations, routes } from './api.js';
import type { CallOptions } from './send.js';

type Id = keyof Operations;
/** A member of an operation; `undefined` where it has none. */
type MemberOf<Each extends Id, Name extends string> = Operations[Each] extends {
  readonly [Key in Name]: infer Value;
}
  ? Value
  : undefined;

/** The body of a call. */
export type RequestBody<Each extends Id> = MemberOf<Each, 'body'>;
/** The query of a call. */
export type RequestQuery<Each extends Id> = MemberOf<Each, 'query'>;
/** The answer of a call. */
export type Answer<Each extends Id> = Operations[Each]['answer'];

/** An argument can be omitted if all its members can. */
type IsOptional<Value> = [Partial<Value>] extends [Value] ? true : false;
type BodyArgument<Body> = [Body] extends [undefined]
  ? []
  : IsOptional<Body> extends true
    ? [body?: Body]
    : [body: Body];
type QueryArgument<Query> = [Query] extends [undefined] ? [] : [query?: Query];
type PathArguments<Each extends Id> = MemberOf<Each, 'path'> extends infer Path extends string[] ? Path : [];

/** Every operation as a method: its path parameters, body and query in order, then the options. */
export type Calls = {
  readonly [Each in Id]: (
    ...args: [
      ...PathArguments<Each>,
      ...BodyArgument<RequestBody<Each>>,
      ...QueryArgument<RequestQuery<Each>>,
      options?: CallOptions,
    ]
  ) => Promise<Answer<Each>>;
};

/** One call, ready to be sent. */
export interface Call {
  readonly method: string;
  readonly path: string;
  readonly query?: Readonly<Record<string, unknown>> | undefined;
  readonly body?: unknown;
  readonly isIdempotent: boolean;
  readonly options: CallOptions | undefined;
}

/** Creates the methods from the routes of the operations. */
export function createCalls(send: (call: Call) => Promise<unknown>): Calls {
  const calls = Object.entries(routes).map(([id, { method, path: template, ...route }]) => {
    const call = (...args: unknown[]) => {
      const given = [...args];
      const path = template.replaceAll(/\{\w+\}/g, () => encodeURIComponent(String(given.shift())));
      const body = route.hasBody ? (given.shift() ?? {}) : undefined;
      // The types of `Calls` say what each argument is.
      const query = route.hasQuery ? (given.shift() as Call['query']) : undefined;
      const options = given.shift() as CallOptions | undefined;
      return send({
        method,
        path,
        body,
        query,
        isIdempotent: route.isIdempotent ?? method !== 'POST',
        options,
      });
    };
    return [id, call] as const;
  });
  return Object.fromEntries(calls) as unknown as Calls;
}
