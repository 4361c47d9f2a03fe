/** The wiring: builds everything that one process of the service works with from its options. */
import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import { createOrganization, type NewOrganization } from '../actions/create-organization.js';
import type { Dependencies } from '../actions/dependencies.js';
import { createRequestListener } from '../api/app.js';
import { operations } from '../api/operations.js';
import { createOrganizationLimiter } from '../aws/organization-limiter.js';
import { shareSts } from '../aws/shared-sts.js';
import type { AccessKeyEncryption } from '../domain/access-key.js';
import type { Requester } from '../domain/audit.js';
import { errorCatalog } from '../domain/error-catalog/index.js';
import { type PermissionSets, permissionSetsOf } from '../domain/permission-set.js';
import type { Clock, Encryption, Store, Sts } from '../domain/ports.js';
import type { Partition } from '../domain/role-arn.js';
import { settingEndpoint } from '../domain/webhook-endpoint.js';
import { interruptible } from '../interruptible-clock.js';
import { keepAuditFor, signAuditLogs } from '../jobs/audit-log.js';
import { runJobs, type Scheduler } from '../jobs/index.js';
import { createRateLimits } from '../limits/index.js';
import {
  countConnections,
  createMetrics,
  instrumentedStore,
  type Metrics,
  measureOldestCheck,
} from '../metrics/index.js';
import { createSessions } from '../role-sessions/index.js';
import { type Settings, settingsWith } from '../settings/index.js';
import type { Tracing } from '../tracing/index.js';
import { type Brand, defaultBrand, isReturnUrl } from '../web/brand.js';
import { createWeb } from '../web/index.js';
import { deliverMessages, type WebhookOptions } from '../webhooks/index.js';

/** The clock of the machine. */
export const systemClock: Clock = {
  now: Date.now,
  monotonic: () => performance.now(),
  sleep: (ms, signal) =>
    sleep(ms, undefined, { ...(signal && { signal }) }).catch((error: unknown) => {
      if (!signal?.aborted) throw error;
    }),
};

/** The settings by option (docs/settings.md). An omitted one has its documented default. */
type GivenSettings = {
  readonly [Name in keyof Settings]?: Settings[Name] extends infer Value
    ? Value extends ReadonlyMap<unknown, unknown> | ReadonlySet<unknown> | readonly unknown[]
      ? Value | undefined
      : Value extends object
        ? Partial<Value> | undefined
        : Value | undefined
    : never;
};

/** The adapters and settings of the service. */
export interface ServiceOptions
  extends Omit<GivenSettings, 'principals' | 'webhooks' | 'metricsListener' | 'logLevel'> {
  readonly store: Store;
  readonly sts: Sts;
  readonly encryption: Encryption;
  readonly logger: Logger;
  /** Without it the service accepts no access keys. */
  readonly accessKeyEncryption?: AccessKeyEncryption | undefined;
  /** The vendor's principal in each of its partitions. */
  readonly principals: ReadonlyMap<Partition, string>;
  readonly clock?: Clock;
  /** As `openPermissionSets` reads them. @default none */
  readonly permissionSets?: PermissionSets;
  /** How long one request waits for propagation before it answers 503 with `Retry-After`. @default 25,000 */
  readonly maxWaitMs?: number;
  /** False: no background jobs, because another process on the same store runs them. @default true */
  readonly jobs?: boolean;
  /** Time limit for receiving a request; half of it for the headers. @default 20,000 */
  readonly requestTimeoutMs?: number;
  readonly metrics?: Metrics;
  readonly webhooks?: WebhookOptions | undefined;
  readonly metricsListener?: { readonly host: string; readonly port: number } | undefined;
  readonly tracing?: Tracing | undefined;
  /** The brand that customers see. @default a neutral one */
  readonly brand?: Brand | undefined;
}

/** Control of a running service. */
export interface Control {
  /** Creates an organization and its first API key, which is shown once. */
  createOrganization(
    name: string,
    more?: Omit<NewOrganization, 'name'>,
  ): ReturnType<typeof createOrganization>;
  /** Asks AWS whether the service itself runs as a role session, and logs the limit of an hour that follows. Never fails. */
  learnRoleChaining(): Promise<void>;
  /** Replaces the encryption of access keys, for example after a key rotation. */
  useEncryption(encryption: AccessKeyEncryption | undefined): void;
}

