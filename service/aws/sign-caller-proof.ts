import { createHash, createHmac, randomBytes } from 'node:crypto';
import { STSClient } from '@aws-sdk/client-sts';
import { type CallerProof, identityRequestBody, identityRequestContentType } from '../domain/caller-proof.js';

/** Temporary credentials of a role. */
export interface SignerCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken: string;
}

/** The credentials that the AWS CLI and SDKs would use here; those of a user have no session token. */
export const defaultCredentials = (
  region: string,
): Promise<Omit<SignerCredentials, 'sessionToken'> & { sessionToken?: string }> =>
  new STSClient({ region }).config.credentials();

/**
 * Proves to one service and one enrollment, for 60 seconds, which account these credentials are of (Signature Version 4).
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
 *
 * @param enrollmentUrl where the registration is sent
 * @param stsHost of the partition, such as `sts.us-east-1.amazonaws.com`
 */
export function signCallerProof(
  { accessKeyId, secretAccessKey, sessionToken }: SignerCredentials,
  { enrollmentUrl, stsHost, now = new Date() }: { enrollmentUrl: URL; stsHost: string; now?: Date },
): CallerProof {
  const date = now.toISOString().replace(/[:-]|\.\d+/g, '');
  const nonce = randomBytes(16).toString('hex');
  const headers = {
    'content-type': identityRequestContentType,
    host: stsHost,
    'x-amz-date': date,
    'x-amz-security-token': sessionToken,
    'x-rolebridge-enrollment': enrollmentUrl.pathname.split('/').at(-2) ?? '',
    'x-rolebridge-nonce': nonce,
    'x-rolebridge-origin': enrollmentUrl.origin,
  };
  const names = Object.keys(headers).join(';');
  const lines = Object.entries(headers).map(([name, value]) => `${name}:${value}`);
  const canonical = ['POST', '/', '', ...lines, '', names, sha256(identityRequestBody)].join('\n');
  const parts = [date.slice(0, 8), stsHost.split('.')[1] ?? '', 'sts', 'aws4_request'];
  const scope = parts.join('/');
  const text = ['AWS4-HMAC-SHA256', date, scope, sha256(canonical)].join('\n');
  const signature = [...parts, text].reduce<string | Buffer>(
    (key, part) => createHmac('sha256', key).update(part).digest(),
    `AWS4${secretAccessKey}`,
  );
  const authorization = `AWS4-HMAC-SHA256 Credential=${accessKeyId}/${scope}, SignedHeaders=${names}, Signature=${signature.toString('hex')}`;
  return { authorization, date, nonce, securityToken: sessionToken };
}

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');
