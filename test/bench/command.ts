import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { callbackMessage, provisioned } from '../callback-message.js';
import { interleaved, type Measurement } from './measure.js';
import { startChild } from './processes.js';
import type { SandboxHandlers } from './sandbox-process.js';
import type { ServiceHandlers } from './service-process.js';

const program = 'service/dist/service/cli/rolebridge.cjs';

/** `rolebridge credentials` as AWS's tools start it (`credential_process`): the whole process, against an empty one. */
export async function measureCommand(directory: string): Promise<Measurement[]> {
  if (!existsSync(program)) throw new Error(`There is no ${program}: run npm run build first.`);
  const sandboxProcess = startChild<SandboxHandlers>(new URL('./sandbox-process.ts', import.meta.url));
  const serviceProcess = startChild<ServiceHandlers>(new URL('./service-process.ts', import.meta.url));
  try {
    const { roles, principal, ...sandbox } = await sandboxProcess.call('start', {
      roles: 1,
      delayMs: 0,
      actions: ['sts:AssumeRole', 'sts:SetSourceIdentity', 'sts:TagSession'],
    });
    const service = await serviceProcess.call('start', {
      directory,
      organizations: 1,
      connectionsEach: 0,
      pending: roles,
      pendingAreDefaults: true,
      sts: { endpoint: sandbox.url, key: sandbox.key },
      principal,
    });
    for (const { id, callbackSecret, roleArn, roleId } of service.pending) {
      const message = callbackMessage(callbackSecret, provisioned(id, roleArn, {}, roleId));
      const response = await fetch(`${service.url}/v1/callbacks`, { method: 'POST', ...message });
      if (!response.ok) throw new Error(`Not connected: ${await response.text()}`);
    }
    const env = {
      PATH: process.env.PATH,
      ROLEBRIDGE_URL: service.url,
      ROLEBRIDGE_API_KEY: service.apiKeys[0],
    };
    const timeOf = (...words: string[]) => {
      const startedAt = performance.now();
      const { status, stdout, stderr } = spawnSync(process.execPath, words, {
        env: env as Partial<NodeJS.ProcessEnv> as NodeJS.ProcessEnv,
        encoding: 'utf8',
      });
      if (status !== 0) throw new Error(`${words.join(' ')} ended with ${status}: ${stderr}`);
      if (words.includes('credentials') && JSON.parse(stdout).AccessKeyId === undefined)
        throw new Error(`No credentials: ${stdout}`);
      return performance.now() - startedAt;
    };
    const ours = () => timeOf(program, 'credentials');
    const baseline = () => timeOf('-e', '0');
    for (let warmUp = 0; warmUp < 3; warmUp++) {
      ours();
      baseline();
    }
    return [
      {
        name: 'rolebridge credentials (a credential_process), against node -e 0',
        unit: 'ms',
        ...(await interleaved(21, { ours, baseline })),
        goal: { atMost: 1.5 },
      },
    ];
  } finally {
    sandboxProcess.stop();
    serviceProcess.stop();
  }
}
