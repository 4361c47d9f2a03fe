import { GetRoleCommand, IAMClient, ListAccountAliasesCommand } from '@aws-sdk/client-iam';
import { AssumeRoleCommand, GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import { newExternalId } from '../../service/domain/ids.js';
import { together } from './measure.js';
import { serve } from './processes.js';
import type { PreparedRole } from './sandbox-process.js';
import type { StsWanted } from './service-process.js';

const handlers = { verify };
export type StsHandlers = typeof handlers;
serve(handlers);

let shared: STSClient | undefined;

/** The bare calls of a verification: the SDK with the service's settings, and nothing around it. */
async function verify({
  endpoint,
  key,
  roles,
  atOnce,
}: StsWanted & { roles: PreparedRole[]; atOnce: number }) {
  const settings = {
    region: 'us-east-1',
    endpoint,
    maxAttempts: 1,
    requestHandler: {
      requestTimeout: 5_000,
      throwOnRequestTimeout: true,
      connectionTimeout: 5_000,
      httpsAgent: { maxSockets: 200 },
      httpAgent: { maxSockets: 200 },
    },
  };
  shared ??= new STSClient({ ...settings, credentials: async () => key });
  const client = shared;
  const limit = () => ({ abortSignal: AbortSignal.timeout(5_000) });
  const assume = (roleArn: string, externalId: string | undefined) =>
    client.send(
      new AssumeRoleCommand({
        RoleArn: roleArn,
        RoleSessionName: 'rolebridge.callback.con_aaaaaaaaaaaaaaaaaaaaaaaa',
        ExternalId: externalId,
        DurationSeconds: 900,
      }),
      limit(),
    );
  return together(atOnce, { count: roles.length }, async (index) => {
    const { arn, externalId } = roles[index] as PreparedRole;
    const { Credentials } = await assume(arn, externalId);
    const session = {
      ...settings,
      requestHandler: client.config.requestHandler,
      credentials: {
        accessKeyId: Credentials?.AccessKeyId ?? '',
        secretAccessKey: Credentials?.SecretAccessKey ?? '',
        sessionToken: Credentials?.SessionToken ?? '',
      },
    };
    const iam = new IAMClient(session);
    const [denials] = await Promise.all([
      Promise.allSettled([assume(arn, undefined), assume(arn, newExternalId())]),
      new STSClient(session).send(new GetCallerIdentityCommand({}), limit()),
      iam.send(new GetRoleCommand({ RoleName: arn.slice(arn.lastIndexOf('/') + 1) }), limit()),
      // The role lacks the permission for its account's alias, as most roles do.
      iam.send(new ListAccountAliasesCommand({ MaxItems: 1 }), limit()).catch(() => undefined),
    ]);
    if (denials.some(({ status }) => status === 'fulfilled'))
      throw new Error(`${arn} opened without its external ID.`);
  });
}
