import type { z } from 'zod';
import type { InconclusiveReason } from '../domain/inconclusive.js';
import type { StsAnswer } from '../domain/ports.js';
import { memberOf, textIn } from '../unknown-value.js';

export type NotAllowed<Reason> = Exclude<StsAnswer<object, Reason>, { outcome: 'allowed' }>;

/** The call's answer, checked against its schema, or what its error means. */
export async function answered<Schema extends z.ZodType, Reason = 'access_denied' | 'region_disabled'>(
  schema: Schema,
  send: () => Promise<{ $metadata: { requestId?: string | undefined } }>,
  classifyError: (error: unknown) => NotAllowed<Reason> = classify as (error: unknown) => NotAllowed<Reason>,
): Promise<StsAnswer<{ output: z.infer<Schema> }, Reason>> {
  try {
    const output = await send().catch((error) => {
      if (isStale(error)) return send();
      throw error;
    });
    const { requestId } = output.$metadata;
    const parsed = schema.safeParse(output);
    return parsed.success
      ? { outcome: 'allowed', requestId, output: parsed.data }
      : { outcome: 'inconclusive', reason: 'malformed', requestId };
  } catch (error) {
    return classifyError(error);
  }
}

/** AWS can close an idle connection just when it is used again; it is safe to send each call twice. */
const isStale = (error: { code?: string }): boolean => error.code === 'ECONNRESET' || error.code === 'EPIPE';

/** https://docs.aws.amazon.com/STS/latest/APIReference/CommonErrors.html and API_AssumeRole.html#API_AssumeRole_Errors */
export function classify(thrown: unknown): NotAllowed<'access_denied' | 'region_disabled'> {
  const [name = '', code = '', message = ''] = ['name', 'code', 'message'].map((member) =>
    textIn(thrown, member),
  );
  const metadata = memberOf(thrown, '$metadata');
  const requestId = textIn(metadata, 'requestId');
  const httpStatus = memberOf(metadata, 'httpStatusCode');
  const status = typeof httpStatus === 'number' ? httpStatus : undefined;
  const inconclusive = (reason: Exclude<InconclusiveReason, 'request_rejected'>) =>
    ({ outcome: 'inconclusive', reason, requestId }) as const;

  // A refusal by a proxy or a firewall is not a denial by AWS.
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
  // Checked before the name: the SDK names a reset connection TimeoutError too.
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

/** The fault of the request, where the caller chose the value. */
function rejectionOf(name: string, message: string) {
  if (/^MalformedPolicyDocument/.test(name)) return 'session_policy_malformed';
  if (/^PackedPolicyTooLarge/.test(name)) return 'session_too_large';
  if (name !== 'ValidationError') return undefined;
  if (/MaxSessionDuration/.test(message)) return 'duration_too_long';
  return /role chaining/i.test(message) ? 'role_chaining_too_long' : undefined;
}