/** Builds the service without a listener. `url` is its address if no public URL is set. */
export function wire(options: ServiceOptions, url: string) {
  const settings = settingsWith(options);
  const { clock, interrupt } = interruptible(options.clock ?? systemClock);
  const { logger, tracing, metrics = createMetrics() } = options;
  // Metrics that nothing can read aren't collected: that would cost time in each request.
  const isMeasured = options.metricsListener !== undefined || options.metricsTokenHash !== undefined;
  const store = isMeasured ? instrumentedStore(options.store, metrics) : options.store;
  countConnections(store, metrics);
  measureOldestCheck(store, metrics, clock.now);
  const limits = createRateLimits(settings.rateLimits, (limit) => metrics.rateLimited.inc({ limit }));
  const limiter = createOrganizationLimiter({
    atOnce: settings.stsCalls.atOnce,
    atOncePerSharer: settings.stsCalls.atOncePerOrganization,
    onChange(inFlight, waiting) {
      metrics.stsInFlight.set(inFlight);
      metrics.stsWaiting.set(waiting);
    },
  });
  const sts = shareSts(options.sts, { limiter, metrics, logger, tracing });
  const sessions = createSessions({ sts, clock });
  let { accessKeyEncryption } = options;
  const loops: Scheduler[] = [];
  const { brand = defaultBrand } = options;
  const deps: Dependencies = {
    get accessKeyEncryption() {
      return accessKeyEncryption;
    },
    store,
    quotas: {
      limits: settings.quotas,
      onExceeded: (quota) => metrics.quotaExceeded.inc({ quota }),
    },
    sts,
    sessions,
    verificationLimit: limits.verification,
    encryption: options.encryption,
    acceptsAccessKeys: settings.acceptsAccessKeys,
    clock,
    principals: options.principals,
    deniedAccountIds: settings.deniedAccountIds ?? new Set(),
    publicUrl: settings.publicUrl ?? url,
    templateUrl: settings.templateUrl,
    permissionSetTemplateUrl: settings.permissionSetTemplateUrl,
    vendor: {
      inSentence: brand.name === defaultBrand.name ? 'the vendor' : brand.name,
      name: brand.name === defaultBrand.name ? undefined : brand.name,
      externalIdPrefix: brand.externalIdPrefix,
      isReturnUrl: (url) => isReturnUrl(brand, url),
    },
    propagationWindowMs: settings.propagationWindowMs,
    maxWaitMs: options.maxWaitMs ?? 25_000,
    schedule: settings.schedule,
    permissionSets: options.permissionSets ?? permissionSetsOf([]),
    webhooks: {
      endpoints: (options.webhooks?.endpoints ?? []).map(settingEndpoint),
      allowsPrivate: options.webhooks?.allowsPrivate ?? false,
    },
    canary: settings.canary,
    health: { degradedSince: undefined },
    requireAccount: settings.requireAccount,
    requireProof: settings.requireProof,
    reportSecurityEvent(code, about) {
      metrics.securityEvents.inc({ code });
      logger.error({ ...about, code, security: true }, errorCatalog[code].title);
    },
    wake: () => {
      for (const loop of loops) loop.wake();
    },
  };
  const { callbackToleranceMs, metricsTokenHash, operatorTokenHash, trustedProxies } = settings;
  const app = createRequestListener(
    Object.assign(deps, { limits, metrics, callbackToleranceMs, operations }),
    createWeb(deps, { logger, limits, brand, operatorTokenHash }),
    { logger, isMeasured, metricsTokenHash, trustedProxies, operatorTokenHash },
  );
  const control: Control = {
    createOrganization: (name, more) =>
      createOrganization({ store, clock }, commandLine(), { ...more, name }),
    async learnRoleChaining() {
      for (const partition of options.principals.keys()) {
        const isRoleChaining = await sessions.isRoleChaining(partition).catch(() => undefined);
        if (isRoleChaining)
          options.logger.info(
            { partition },
            'runs as a role itself: AWS ends sessions after an hour (role chaining)',
          );
        if (isRoleChaining === undefined)
          options.logger.warn({ partition }, 'AWS did not name the identity that the service runs as');
      }
    },
    useEncryption(encryption) {
      accessKeyEncryption = encryption;
    },
  };
  return {
    control,
    metrics,
    publicUrl: deps.publicUrl,
    handler(request: IncomingMessage, response: ServerResponse): void {
      if (tracing === undefined) app(request, response);
      else
        tracing.request(request, response, (traceId) => {
          (response as unknown as { locals: object }).locals = { traceId };
          app(request, response);
        });
    },
    /** Starts the jobs. */
    start(): void {
      if (options.jobs ?? true)
        loops.push(runJobs(deps, { logger, metrics, stsCallsPerSecond: settings.verifyStsCallsPerSecond }));
      loops.push(deliverMessages(deps, { logger, metrics }, options.webhooks));
      if (options.jobs ?? true) loops.push(signAuditLogs({ store, clock, logger }));
      if (options.auditRetentionDays !== undefined)
        loops.push(keepAuditFor(options.auditRetentionDays, { store, clock, logger, metrics }));
    },
    /** Interrupts waiting requests and stops the jobs. */
    async stop(): Promise<void> {
      interrupt();
      await Promise.all(loops.map((loop) => loop.stop()));
    },
    async release(): Promise<void> {
      await options.store.close();
      await tracing?.close().catch(() => {});
    },
  };
}

/** The requester of commands that act on the store directly. */
export const commandLine = (): Requester => ({ actor: { kind: 'command_line' }, requestId: randomUUID() });
