import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { type AwsSandbox, startAwsSandbox } from '../aws-sandbox/index.js';
import { serviceProgram } from '../run/service-program.mjs';
import { callApi } from '../vendor.js';

/** One service process, as an operator runs it. */
export interface ServiceProcess {
  readonly url: string;
  readonly child: ChildProcess;
  /** Resolves when it has ended, with its exit code and stderr. */
  readonly ended: Promise<{ code: number | null; stderr: string }>;
}

/** A vendor whose service runs as several processes on one database. */
export interface VendorOnDatabase {
  readonly sandbox: AwsSandbox;
  readonly principal: string;
  startProcess(settings?: Record<string, string>): Promise<ServiceProcess>;
  /** An organization, made by the operator; its calls go to any process. */
  organization(process: ServiceProcess): Promise<OrganizationOnDatabase>;
  close(): Promise<void>;
}

export interface OrganizationOnDatabase {
  readonly id: string;
  readonly apiKey: string;
  call(process: ServiceProcess, method: string, path: string, body?: unknown): ReturnType<typeof callApi>;
}

export async function startVendorOnDatabase(databaseUrl: string): Promise<VendorOnDatabase> {
  const sandbox = await startAwsSandbox();
  const { accountId } = sandbox.createAccount();
  const key = sandbox.createAccessKey(accountId, 'rolebridge');
  const principal = `arn:aws:iam::${accountId}:user/rolebridge`;
  const operatorToken = randomBytes(32).toString('hex');
  const shared = {
    PATH: process.env.PATH,
    DATABASE_URL: databaseUrl,
    ROLEBRIDGE_PRINCIPAL: principal,
    ROLEBRIDGE_SERVICE_KEYS: `k1:${randomBytes(32).toString('base64')}`,
    ROLEBRIDGE_OPERATOR_TOKEN: operatorToken,
    ROLEBRIDGE_PORT: '0',
    // The test looks for races of two processes, not for an organization's limits.
    ROLEBRIDGE_RATE_LIMITS: 'key=0,verifications=0,connection=0,callbacks=0,address=0',
    ROLEBRIDGE_REQUIRE_ACCOUNT: 'off',
    ROLEBRIDGE_STS_ENDPOINT: sandbox.url,
    ROLEBRIDGE_PROPAGATION_WINDOW_SECONDS: '2',
    AWS_ACCESS_KEY_ID: key.accessKeyId,
    AWS_SECRET_ACCESS_KEY: key.secretAccessKey,
    AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true',
  };
  const started: ServiceProcess[] = [];
  return {
    sandbox,
    principal,
    async startProcess(settings = {}) {
      const service = await startServiceProcess({ ...shared, ...settings });
      started.push(service);
      return service;
    },
    async organization({ url }) {
      const { status, body } = await callApi(url, operatorToken, 'POST', '/v1/organizations', {
        name: 'customer',
      });
      if (status !== 201) throw new Error(`No organization: ${status} ${JSON.stringify(body)}`);
      return {
        id: body.id,
        apiKey: body.apiKey,
        call: (service, method, path, content) => callApi(service.url, body.apiKey, method, path, content),
      };
    },
    async close() {
      for (const { child, ended } of started) {
        if (child.exitCode === null && child.signalCode === null) child.kill('SIGTERM');
        await ended;
      }
      await sandbox.close();
    },
  };
}

async function startServiceProcess(environment: Record<string, string | undefined>): Promise<ServiceProcess> {
  const child = spawn(process.execPath, [serviceProgram], {
    env: environment as NodeJS.ProcessEnv,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stderr = '';
  child.stderr.on('data', (chunk) => {
    stderr += chunk;
  });
  const ended = new Promise<{ code: number | null; stderr: string }>((resolve) => {
    child.once('close', (code) => resolve({ code, stderr }));
  });
  const url = await new Promise<string>((resolve, reject) => {
    let stdout = '';
    let isListening = false;
    child.stdout.on('data', (chunk) => {
      // Read to the end: a full pipe would hold the process.
      if (isListening) return;
      stdout += chunk;
      const found = /"url":"([^"]+)".*"msg":"listening"/.exec(stdout)?.[1];
      if (found === undefined) return;
      isListening = true;
      resolve(found);
    });
    ended.then(({ code }) => reject(new Error(`The service ended with ${code}: ${stderr}`)));
  });
  return { url, child, ended };
}
