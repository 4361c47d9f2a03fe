import type { IncomingMessage, ServerResponse } from 'node:http';
import { context, propagation, type Span, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { detectResources, envDetector, resourceFromAttributes } from '@opentelemetry/resources';
import { BatchSpanProcessor, NodeTracerProvider } from '@opentelemetry/sdk-trace-node';
import type { RouteOf, Tracing } from './index.js';

/**
 * Configured by OpenTelemetry's own variables, such as `OTEL_EXPORTER_OTLP_ENDPOINT`, `OTEL_EXPORTER_OTLP_HEADERS`,
 * `OTEL_TRACES_SAMPLER` and `OTEL_RESOURCE_ATTRIBUTES`.
 * https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/
 */
export function createTracing(routeOf: RouteOf): Tracing {
  const provider = new NodeTracerProvider({
    resource: resourceFromAttributes({ 'service.name': 'rolebridge' }).merge(
      detectResources({ detectors: [envDetector] }),
    ),
    spanProcessors: [new BatchSpanProcessor(new OTLPTraceExporter())],
  });
  provider.register();
  const tracer = trace.getTracer('rolebridge');

  return {
    request(request, response, handle) {
      const parent = propagation.extract(context.active(), request.headers);
      const span = tracer.startSpan(
        request.method ?? 'HTTP',
        { kind: SpanKind.SERVER, attributes: { 'http.request.method': request.method ?? '' } },
        parent,
      );
      response.once('close', () => endRequest(span, routeOf(request, response), request, response));
      context.with(trace.setSpan(parent, span), () => handle(span.spanContext().traceId));
    },
    call: (name, work, attributesOf) =>
      tracer.startActiveSpan(name, { kind: SpanKind.CLIENT }, async (span) => {
        try {
          const result = await work();
          span.setAttributes(attributesOf(result));
          return result;
        } catch (error) {
          span.setStatus({ code: SpanStatusCode.ERROR });
          throw error;
        } finally {
          span.end();
        }
      }),
    close: () => provider.shutdown(),
  };
}

/** A span has no path, query or header, because they can contain private data. */
function endRequest(span: Span, route: string, request: IncomingMessage, response: ServerResponse): void {
  span.updateName(`${request.method} ${route}`);
  span.setAttributes({ 'http.route': route, 'http.response.status_code': response.statusCode });
  if (response.statusCode >= 500 || !response.writableFinished)
    span.setStatus({ code: SpanStatusCode.ERROR });
  span.end();
}
