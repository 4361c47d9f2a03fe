import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { AwsError } from './aws-error.js';

const MAX_SKEW_MS = 15 * 60_000;

/** A Signature Version 4, from the Authorization header or from the query of a presigned URL. */
interface Signature {
  credential: string;
  signedHeaders: string;
  signature: string;
  /** The time of the signature, such as `20261128T013000Z`. */
  date: string;
  /** A presigned URL's own end; without it a signature is good for 15 minutes. */
  expiresSeconds?: number;
}

/**
 * Refuses a request that this secret did not sign, with AWS's texts. Times are the real clock's: clients sign with
 * theirs, whatever the sandbox's clock says. False: there is no signature to check (tests write requests by hand).
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
 */
export function checkSignature(secretAccessKey: string, request: IncomingMessage, body: string): boolean {
  const url = new URL(request.url ?? '/', 'http://sandbox');
  const signed = readHeader(request) ?? readQuery(url);
  if (!signed) return false;
  checkTime(signed);
  const names = signed.signedHeaders.split(';');
  const required = ['host', ...Object.keys(request.headers).filter((name) => name.startsWith('x-amz-'))];
  const unsigned = required.find((name) => !names.includes(name));
  if (unsigned !== undefined)
    throw mismatch(`'${unsigned}' must be a 'SignedHeader' in the AWS Authorization.`);

  const query = [...url.searchParams]
    .filter(([name]) => name !== 'X-Amz-Signature')
    .map(([name, value]) => `${encode(name)}=${encode(value)}`)
    .sort()
    .join('&');
  const headers = names.map((name) => `${name}:${headerText(request, name)}\n`).join('');
  const canonical = [request.method, url.pathname, query, headers, signed.signedHeaders, sha256(body)].join(
    '\n',
  );
  const [, ...scope] = signed.credential.split('/');
  const text = ['AWS4-HMAC-SHA256', signed.date, scope.join('/'), sha256(canonical)].join('\n');
  const key = scope.reduce<string | Buffer>(
    (secret, part) => createHmac('sha256', secret).update(part).digest(),
    `AWS4${secretAccessKey}`,
  );
  const expected = createHmac('sha256', key).update(text).digest();
  if (
    scope[0] !== signed.date.slice(0, 8) ||
    !timingSafeEqual(expected, Buffer.from(signed.signature, 'hex'))
  )
    throw mismatch(
      'The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details.',
    );
  return true;
}

const HEX = /^[0-9a-f]{64}$/;

function readHeader({ headers }: IncomingMessage): Signature | undefined {
  const [, credential, signedHeaders, signature] =
    /^AWS4-HMAC-SHA256 Credential=([^,\s]+), ?SignedHeaders=([^,\s]+), ?Signature=(\S+)$/.exec(
      headers.authorization ?? '',
    ) ?? [];
  if (!credential || !signedHeaders || !signature || !HEX.test(signature)) return undefined;
  return { credential, signedHeaders, signature, date: String(headers['x-amz-date'] ?? '') };
}

function readQuery({ searchParams }: URL): Signature | undefined {
  const read = (name: string) => searchParams.get(`X-Amz-${name}`) ?? '';
  const signature = read('Signature');
  if (read('Algorithm') !== 'AWS4-HMAC-SHA256' || !HEX.test(signature)) return undefined;
  return {
    credential: read('Credential'),
    signedHeaders: read('SignedHeaders'),
    signature,
    date: read('Date'),
    expiresSeconds: Number(read('Expires')),
  };
}

function checkTime({ date, expiresSeconds }: Signature): void {
  const [, year, month, day, hour, minute, second] =
    /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(date) ?? [];
  const madeAt = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
  if (Number.isNaN(madeAt))
    throw mismatch(
      `Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: '${date}'.`,
    );
  if (expiresSeconds !== undefined && !(expiresSeconds >= 1 && expiresSeconds <= 604_800))
    throw mismatch('X-Amz-Expires must be between 1 and 604800 seconds');
  const now = Date.now();
  const expiresAt = madeAt + Math.min(MAX_SKEW_MS, (expiresSeconds ?? 900) * 1000);
  if (now > expiresAt)
    throw mismatch(`Signature expired: ${date} is now earlier than ${compact(now - MAX_SKEW_MS)}`);
  if (madeAt > now + MAX_SKEW_MS)
    throw mismatch(`Signature not yet current: ${date} is still later than ${compact(now + MAX_SKEW_MS)}`);
}

const compact = (time: number) => new Date(time).toISOString().replace(/[-:]|\.\d+/g, '');

function headerText({ headers }: IncomingMessage, name: string): string {
  return String(headers[name] ?? '')
    .replace(/ +/g, ' ')
    .trim();
}

function mismatch(message: string): AwsError {
  return new AwsError('SignatureDoesNotMatch', message);
}

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');

const encode = (text: string) =>
  encodeURIComponent(text).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
