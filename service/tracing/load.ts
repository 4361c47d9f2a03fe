import { ConfigurationError } from '../configuration-error.js';
import { codeOf } from '../unknown-value.js';
import type { RouteOf, Tracing } from './index.js';

/** @throws ConfigurationError when OpenTelemetry's packages are not installed */
export async function loadTracing(routeOf: RouteOf): Promise<Tracing> {
  try {
    const { createTracing } = await import('./open-telemetry.js');
    return createTracing(routeOf);
  } catch (error) {
    if (codeOf(error) !== 'ERR_MODULE_NOT_FOUND') throw error;
    throw new ConfigurationError(
      'OTEL_EXPORTER_OTLP_ENDPOINT is set, and the packages for traces are not installed: npm install @opentelemetry/api@~1.9 @opentelemetry/resources@^2.12 @opentelemetry/sdk-trace-node@^2.12 @opentelemetry/exporter-trace-otlp-http@~0.223',
    );
  }
}
