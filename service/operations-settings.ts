import { createHash } from 'node:crypto';
import { z } from 'zod';
import { defaultRateLimits, type RateLimitSettings, rateLimitNames } from './limits/index.js';

const whole = (low: number, high: number) =>
  z.string().regex(/^\d+$/, 'must be a whole number').transform(Number).pipe(z.number().min(low).max(high));

const rateLimits = z.string().transform((text, context): Partial<RateLimitSettings> => {
  const pairs = text.split(',').map((part) => part.split('='));
  if (
    pairs.every(
      ([name, limit]) =>
        (rateLimitNames as readonly string[]).includes(name ?? '') && /^\d{1,9}$/.test(limit ?? ''),
    ) &&
    new Set(pairs.map(([name]) => name)).size === pairs.length
  )
    return Object.fromEntries(pairs.map(([name, limit]) => [name, Number(limit)]));
  context.addIssue({
    code: 'custom',
    message: `must be NAME=NUMBER[,NAME=NUMBER], requests in a minute, 0 for no limit; the names are ${rateLimitNames.join(', ')}`,
  });
  return z.NEVER;
});

/** The settings of limits, metrics, proxies and how long the audit log is kept. */
export const operationsSettings = {
  ROLEBRIDGE_TRUSTED_PROXIES: whole(0, 10).default(0),
  ROLEBRIDGE_RATE_LIMITS: rateLimits.optional(),
  ROLEBRIDGE_STS_CALLS_AT_ONCE: whole(1, 10_000).default(200),
  ROLEBRIDGE_STS_CALLS_AT_ONCE_PER_ORGANIZATION: whole(1, 10_000).default(20),
  ROLEBRIDGE_METRICS_TOKEN: z
    .string()
    .min(32, 'must be at least 32 characters (openssl rand -hex 32)')
    .optional(),
  ROLEBRIDGE_METRICS_PORT: whole(0, 65_535).optional(),
  ROLEBRIDGE_METRICS_HOST: z.string().min(1).default('127.0.0.1'),
  ROLEBRIDGE_AUDIT_RETENTION_DAYS: whole(30, 36_500).optional(),
  OTEL_EXPORTER_OTLP_ENDPOINT: z.url('must be a URL').optional(),
};

type Values = z.infer<z.ZodObject<typeof operationsSettings>>;

/** As `createService` takes them. */
export const operationsOf = (values: Values) => ({
  trustedProxies: values.ROLEBRIDGE_TRUSTED_PROXIES,
  rateLimits: { ...defaultRateLimits, ...values.ROLEBRIDGE_RATE_LIMITS },
  stsCalls: {
    atOnce: values.ROLEBRIDGE_STS_CALLS_AT_ONCE,
    atOncePerOrganization: values.ROLEBRIDGE_STS_CALLS_AT_ONCE_PER_ORGANIZATION,
  },
  metricsTokenHash:
    values.ROLEBRIDGE_METRICS_TOKEN &&
    createHash('sha256').update(values.ROLEBRIDGE_METRICS_TOKEN).digest('hex'),
  metricsListener:
    values.ROLEBRIDGE_METRICS_PORT === undefined
      ? undefined
      : { host: values.ROLEBRIDGE_METRICS_HOST, port: values.ROLEBRIDGE_METRICS_PORT },
  auditRetentionDays: values.ROLEBRIDGE_AUDIT_RETENTION_DAYS,
  isTraced: values.OTEL_EXPORTER_OTLP_ENDPOINT !== undefined,
});
