import { AssumeRoleCommand, GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import { z } from 'zod';
import type { AccessKey } from '../domain/access-key.js';
import type { Sts, StsAnswer } from '../domain/ports.js';
import { type Partition, partitions } from '../domain/role-arn.js';
import { textIn } from '../unknown-value.js';
import { answered, classify, type NotAllowed } from './answers.js';
import { sendIdentityRequest } from './caller-identity.js';
import { createIam } from './iam.js';
import { iamEndpointOf, isAwsEndpoint, requestHandlerFor, settingsReadBy } from './outbound.js';

export interface StsOptions {
  /** The partitions that the vendor has a principal in. */
  readonly partitions: Partial<
    Record<
      Partition,
      {
        /** @default the partition's own */
        readonly region?: string;
        /** @default AWS's */
        readonly endpoint?: string;
        /** @default AWS's; that of STS where it is not AWS's own */
        readonly iamEndpoint?: string;
        /** A profile of the AWS configuration files, for a partition whose credentials are not the default ones. */
        readonly profile?: string;
        /** @default the SDK's own chain: environment, profile, container, instance */
        readonly credentials?: () => Promise<{
          accessKeyId: string;
          secretAccessKey: string;
          sessionToken?: string;
        }>;
      }
    >
  >;
  /** The time limit of a call. @default 5,000 */
  readonly timeoutMs?: number;
}

const session = z.object({
  AssumedRoleUser: z.object({ Arn: z.string().min(1), AssumedRoleId: z.string().regex(/^[A-Z0-9]+:/) }),
  Credentials: z.object({
    AccessKeyId: z.string().min(1),
    SecretAccessKey: z.string().min(1),
    SessionToken: z.string().min(1),
    Expiration: z.date(),
  }),
});
const identity = z.object({ Account: z.string().min(1), Arn: z.string().min(1) });

/** AWS STS through the SDK: one attempt a call, since the caller decides about retries. */
export function createSts({ partitions: configured, timeoutMs = 5_000 }: StsOptions): Sts {
  const settingsOf = (partition: Partition) => {
    const settings = configured[partition];
    if (settings === undefined) throw new Error(`No STS is configured for partition "${partition}".`);
    const { stsRegion, stsHost } = partitions[partition];
    const { iamEndpoint: _, region = stsRegion, ...own } = settings;
    const requestHandler = requestHandlerFor(own.endpoint ?? `https://${stsHost}`, timeoutMs, 200);
    return { ...own, region, maxAttempts: 1, requestHandler };
  };
  const iamSettingsOf = (partition: Partition) => {
    const { iamHost, stsRegion } = partitions[partition];
    const { endpoint: _, ...settings } = settingsOf(partition);
    const endpoint = iamEndpointOf(configured[partition] ?? {});
    return {
      ...settings,
      region: stsRegion,
      ...(endpoint !== undefined && { endpoint }),
      requestHandler: requestHandlerFor(endpoint ?? `https://${iamHost}`, timeoutMs, 200),
    };
  };
  /** A client for another region of the partition; an endpoint that is not AWS's serves all regions. */
  const inAnotherRegion = (partition: Partition) => {
    const { endpoint, ...settings } = settingsOf(partition);
    const { stsRegion, secondStsRegion = stsRegion } = partitions[partition];
    const region = settings.region === secondStsRegion ? stsRegion : secondStsRegion;
    const isAws = endpoint === undefined || isAwsEndpoint(new URL(endpoint).origin);
    return new STSClient({ ...settings, region, ...(!isAws && { endpoint }) });
  };
  const clientOf = onePerPartition((partition) => new STSClient(settingsOf(partition)));
  const otherClientOf = onePerPartition(inAnotherRegion);

  return {
    async assumeRole(request) {
      const client = request.inAnotherRegion ? otherClientOf(request.partition) : clientOf(request.partition);
      const { tags = [] } = request;
      const answer = await answered(session, () =>
        client.send(
          new AssumeRoleCommand({
            RoleArn: request.roleArn,
            RoleSessionName: request.sessionName,
            ExternalId: request.externalId,
            DurationSeconds: request.durationSeconds ?? 900,
            Policy: request.sessionPolicy,
            SourceIdentity: request.sourceIdentity,
            ...(tags.length > 0 && { Tags: tags.map(({ key, value }) => ({ Key: key, Value: value })) }),
          }),
          { abortSignal: AbortSignal.timeout(timeoutMs) },
        ),
      );
      if (answer.outcome !== 'allowed') return answer;
      const { AssumedRoleUser, Credentials } = answer.output;
      return {
        outcome: 'allowed',
        requestId: answer.requestId,
        sessionArn: AssumedRoleUser.Arn,
        roleId: AssumedRoleUser.AssumedRoleId.slice(0, AssumedRoleUser.AssumedRoleId.indexOf(':')),
        credentials: {
          accessKeyId: Credentials.AccessKeyId,
          secretAccessKey: Credentials.SecretAccessKey,
          sessionToken: Credentials.SessionToken,
          expiresAt: Credentials.Expiration.toISOString(),
        },
      };
    },

    ...createIam(iamSettingsOf, timeoutMs),

    callerIdentity: async (partition, credentials) =>
      identityIn(await answered(identity, () => askIdentity(partition, credentials))),

    accessKeyIdentity: async (partition, key) =>
      identityIn(await answered(identity, () => askIdentity(partition, key), classifyKey)),

    signerIdentity: (partition, request) =>
      sendIdentityRequest(request, { endpoint: configured[partition]?.endpoint, timeoutMs }),
  };

  /** The identity of credentials; by default the service's own. */
  function askIdentity(partition: Partition, credentials: AccessKey | undefined) {
    const own = clientOf(partition);
    const client =
      credentials === undefined
        ? own
        : new STSClient({
            ...settingsOf(partition),
            ...settingsReadBy(own.config),
            credentials: {
              accessKeyId: credentials.accessKeyId,
              secretAccessKey: credentials.secretAccessKey,
              ...(credentials.sessionToken !== undefined && { sessionToken: credentials.sessionToken }),
            },
          });
    return client.send(new GetCallerIdentityCommand({}), { abortSignal: AbortSignal.timeout(timeoutMs) });
  }
}

function onePerPartition(create: (partition: Partition) => STSClient) {
  const clients = new Map<Partition, STSClient>();
  return (partition: Partition): STSClient => {
    const client = clients.get(partition) ?? create(partition);
    clients.set(partition, client);
    return client;
  };
}

function identityIn<Reason>(answer: StsAnswer<{ output: z.infer<typeof identity> }, Reason>) {
  if (answer.outcome !== 'allowed') return answer;
  const { requestId, output } = answer;
  return { outcome: 'allowed', requestId, accountId: output.Account, arn: output.Arn } as const;
}

/** Classifies an error of a call with a customer's key: errors about credentials concern that key. */
function classifyKey(
  thrown: unknown,
): NotAllowed<'key_unknown' | 'secret_wrong' | 'key_expired' | 'region_disabled'> {
  const [name = '', message = ''] = [textIn(thrown, 'name'), textIn(thrown, 'message')];
  const answer = classify(thrown);
  const { requestId } = answer;
  const denied = <Reason>(reason: Reason) =>
    ({ outcome: 'denied', reason, message: name, requestId }) as const;
  // AWS's message is not passed on: that of SignatureDoesNotMatch can repeat the request with its session token.
  if (/^ExpiredToken/.test(name)) return denied('key_expired');
  // A clock that is off makes the service's signature wrong, not the customer's secret.
  if (/^RequestExpired/.test(name) || /^Signature (expired|not yet current)/i.test(message))
    return { outcome: 'inconclusive', reason: 'clock_off', requestId };
  if (name.startsWith('SignatureDoesNotMatch')) return denied('secret_wrong');
  if (/^(InvalidClientTokenId|UnrecognizedClient|InvalidAccessKeyId|OptInRequired)/.test(name))
    return denied('key_unknown');
  if (answer.outcome === 'inconclusive') return answer;
  if (answer.reason === 'region_disabled') return denied('region_disabled');
  // The call needs no permission, so something between denies it, such as the policy of a VPC endpoint.
  return { outcome: 'inconclusive', reason: 'denied_on_the_way', requestId };
}
