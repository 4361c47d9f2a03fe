#!/usr/bin/env node
import { createOrganization } from './actions/create-organization.js';
import { ConfigurationError, readConfiguration } from './config.js';
import { RolebridgeError } from './domain/errors.js';
import {
  chooseEncryption,
  commandLine,
  createLogger,
  createSealer,
  createService,
  createSts,
  openStore,
  systemClock,
} from './index.js';
import { createMetrics, measureProcess } from './metrics/index.js';
import { loadTracing } from './tracing/load.js';

const usage = `Usage:
  rolebridge serve               start the service (the default)
  rolebridge org create NAME     make an organization and an API key, which is shown once

Settings come from the environment; the README lists them.`;

main(process.argv.slice(2)).catch((error: unknown) => {
  const isExpected = error instanceof ConfigurationError || error instanceof RolebridgeError;
  console.error(isExpected ? error.message : error);
  if (error instanceof RolebridgeError && error.remedy) console.error(error.remedy);
  process.exitCode = 1;
});

async function main(words: readonly string[]): Promise<void> {
  const [command = 'serve', verb, name] = words;
  if (command === 'serve' && words.length <= 1) return serve();
  if (command === 'org' && verb === 'create' && name && words.length === 3) return makeOrganization(name);
  console.error(usage);
  process.exitCode = 2;
}

async function serve(): Promise<void> {
  const config = readConfiguration(process.env);
  const logger = createLogger(config.logLevel);
  const tracing = config.isTraced ? await loadTracing() : undefined;
  const metrics = createMetrics();
  measureProcess(metrics);
  const store = await openStore(config, (error) => {
    logger.fatal({ err: error }, 'the data directory is no longer this process’s alone; stopping');
    process.exit(1);
  });
  const service = await createService({
    ...config,
    store,
    logger,
    metrics,
    tracing,
    sealer: createSealer(config.serviceKeys),
    accessKeyEncryption: chooseEncryption(config),
    sts: createSts({ partitions: config.stsPartitions, timeoutMs: config.stsTimeoutMs }),
  }).catch(async (error: NodeJS.ErrnoException) => {
    await store.close();
    throw error.syscall === 'listen' || error.syscall === 'getaddrinfo'
      ? new ConfigurationError(
          `The service can't listen: ${error.message}. Set ROLEBRIDGE_HOST and ROLEBRIDGE_PORT to an address that is free.`,
        )
      : error;
  });
  const { url, metricsUrl } = service;
  logger.info({ url, publicUrl: config.publicUrl ?? url, metricsUrl }, 'listening');
  service.learnRoleChaining();
  // A key file in which a new key was put first counts without a restart.
  process.on('SIGHUP', () => {
    try {
      const encryption = chooseEncryption(readConfiguration(process.env));
      service.useEncryption(encryption);
      logger.info({ keyId: encryption?.keyId }, 'encryption keys read again');
    } catch (error) {
      logger.error({ err: error }, 'encryption keys not read again; the ones before stay');
    }
  });
  const stop = () => {
    service.close().then(
      () => process.exit(0),
      () => process.exit(1),
    );
  };
  process.once('SIGTERM', stop);
  process.once('SIGINT', stop);
}

async function makeOrganization(name: string): Promise<void> {
  const store = await openStore(readConfiguration(process.env));
  try {
    const { organization, apiKey } = await createOrganization(
      { store, clock: systemClock },
      commandLine(),
      name,
    );
    console.log(`organization  ${organization.id}\nAPI key       ${apiKey}\n\nThe key is shown this once.`);
  } finally {
    await store.close();
  }
}
