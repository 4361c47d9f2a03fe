import { type Operations, routes } from './api.js';
import type { CallOptions } from './send.js';

/** Every operation as a method: its path parameters, body and query in order, then the options. */
export type Calls = {
  readonly [Id in keyof Operations]: (
    ...args: [...Operations[Id]['args'], options?: CallOptions]
  ) => Promise<Operations[Id]['answer']>;
};

/** One call, ready to be sent. */
export interface Call {
  readonly method: string;
  readonly path: string;
  readonly query?: Readonly<Record<string, unknown>> | undefined;
  readonly body?: unknown;
  readonly isRepeatable: boolean;
  readonly options: CallOptions | undefined;
}

/** The methods of all operations, made of their routes. */
export function createCalls(send: (call: Call) => Promise<unknown>): Calls {
  const calls = Object.entries(routes).map(([id, route]) => {
    const call = (...args: unknown[]) => {
      const given = [...args];
      const path = route.path.replaceAll(/\{\w+\}/g, () => encodeURIComponent(String(given.shift())));
      const body = route.hasBody ? (given.shift() ?? {}) : undefined;
      // The types of `Calls` say what stands at each place.
      const query = route.hasQuery ? (given.shift() as Call['query']) : undefined;
      const options = given.shift() as CallOptions | undefined;
      return send({
        method: route.method,
        path,
        body,
        query,
        isRepeatable: route.isRepeatable ?? false,
        options,
      });
    };
    return [id, call] as const;
  });
  return Object.fromEntries(calls) as unknown as Calls;
}
