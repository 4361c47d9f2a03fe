import { randomBytes } from 'node:crypto';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { ServiceOptions } from '../service/index.js';
import { type ApiAnswer, startVendor } from './vendor.js';

export interface CustomerKey {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}

/** The key alone, as a customer would send it. */
export const keyOf = ({ accessKeyId, secretAccessKey, sessionToken }: CustomerKey): CustomerKey => ({
  accessKeyId,
  secretAccessKey,
  ...(sessionToken && { sessionToken }),
});

/** A vendor whose customers connect with access keys; it records every secret, to search for them at the end. */
export async function startAccessKeyVendor(options: Partial<ServiceOptions> = {}) {
  const vendor = await startVendor({ propagationWindowMs: 200, maxWaitMs: 1_000, ...options });
  const { sandbox, directory, organization, logs } = vendor;
  const given = new Set<string>();
  const issued = new Set<string>();
  const answers: string[] = [];

  async function call(method: string, path: string, body?: object, apiKey?: string): Promise<ApiAnswer> {
    const { secretAccessKey, sessionToken } = (body ?? {}) as Record<string, unknown>;
    for (const secret of [secretAccessKey, sessionToken])
      if (typeof secret === 'string' && secret.length >= 16) given.add(secret);
    const answer = await vendor.call(method, path, body, apiKey);
    answers.push(JSON.stringify([answer.body, ...answer.headers]));
    if (answer.body?.callbackSecret) issued.add(answer.body.callbackSecret);
    return answer;
  }
  const files = () =>
    readdirSync(directory, { recursive: true, encoding: 'utf8' })
      .map((name) => join(directory, name))
      .filter((path) => statSync(path).isFile());
  const dataFile = join(directory, 'organizations', `${organization.id}.json`);
  const stored = () =>
    files()
      .map((path) => readFileSync(path, 'utf8'))
      .join('\n');

  return {
    ...vendor,
    call,
    stored,
    /** Stored connections, without the audit log. */
    storedConnections: () =>
      files()
        .filter((path) => /organizations.*\.json/.test(path))
        .map((path) => readFileSync(path, 'utf8')),
    dataFile,
    /** Asks for a connection with this key. */
    create: (key: object, more: object = {}) =>
      call('POST', '/v1/connections', { name: 'key', method: 'access_key', ...key, ...more }),
    show: async (id: string) => (await call('GET', `/v1/connections/${id}`)).body,
    customer() {
      const { accountId, root, admin } = sandbox.createAccount();
      return { accountId, root: keyOf(root), admin: keyOf(admin), adminArn: admin.arn };
    },
    /** A session of a role in a customer's account. */
    session(accountId: string, durationSeconds = 3600) {
      const { arn } = sandbox.createRole(accountId, {
        roleName: `r${randomBytes(4).toString('hex')}`,
        trustPolicy: {
          Version: '2012-10-17',
          Statement: [{ Effect: 'Deny', Principal: '*', Action: '*' }],
        },
      });
      return sandbox.createRoleSession(arn, { durationSeconds });
    },
    /** The stored bytes of a connection, to search for later. */
    encryptedKeyOf(id: string): Record<'accessKeyId' | 'secretAccessKey' | 'wrappedDataKey', string> {
      const { connections } = JSON.parse(readFileSync(dataFile, 'utf8')).tables;
      return connections.find((record: { id: string }) => record.id === id).accessKey.encrypted;
    },
    /** Given secrets appear nowhere; created secrets appear in the one answer that shows them. */
    expectNoSecretLeft(atLeast: number) {
      expect(given.size).toBeGreaterThanOrEqual(atLeast);
      const kept = logs.join('\n') + stored();
      const inEveryForm = (secret: string) => [
        secret,
        encodeURIComponent(secret),
        Buffer.from(secret).toString('base64').replace(/=+$/, ''),
        Buffer.from(secret).toString('hex'),
      ];
      for (const form of [...given].flatMap(inEveryForm)) {
        expect(kept).not.toContain(form);
        expect(answers.filter((answer) => answer.includes(form))).toEqual([]);
      }
      for (const secret of issued) {
        for (const form of inEveryForm(secret)) expect(kept).not.toContain(form);
        expect(answers.filter((answer) => answer.includes(secret))).toHaveLength(1);
      }
      for (const path of files()) expect(statSync(path).mode & 0o777).toBe(0o600);
    },
  };
}

export type AccessKeyVendor = Awaited<ReturnType<typeof startAccessKeyVendor>>;
