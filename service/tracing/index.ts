/**
 * OpenTelemetry traces, for a service with a setting that says where to send them. Nothing of OpenTelemetry is loaded otherwise:
 * its packages are optional peers, imported by `open-telemetry.ts` only.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';

/** Names the route that a request went to, without ids and tokens. */
export type RouteOf = (request: IncomingMessage, response: ServerResponse) => string;

export interface Tracing {
  /** Handles a request in a span that is a child of the caller's (`traceparent`), and answers with its trace id. */
  request(request: IncomingMessage, response: ServerResponse, handle: (traceId: string) => void): void;
  /** Does something in its own span. */
  call<Result>(
    name: string,
    work: () => Promise<Result>,
    attributesOf: (result: Result) => Record<string, string>,
  ): Promise<Result>;
  /** Flushes pending spans. */
  close(): Promise<void>;
}
