/**
 * The Rolebridge service: `createService` wires it together from things made outside. Rules live in `domain/`,
 * use cases in `actions/`, the wire in `http/`, AWS in `aws/`, files in `stores/`; only `main.ts` reads the environment.
 */
import { randomUUID } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import { createOrganization, type NewOrganization } from './actions/create-organization.js';
import type { Dependencies } from './actions/dependencies.js';
import { createApp } from './api/app.js';
import { answerMalformedRequests } from './api/malformed-request.js';
import { createMetricsServer } from './api/metrics.js';
import { operations } from './api/operations.js';
import { keepAuditFor } from './audit-retention.js';
import { createOrganizationLimiter } from './aws/organization-limiter.js';
import { shareSts } from './aws/shared-sts.js';
import type { AccessKeyEncryption } from './domain/access-key.js';
import type { Requester } from './domain/audit.js';
import { type PermissionSets, permissionSetsOf } from './domain/permission-set.js';
import type { Clock, Encryption, Store, Sts } from './domain/ports.js';
import type { Partition } from './domain/role-arn.js';
import { interruptible } from './interruptible-clock.js';
import { runJobs, type Scheduler } from './jobs/index.js';
import { createRateLimits } from './limits/index.js';
import {
  countConnections,
  createMetrics,
  instrumentedStore,
  type Metrics,
  measureOldestCheck,
} from './metrics/index.js';
import { createSessions } from './role-sessions/index.js';
import { defaultSettings, type Settings } from './settings/index.js';
import type { Tracing } from './tracing/index.js';
import { type Brand, defaultBrand } from './web/brand.js';
import { createWeb } from './web/index.js';
import { deliverMessages, type WebhookOptions } from './webhooks/index.js';

export { reencrypt } from './actions/reencrypt.js';
export { createSts } from './aws/sts.js';
export { createLogger } from './logger.js';
export { openEncryption } from './open-encryption.js';
export { openPermissionSets } from './permission-sets/index.js';
export { backUp, restoreBackup } from './records/lowdb/backup.js';
export { inspect } from './records/lowdb/inspect.js';
export { repair } from './records/lowdb/repair.js';
export { openFileStore, openPostgresStore, openStore, type StoreChoice } from './records/open.js';
export { createAccessKeyEncryption, createLocalKeyEncryptionKey } from './secrets/access-key-encryption.js';
export { createEncryption } from './secrets/encryption.js';

/** Operators' tools usually kill what has not ended after ten seconds. */
const closingMs = 9_000;

/** The machine's own time. */
export const systemClock: Clock = {
  now: Date.now,
  monotonic: () => performance.now(),
  sleep: (ms, signal) =>
    sleep(ms, undefined, { ...(signal && { signal }) }).catch((error: unknown) => {
      if (!signal?.aborted) throw error;
    }),
};

/** The settings by their option (docs/settings.md); each one that is left out has its documented default. */
type GivenSettings = {
  readonly [Name in keyof Settings]?: Settings[Name] extends infer Value
    ? Value extends ReadonlyMap<unknown, unknown> | ReadonlySet<unknown> | readonly unknown[]
      ? Value | undefined
      : Value extends object
        ? Partial<Value> | undefined
        : Value | undefined
    : never;
};

/** Every outside thing that the service works with, and its settings. */
export interface ServiceOptions
  extends Omit<GivenSettings, 'principals' | 'webhooks' | 'metricsListener' | 'logLevel'> {
  readonly store: Store;
  readonly sts: Sts;
  readonly encryption: Encryption;
  readonly logger: Logger;
  /** Without it the service takes no access keys. */
  readonly accessKeyEncryption?: AccessKeyEncryption | undefined;
  /** The vendor's principal in each of its partitions. */
  readonly principals: ReadonlyMap<Partition, string>;
  readonly clock?: Clock;
  /** As `openPermissionSets` reads them. @default none */
  readonly permissionSets?: PermissionSets;
  /** How long one request waits for propagation before it answers 503 with `Retry-After`. @default 25,000 */
  readonly maxWaitMs?: number;
  /** False looks at no connection by itself: another process on the same store does. @default true */
  readonly watches?: boolean;
  /** How long a client may take to send a request, its headers half of that. @default 20,000 */
  readonly requestTimeoutMs?: number;
  readonly metrics?: Metrics;
  readonly webhooks?: WebhookOptions | undefined;
  readonly metricsListener?: { readonly host: string; readonly port: number } | undefined;
  readonly tracing?: Tracing | undefined;
  /** Whose name, colors and words customers meet. @default a neutral one */
  readonly brand?: Brand | undefined;
}

