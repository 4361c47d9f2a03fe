/** The service as a separate process, against an AWS sandbox, for tests that need a process. */
import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startAwsSandbox } from './aws-sandbox/index.js';
import { serviceProgram } from './run/service-program.mjs';
import { callApi } from './vendor.js';

export interface RunningService {
  readonly child: ChildProcess;
  readonly url: string;
  readonly metricsUrl: string | undefined;
  readonly output: () => string;
  readonly ended: Promise<number | null>;
}

/** A sandbox, settings for the service, and a data directory; `start` may be called again after an end. */
export async function startVendorProcess(settings: Record<string, string> = {}) {
  const sandbox = await startAwsSandbox();
  const { accountId } = sandbox.createAccount();
  const key = sandbox.createAccessKey(accountId, 'rolebridge');
  const operatorToken = randomBytes(32).toString('hex');
  const directory = mkdtempSync(join(tmpdir(), 'rolebridge-process-'));
  const running: RunningService[] = [];
  const environment: Record<string, string> = {
    PATH: process.env.PATH ?? '',
    ROLEBRIDGE_DATA_DIR: directory,
    ROLEBRIDGE_PORT: '0',
    ROLEBRIDGE_PRINCIPAL: `arn:aws:iam::${accountId}:user/rolebridge`,
    ROLEBRIDGE_SERVICE_KEYS: `k1:${randomBytes(32).toString('base64')}`,
    ROLEBRIDGE_OPERATOR_TOKEN: operatorToken,
    ROLEBRIDGE_STS_ENDPOINT: sandbox.url,
    // Tests of the binding turn it on.
    ROLEBRIDGE_REQUIRE_ACCOUNT: 'off',
    AWS_ACCESS_KEY_ID: key.accessKeyId,
    AWS_SECRET_ACCESS_KEY: key.secretAccessKey,
    AWS_EC2_METADATA_DISABLED: 'true',
    AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true',
    ...settings,
  };

  /** @throws with its output when it ends instead of listening */
  async function start(more: Record<string, string> = {}): Promise<RunningService> {
    const child = spawn(process.execPath, [serviceProgram, 'serve'], {
      env: { ...environment, ...more },
    });
    let output = '';
    const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
    const listening = await new Promise<{ url: string; metricsUrl?: string }>((resolve, reject) => {
      const read = (chunk: Buffer) => {
        output += chunk;
        const line = output.split('\n').find((candidate) => candidate.includes('"msg":"listening"'));
        if (line) resolve(JSON.parse(line));
      };
      child.stdout.on('data', read);
      child.stderr.on('data', read);
      ended.then((code) => reject(new Error(`It ended (${code}) instead of listening: ${output}`)));
    });
    const service = { ...listening, metricsUrl: listening.metricsUrl, child, ended, output: () => output };
    running.push(service);
    return service;
  }

  return {
    sandbox,
    directory,
    environment,
    start,
    async organization({ url }: RunningService) {
      const { body } = await callApi(url, operatorToken, 'POST', '/v1/organizations', { name: 'acme' });
      return body.apiKey as string;
    },
    async close() {
      for (const { child, ended } of running) {
        if (child.exitCode === null && child.signalCode === null) child.kill('SIGTERM');
        await ended;
      }
      await sandbox.close();
    },
  };
}
