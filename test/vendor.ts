import { randomBytes } from 'node:crypto';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Sts } from '../service/domain/ports.js';
import {
  createAccessKeyEncryption,
  createApp,
  createEncryption,
  createLocalKeyEncryptionKey,
  createLogger,
  createService,
  createSts,
  openFileStore,
  openPostgresStore,
  type ServiceOptions,
} from '../service/index.js';
import type { Brand } from '../service/web/brand.js';
import { type AwsSandbox, startAwsSandbox } from './aws-sandbox/index.js';

// The SDK's advice on Node versions is for operators; in a demo or a test it hides what matters.
process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED = 'true';

/** An answer of the service, as a caller sees it. */
export interface ApiAnswer {
  readonly status: number;
  // biome-ignore lint/suspicious/noExplicitAny: tests look at answers member by member, and a wrong guess fails them.
  readonly body: any;
  readonly headers: Headers;
}

/** The vendor's side of a test or the demo: sandbox, service on a file store, one organization. */
export async function startVendor(
  options: Partial<ServiceOptions> & {
    propagationDelayMs?: number;
    logLevel?: string;
    /** A wrapper between the service and the real STS client. */
    aroundSts?: (sts: Sts) => Sts;
  } = {},
) {
  const { propagationDelayMs = 0, logLevel = 'info', aroundSts = (sts) => sts, ...serviceOptions } = options;
  const sandbox: AwsSandbox = await startAwsSandbox({
    propagationDelayMs,
    // One time for both: sessions end by AWS's clock.
    ...(options.clock && { now: options.clock.now }),
  });
  const vendorAccount = sandbox.createAccount();
  const key = sandbox.createAccessKey(vendorAccount.accountId, 'rolebridge');
  const principal = `arn:aws:iam::${vendorAccount.accountId}:user/rolebridge`;
  const directory = mkdtempSync(join(tmpdir(), 'rolebridge-data-'));
  const logs: string[] = [];
  const openStore = await placeOf(directory);
  const store = serviceOptions.store ?? (await openStore());
  const settings: ServiceOptions = {
    store,
    sts: aroundSts(
      createSts({
        partitions: { aws: { region: 'us-east-1', endpoint: sandbox.url, credentials: async () => key } },
        timeoutMs: 2_000,
      }),
    ),
    encryption: createEncryption([{ id: 'k1', key: randomBytes(32) }]),
    accessKeyEncryption: createAccessKeyEncryption(
      createLocalKeyEncryptionKey([{ id: 'e1', key: randomBytes(32) }]),
    ),
    logger: createLogger(logLevel, { write: (line) => void logs.push(line) }),
    principals: new Map([['aws', principal]]),
    propagationWindowMs: 3_000,
    // Most tests connect roles in whatever account; those about the binding say otherwise.
    requireAccount: false,
    // Only where a test is about it: a clock that a test lets pass would never come to rest.
    jobs: false,
    ...serviceOptions,
  };
  const service = await createService(settings);
  const { organization, apiKey } = await service.createOrganization('acme');
  const apps: ReturnType<typeof createApp>[] = [];

  return {
    sandbox,
    service,
    store,
    /** Opens the same store again: after `service.close()`, as at a restart. */
    openStore,
    /** One more service with the same settings but for these, as on another machine. */
    startAnother: (its: Pick<ServiceOptions, 'store'> & Partial<ServiceOptions>) =>
      createService({ ...settings, ...its }),
    /** The same service without a server, to mount in another app; it shares the store, and closes with this one. */
    createApp(its: { publicUrl: string; brand?: Brand }) {
      const app = createApp({ ...settings, ...its });
      apps.push(app);
      return app;
    },
    principal,
    vendorAccount,
    organization,
    apiKey,
    directory,
    logs,
    call: (method: string, path: string, body?: unknown, key = apiKey) =>
      callApi(service.url, key, method, path, body),
    async close() {
      await service.close();
      for (const app of apps) await app.close();
      await sandbox.close();
    },
  };
}

/** Files; `ROLEBRIDGE_TEST_STORE=postgres` runs the same tests on PostgreSQL. */
async function placeOf(directory: string): Promise<() => ReturnType<typeof openFileStore>> {
  if (process.env.ROLEBRIDGE_TEST_STORE !== 'postgres') return () => openFileStore({ directory });
  const { sharedPostgres } = await import('./postgres/index.js');
  const url = await (await sharedPostgres()).newSchema();
  return () => openPostgresStore({ url });
}

export type Vendor = Awaited<ReturnType<typeof startVendor>>;

export async function callApi(
  url: string,
  apiKey: string,
  method: string,
  path: string,
  body?: unknown,
): Promise<ApiAnswer> {
  const response = await fetch(url + path, {
    method,
    headers: {
      authorization: `Bearer ${apiKey}`,
      ...(body !== undefined && { 'content-type': 'application/json' }),
    },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  return {
    status: response.status,
    body: text === '' ? undefined : JSON.parse(text),
    headers: response.headers,
  };
}
