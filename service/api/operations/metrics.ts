import { defineOperation } from '../operation.js';

/** The path exists only with a token, because usage figures aren't public. */
export const readMetrics = defineOperation({
  method: 'get',
  path: '/metrics',
  tag: 'Operations',
  summary: 'Returns the metrics for Prometheus. Exists only with ROLEBRIDGE_METRICS_TOKEN.',
  auth: 'metrics_token',
  answer: { status: 200, description: 'Prometheus text.', file: 'text/plain; version=0.0.4; charset=utf-8' },
  errors: ['not_found'],
  isHighVolume: true,
  examples: { withoutTheSetting: { returns: 'not_found' } },
  handler: ({ deps }) => deps.metrics.read(),
});
