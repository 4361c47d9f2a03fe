/**
 * OpenTelemetry traces, if OTEL_EXPORTER_OTLP_ENDPOINT is set. The packages are optional peer dependencies, which only
 * `open-telemetry.ts` imports.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';

/** Returns the route of a request, without ids and tokens. */
export type RouteOf = (request: IncomingMessage, response: ServerResponse) => string;

export interface Tracing {
  /** Handles a request in a child span of the caller's (`traceparent`). */
  request(request: IncomingMessage, response: ServerResponse, handle: (traceId: string) => void): void;
  /** Runs work in a span. */
  call<Result>(
    name: string,
    work: () => Promise<Result>,
    attributesOf: (result: Result) => Record<string, string>,
  ): Promise<Result>;
  /** Flushes pending spans. */
  close(): Promise<void>;
}
