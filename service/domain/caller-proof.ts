import { RolebridgeError } from './errors.js';
import { matchesGlob } from './glob.js';
import { type AccountId, type EnrollmentId, isAccountId } from './ids.js';
import { type Partition, partitions } from './role-arn.js';

/** The members of a signed `sts:GetCallerIdentity` that only its signer knows; the service builds the rest. */
export interface CallerProof {
  /** The `Authorization` header. */
  readonly authorization: string;
  /** `x-amz-date`, `YYYYMMDDTHHMMSSZ`. */
  readonly date: string;
  readonly nonce: string;
  /** `x-amz-security-token`. */
  readonly securityToken: string;
}

/** A request that AWS STS answers with the identity of its signer. */
export interface SignedIdentityRequest {
  readonly host: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** A proof is accepted this long before and after its date. */
export const proofLifetimeMs = 60_000;

export const identityRequestBody = 'Action=GetCallerIdentity&Version=2011-06-15';
export const identityRequestContentType = 'application/x-www-form-urlencoded';

/**
 * The request that the proof must be the signature of. Host, body and the headers that name this service and the
 * enrollment are the service's own values, never the sender's: a request that was signed for anything else has another
 * signature, and AWS refuses it.
 * @throws RolebridgeError `account_not_proved` when another set of headers is signed or the proof is not fresh
 */
export function identityRequest(
  proof: CallerProof,
  expected: { partition: Partition; enrollmentId: EnrollmentId; origin: string; nowMs: number },
): SignedIdentityRequest {
  const host = partitions[expected.partition].stsHost;
  const headers = {
    'content-type': identityRequestContentType,
    host,
    'x-amz-date': proof.date,
    'x-amz-security-token': proof.securityToken,
    'x-rolebridge-enrollment': expected.enrollmentId,
    'x-rolebridge-nonce': proof.nonce,
    'x-rolebridge-origin': expected.origin,
  };
  const signed =
    /^AWS4-HMAC-SHA256 Credential=[^, ]+, ?SignedHeaders=([^, ]+), ?Signature=[0-9a-f]{64}$/.exec(
      proof.authorization,
    )?.[1];
  const names = Object.keys(headers).join(';');
  if (signed !== names) throw notProved(`The proof must sign exactly these headers: ${names}.`);
  const ageMs = expected.nowMs - timeOf(proof.date);
  if (!(Math.abs(ageMs) <= proofLifetimeMs))
    throw notProved(
      'The proof is older than 60 seconds or dated in the future.',
      "Sign a new one for each attempt, and check the clock of the machine that signs. The service's clock is in the header Date.",
    );
  return { host, headers: { ...headers, authorization: proof.authorization }, body: identityRequestBody };
}

/**
 * The account of the caller, when it is a session of a role whose name matches the pattern.
 * @throws RolebridgeError `account_not_proved`
 */
export function accountOfCaller(
  callerArn: string,
  expected: { partition: Partition; rolePattern: string },
): AccountId {
  const [prefix, partition, service, region, account = '', resource = '', ...more] = callerArn.split(':');
  const [kind, roleName = ''] = resource.split('/');
  const isRoleSession =
    prefix === 'arn' &&
    partition === expected.partition &&
    service === 'sts' &&
    region === '' &&
    isAccountId(account) &&
    kind === 'assumed-role' &&
    more.length === 0;
  if (!isRoleSession || !matchesGlob(expected.rolePattern, roleName))
    throw notProved(
      `The proof was signed by ${callerArn}, which is not a session of a role named ${expected.rolePattern}.`,
      "Sign it with the role that the enrollment names (rolePattern); the StackSet template's function runs as that role.",
    );
  return account;
}

export const notProved = (
  detail: string,
  remedy = 'Update the stack set to the current template of the enrollment.',
) => new RolebridgeError('account_not_proved', detail, { remedy });

/** NaN for an invalid signature date. */
function timeOf(date: string): number {
  const [, year, month, day, hour, minute, second] =
    /^(\d{4})(\d{2})(\d{2})T(\d{2})(\d{2})(\d{2})Z$/.exec(date) ?? [];
  return Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
}
