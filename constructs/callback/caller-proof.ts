/** A signed `sts:GetCallerIdentity`: it proves to the service which account this function runs in. */
import { createHash, createHmac, randomBytes } from 'node:crypto';

const BODY = 'Action=GetCallerIdentity&Version=2011-06-15';

/**
 * Signed with the function's own role, for this service and this enrollment only.
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
 */
export function signedProof(enrollmentUrl: string, host: string) {
  const { AWS_ACCESS_KEY_ID: id = '', AWS_SECRET_ACCESS_KEY: secret = '' } = process.env;
  const { AWS_SESSION_TOKEN: securityToken = '' } = process.env;
  const date = new Date().toISOString().replace(/[:-]|\.\d+/g, '');
  const nonce = randomBytes(16).toString('hex');
  // Signature Version 4 sorts headers by name.
  const headers = {
    'content-type': 'application/x-www-form-urlencoded',
    host,
    'x-amz-date': date,
    'x-amz-security-token': securityToken,
    'x-rolebridge-enrollment': enrollmentUrl.split('/').at(-2),
    'x-rolebridge-nonce': nonce,
    'x-rolebridge-origin': new URL(enrollmentUrl).origin,
  };
  const names = Object.keys(headers).join(';');
  const lines = Object.entries(headers).map((header) => header.join(':'));
  const canonical = ['POST', '/', '', ...lines, '', names, sha256(BODY)].join('\n');
  const scope = [date.slice(0, 8), host.split('.')[1] ?? '', 'sts', 'aws4_request'];
  const toSign = ['AWS4-HMAC-SHA256', date, scope.join('/'), sha256(canonical)].join('\n');
  const signature = [...scope, toSign].reduce<string | Buffer>(
    (key, part) => createHmac('sha256', key).update(part).digest(),
    `AWS4${secret}`,
  );
  const credential = `Credential=${id}/${scope.join('/')}`;
  return {
    authorization: `AWS4-HMAC-SHA256 ${credential}, SignedHeaders=${names}, Signature=${signature.toString('hex')}`,
    date,
    nonce,
    securityToken,
  };
}

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');