/** A service that is listening. */
export interface Service {
  readonly url: string;
  /** Where the port for `/metrics` is, if there is one. */
  readonly metricsUrl: string | undefined;
  /** Creates an organization and its first API key, which is shown this once. */
  createOrganization(
    name: string,
    more?: Omit<NewOrganization, 'name'>,
  ): ReturnType<typeof createOrganization>;
  /** Asks AWS whether the service runs as a role's session, and logs what that means for credentials. Never fails. */
  learnRoleChaining(): Promise<void>;
  /** From now on access keys are encrypted with the first of these keys, as after one was put before the others. */
  useEncryption(encryption: AccessKeyEncryption | undefined): void;
  /** Lets requests in flight end (9 seconds at most), then closes the store. */
  close(): Promise<void>;
}

/** Starts the service. @throws when it can't listen */
export async function createService(options: ServiceOptions): Promise<Service> {
  const settings = withDefaults(options);
  const { clock, interrupt } = interruptible(options.clock ?? systemClock);
  const requestTimeout = options.requestTimeoutMs ?? 20_000;
  const server = createServer({
    headersTimeout: requestTimeout / 2,
    requestTimeout,
    connectionsCheckingInterval: Math.min(2_000, requestTimeout / 4),
    maxHeaderSize: 16_384,
    // Longer than load balancers keep theirs (AWS's: 60 s), or they answer 502 now and then.
    keepAliveTimeout: 65_000,
  });
  // A client that does not read its answer is cut too.
  server.timeout = 6 * requestTimeout;
  server.maxHeadersCount = 100;
  await listen(server, options.port ?? 0, settings.host);
  const url = urlOf(server);
  const { logger, tracing, metrics = createMetrics() } = options;
  // What nobody can read is not measured where it would cost each request something.
  const isMeasured = options.metricsListener !== undefined || options.metricsTokenHash !== undefined;
  const store = isMeasured ? instrumentedStore(options.store, metrics) : options.store;
  countConnections(store, metrics);
  measureOldestCheck(store, metrics, clock.now);
  const limits = createRateLimits(settings.rateLimits, (limit) => metrics.rateLimited.inc({ limit }));
  const budget = createOrganizationLimiter({
    atOnce: settings.stsCalls.atOnce,
    atOncePerSharer: settings.stsCalls.atOncePerOrganization,
    onChange(inFlight, waiting) {
      metrics.stsInFlight.set(inFlight);
      metrics.stsWaiting.set(waiting);
    },
  });
  const sts = shareSts(options.sts, { budget, metrics, logger, tracing });
  const sessions = createSessions({ sts, clock });
  let { accessKeyEncryption } = options;
  const loops: Scheduler[] = [];
  const { brand = defaultBrand } = options;
  const deps: Dependencies = {
    get accessKeyEncryption() {
      return accessKeyEncryption;
    },
    store,
    sts,
    sessions,
    verificationLimit: limits.verification,
    encryption: options.encryption,
    takesAccessKeys: settings.takesAccessKeys,
    clock,
    principals: options.principals,
    deniedAccountIds: settings.deniedAccountIds ?? new Set(),
    publicUrl: settings.publicUrl ?? url,
    templateUrl: settings.templateUrl,
    vendor: { name: brand.name, externalIdPrefix: brand.externalIdPrefix },
    propagationWindowMs: settings.propagationWindowMs,
    maxWaitMs: options.maxWaitMs ?? 25_000,
    schedule: settings.schedule,
    permissionSets: options.permissionSets ?? permissionSetsOf([]),
    webhookEndpoints: options.webhooks?.endpoints ?? [],
    canary: settings.canary,
    health: { degradedSince: undefined },
    requireAccount: settings.requireAccount,
    requireProof: settings.requireProof,
    alarm(code, about) {
      metrics.securityEvents.inc({ code });
      logger.error(
        { ...about, code, security: true },
        'a callback came for an account that the connection is not bound to',
      );
    },
    wake: () => {
      for (const loop of loops) loop.wake();
    },
  };
  const { callbackToleranceMs, metricsTokenHash, operatorTokenHash, trustedProxies } = settings;
  const app = createApp(Object.assign(deps, { limits, metrics, callbackToleranceMs, operations }), {
    pages: createWeb(deps, { logger, limits, brand }),
    logger,
    isMeasured,
    metricsTokenHash,
    trustedProxies,
    operatorTokenHash,
  });
  answerMalformedRequests(server, { publicUrl: deps.publicUrl, logger });
  const metricsServer = options.metricsListener && createMetricsServer(metrics);
  if (metricsServer && options.metricsListener)
    await listen(metricsServer, options.metricsListener.port, options.metricsListener.host).catch((error) => {
      server.close();
      throw error;
    });
  if (options.watches ?? true)
    loops.push(runJobs(deps, { logger, metrics, stsCallsPerSecond: settings.watchStsCallsPerSecond }));
  if (options.webhooks) loops.push(deliverMessages({ store, clock, logger, metrics }, options.webhooks));
  if (options.auditRetentionDays !== undefined)
    loops.push(keepAuditFor(options.auditRetentionDays, { store, clock, logger, metrics }));
  let isClosing = false;
  server.on('request', (request, response) => {
    // A client that reuses its connection would otherwise keep the service from ending.
    if (isClosing) response.setHeader('connection', 'close');
    if (tracing === undefined) return app(request, response);
    tracing.request(request, response, (traceId) => {
      (response as unknown as { locals: object }).locals = { traceId };
      app(request, response);
    });
  });
  return {
    url,
    metricsUrl: metricsServer && `${urlOf(metricsServer)}/metrics`,
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
          options.logger.warn({ partition }, 'AWS did not say whom the service runs as');
      }
    },
    useEncryption(encryption) {
      accessKeyEncryption = encryption;
    },
    async close() {
      isClosing = true;
      interrupt();
      const closed = new Promise((resolve) => server.close(resolve));
      const sweep = setInterval(() => server.closeIdleConnections(), 50);
      const stopped = Promise.all(loops.map((loop) => loop.stop()));
      await Promise.race([Promise.all([closed, stopped]), sleep(closingMs, undefined, { ref: false })]);
      clearInterval(sweep);
      server.closeAllConnections();
      metricsServer?.close();
      metricsServer?.closeAllConnections();
      await options.store.close();
      await tracing?.close().catch(() => {});
    },
  };
}

/** Groups of settings are completed member by member. */
function withDefaults(given: ServiceOptions) {
  const defaults = defaultSettings();
  return {
    ...defaults,
    ...Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)),
    schedule: { ...defaults.schedule, ...given.schedule },
    stsCalls: { ...defaults.stsCalls, ...given.stsCalls },
    rateLimits: { ...defaults.rateLimits, ...given.rateLimits },
  };
}

/** Whoever calls the program itself. */
export const commandLine = (): Requester => ({ actor: { kind: 'command_line' }, requestId: randomUUID() });

function urlOf(server: Server): string {
  const { address, port, family } = server.address() as AddressInfo;
  return `http://${family === 'IPv6' ? `[${address}]` : address}:${port}`;
}

function listen(server: Server, port: number, host: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, resolve);
  });
}
