import { runOperatorCommand } from '../actions/run-operator-command.js';
import { routeOf } from '../api/route-of.js';
import { foreignEndpoints } from '../aws/outbound.js';
import { createSts } from '../aws/sts.js';
import { listenForControl } from '../control-socket.js';
import { createLogger } from '../logger.js';
import { createMetrics, type Metrics, measureDisk, measureProcess } from '../metrics/index.js';
import { openEncryption } from '../open-encryption.js';
import { openPermissionSets } from '../permission-sets/index.js';
import { openStore } from '../records/open.js';
import { storedFacts } from '../records/stored-facts.js';
import { refuseChangedKeys, rememberServiceKey } from '../secrets/check-service-keys.js';
import { createEncryption } from '../secrets/encryption.js';
import { createService, type Service } from '../server/create-service.js';
import { commandLine, systemClock } from '../server/wiring.js';
import {
  awsClientsOf,
  ConfigurationError,
  readSettings,
  type Settings,
  stsPartitionsOf,
} from '../settings/index.js';
import { loadTracing } from '../tracing/load.js';
import { loadBrand } from '../web/load-brand.js';
import type { Terminal } from './terminal.js';

/** Starts the service, which runs until a signal ends it. @throws ConfigurationError, RolebridgeError `store_unavailable` */
export async function serve(terminal: Terminal): Promise<void> {
  const config = readSettings(terminal.env);
  const logger = createLogger(config.logLevel);
  const tracing = config.tracesEndpoint ? await loadTracing(routeOf) : undefined;
  const brand = config.brandFile === undefined ? undefined : loadBrand(config.brandFile);
  const metrics = createMetrics();
  measureProcess(metrics);
  if (config.database === undefined) measureDisk(config.dataDirectory, metrics);
  const { store, permissionSets } = await openStored(config, logger, metrics);
  const encryption = createEncryption(config.serviceKeys);
  let accessKeyEncryption = openEncryption(config);
  const service = await createService({
    ...config,
    ...(permissionSets && { permissionSets }),
    brand,
    store,
    logger,
    metrics,
    tracing,
    encryption,
    accessKeyEncryption,
    sts: createSts({ partitions: stsPartitionsOf(config), timeoutMs: config.stsTimeoutMs }),
  }).catch(async (error: NodeJS.ErrnoException) => {
    await store.close();
    throw listenError(error);
  });
  // Signal handlers come before the "listening" line: a script sends a signal as soon as it reads that line.
  // SIGHUP reads the encryption keys again, so that a new first key counts without a restart.
  process.on('SIGHUP', () => {
    try {
      accessKeyEncryption = openEncryption(readSettings(terminal.env));
      service.useEncryption(accessKeyEncryption);
      logger.info({ keyId: accessKeyEncryption?.keyId }, 'encryption keys read again');
    } catch (error) {
      logger.error({ err: error }, 'encryption keys not read again; the previous ones stay in use');
    }
  });
  const publicUrl = config.publicUrl ?? service.url;
  const endControl = await answerCommands(config, (command) =>
    runOperatorCommand(
      { store, clock: systemClock, encryption, accessKeyEncryption, publicUrl },
      commandLine(),
      command,
    ),
  ).catch(async (error) => {
    await service.close();
    throw error;
  });
  stopOnSignal(service, endControl);
  const { url, metricsUrl } = service;
  logger.info({ url, publicUrl, metricsUrl }, 'listening');
  service.learnRoleChaining();
  for (const foreign of await foreignEndpoints(awsClientsOf(config)))
    logger.warn(foreign, 'AWS calls go to an endpoint that is not AWS’s own');
}

/** Opens the store and the served permission sets, after a check that the service keys are the store's. */
async function openStored(config: Settings, logger: ReturnType<typeof createLogger>, metrics: Metrics) {
  const keyChecks = storedFacts(config, 'service-key-checks');
  await refuseChangedKeys(config.serviceKeys, keyChecks);
  const store = await openStore(config, {
    onCompromised(error) {
      logger.fatal({ err: error }, 'the data directory is no longer this process’s alone; stopping');
      process.exit(1);
    },
    onRepaired: (message, path) => logger.warn({ file: path }, message),
    onWarning: (message, details) => logger.warn(details, message),
    onOpened(position) {
      logger.info(position(), 'store opened');
      metrics.onRead(async () => {
        for (const [of, value] of Object.entries(position())) metrics.storePosition.set({ of }, value);
      });
    },
  });
  try {
    await rememberServiceKey(config.serviceKeys, keyChecks, store);
    const { permissionSetsFolder: folder } = config;
    const permissionSets =
      folder === undefined
        ? undefined
        : await openPermissionSets(folder, storedFacts(config, 'served-permission-sets'));
    return { store, permissionSets };
  } catch (error) {
    await store.close();
    throw error;
  }
}

const listenError = (error: NodeJS.ErrnoException): Error =>
  error.syscall === 'listen' || error.syscall === 'getaddrinfo'
    ? new ConfigurationError(
        `The service can't listen: ${error.message}. Set ROLEBRIDGE_HOST and ROLEBRIDGE_PORT to an address that is free.`,
      )
    : error;

/** Commands on this machine come over a socket in the data directory; with a database they use that. */
const answerCommands = async (
  { database, dataDirectory }: Settings,
  answer: Parameters<typeof listenForControl>[1],
): Promise<() => unknown> =>
  database === undefined ? listenForControl(dataDirectory, answer) : () => undefined;

function stopOnSignal(service: Service, endControl: () => unknown): void {
  const stop = () => {
    endControl();
    service.close().then(
      () => process.exit(0),
      () => process.exit(1),
    );
  };
  process.once('SIGTERM', stop);
  process.once('SIGINT', stop);
}
