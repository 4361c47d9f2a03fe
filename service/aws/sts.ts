import { AssumeRoleCommand, GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import { z } from 'zod';
import type { AccessKey } from '../domain/access-key.js';
import type { InconclusiveReason } from '../domain/inconclusive.js';
import type { Sts, StsAnswer } from '../domain/ports.js';
import { type Partition, partitions } from '../domain/role-arn.js';
import { sendIdentityRequest } from './caller-identity.js';
import { requestHandlerFor } from './outbound.js';

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
  /** For one call. @default 5,000 */
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

/** AWS STS through the SDK: one attempt a call, since whoever asks knows what a retry means. */
export function createSts({ partitions: configured, timeoutMs = 5_000 }: StsOptions): Sts {
  const settingsOf = (partition: Partition) => {
    const settings = configured[partition];
    if (settings === undefined) throw new Error(`No STS is configured for partition "${partition}".`);
    return {
      region: settings.region ?? partitions[partition].stsRegion,
      ...(settings.endpoint !== undefined && { endpoint: settings.endpoint }),
      ...(settings.profile !== undefined && { profile: settings.profile }),
      ...(settings.credentials && { credentials: settings.credentials }),
      maxAttempts: 1,
      requestHandler: requestHandlerFor(
        settings.endpoint ?? `https://${partitions[partition].stsHost}`,
        timeoutMs,
        200,
      ),
    };
  };
  const clients = new Map(
    (Object.keys(configured) as Partition[]).map((partition) => [
      partition,
      new STSClient(settingsOf(partition)),
    ]),
  );
  const clientOf = (partition: Partition) => {
    const client = clients.get(partition);
    if (client === undefined) throw new Error(`No STS is configured for partition "${partition}".`);
    return client;
  };

  return {
    async assumeRole(request) {
      const client = clientOf(request.partition);
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

    callerIdentity: async (partition, credentials) =>
      identityIn(await answered(identity, () => askIdentity(partition, credentials))),

    accessKeyIdentity: async (partition, key) =>
      identityIn(await answered(identity, () => askIdentity(partition, key), classifyKey)),

    signerIdentity: (partition, request) =>
      sendIdentityRequest(request, { endpoint: configured[partition]?.endpoint, timeoutMs }),
  };

  /** Whose credentials these are; the service's own when none are given. */
  function askIdentity(partition: Partition, credentials: AccessKey | undefined) {
    const own = clientOf(partition);
    // The connections of the partition's own client are used again.
    const client =
      credentials === undefined
        ? own
        : new STSClient({
            ...settingsOf(partition),
            requestHandler: own.config.requestHandler,
            credentials: {
              accessKeyId: credentials.accessKeyId,
              secretAccessKey: credentials.secretAccessKey,
              ...(credentials.sessionToken !== undefined && { sessionToken: credentials.sessionToken }),
            },
          });
    return client.send(new GetCallerIdentityCommand({}), { abortSignal: AbortSignal.timeout(timeoutMs) });
  }
}

function identityIn<Reason>(answer: StsAnswer<{ output: z.infer<typeof identity> }, Reason>) {
  if (answer.outcome !== 'allowed') return answer;
  const { requestId, output } = answer;
  return { outcome: 'allowed', requestId, accountId: output.Account, arn: output.Arn } as const;
}

type NotAllowed<Reason> = Exclude<StsAnswer<object, Reason>, { outcome: 'allowed' }>;

async function answered<Schema extends z.ZodType, Reason = 'access_denied' | 'region_disabled'>(
  schema: Schema,
  send: () => Promise<{ $metadata: { requestId?: string | undefined } }>,
  classifyError: (error: unknown) => NotAllowed<Reason> = classify as (error: unknown) => NotAllowed<Reason>,
): Promise<StsAnswer<{ output: z.infer<Schema> }, Reason>> {
  try {
    const output = await send();
    const { requestId } = output.$metadata;
    const parsed = schema.safeParse(output);
    return parsed.success
      ? { outcome: 'allowed', requestId, output: parsed.data }
      : { outcome: 'inconclusive', reason: 'malformed', requestId };
  } catch (error) {
    return classifyError(error);
  }
}

/** https://docs.aws.amazon.com/STS/latest/APIReference/CommonErrors.html and API_AssumeRole.html#API_AssumeRole_Errors */
function classify(thrown: unknown): NotAllowed<'access_denied' | 'region_disabled'> {
  const error = thrown as {
    name?: string;
    message?: string;
    code?: string;
    $metadata?: { httpStatusCode?: number; requestId?: string };
    $response?: unknown;
  };
  const { name = '', code = '', message = '' } = error;
  const requestId = error.$metadata?.requestId;
  const status = error.$metadata?.httpStatusCode;
  const inconclusive = (reason: Exclude<InconclusiveReason, 'request_rejected'>) =>
    ({ outcome: 'inconclusive', reason, requestId }) as const;

  // A proxy's or a firewall's refusal is not AWS's.
  if (name === 'AccessDenied' && status === 403 && blamesCaller(message))
    return inconclusive('vendor_not_allowed');
  if (name === 'AccessDenied' && status === 403)
    return { outcome: 'denied', reason: 'access_denied', message, requestId };
  if (name === 'RegionDisabledException' && status === 403)
    return { outcome: 'denied', reason: 'region_disabled', message, requestId };
  const rejection = status === 400 ? rejectionOf(name, message) : undefined;
  if (rejection)
    return { outcome: 'inconclusive', reason: 'request_rejected', rejection, message, requestId };
  if (/^ExpiredToken/.test(name)) return inconclusive('vendor_credentials_expired');
  if (
    /^(InvalidClientTokenId|SignatureDoesNotMatch|UnrecognizedClient|IncompleteSignature|MissingAuthenticationToken|InvalidAccessKeyId|OptInRequired)/.test(
      name,
    ) ||
    /^(CredentialsProviderError|ProviderError|TokenProviderError)$/.test(name)
  )
    return inconclusive('vendor_credentials_invalid');
  if (/Throttl|TooManyRequests|RequestLimitExceeded|SlowDown|BandwidthLimit/.test(name) || status === 429)
    return inconclusive('throttled');
  // Before the name: the SDK calls a reset connection a TimeoutError as well.
  if (/^(ECONN|ENOTFOUND|EAI_|EHOSTUNREACH|ENETUNREACH|EPIPE|CERT_|ERR_TLS|UND_ERR)/.test(code))
    return inconclusive('unreachable');
  if (/^(TimeoutError|AbortError)$/.test(name) || /^(ETIMEDOUT|ESOCKETTIMEDOUT)$/.test(code))
    return inconclusive('timed_out');
  if (status !== undefined && status >= 500) return inconclusive('server_error');
  return inconclusive('malformed');
}

/**
 * Whether the text names a policy of the caller's account or network, which says nothing about the role. A resource
 * control policy is the role's side. Without sts:TagSession or sts:SetSourceIdentity the session is opened unmarked.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html
 */
const blamesCaller = (message: string): boolean =>
  /not authorized to perform: sts:AssumeRole /.test(message) &&
  /(because no|explicit deny in an?) (identity-based policy|session policy|permissions boundary|service control policy|VPC endpoint policy)/i.test(
    message,
  );

/** What is wrong with the request, where that is something that a caller chose. */
function rejectionOf(name: string, message: string) {
  if (/^MalformedPolicyDocument/.test(name)) return 'session_policy_malformed';
  if (/^PackedPolicyTooLarge/.test(name)) return 'session_too_large';
  if (name !== 'ValidationError') return undefined;
  if (/MaxSessionDuration/.test(message)) return 'duration_too_long';
  return /role chaining/i.test(message) ? 'role_chaining_too_long' : undefined;
}

/** The same answers, when the key in use is a customer's: then it is the key that AWS does not accept. */
function classifyKey(
  thrown: unknown,
): NotAllowed<'key_unknown' | 'secret_wrong' | 'key_expired' | 'region_disabled'> {
  const { name = '', message = '' } = thrown as { name?: string; message?: string };
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
  // No permission is needed for this call, so something on the way denies it, such as a VPC endpoint's policy.
  return { outcome: 'inconclusive', reason: 'denied_on_the_way', requestId };
}
