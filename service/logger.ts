import pino, { type DestinationStream, type Logger, type LoggerOptions } from 'pino';
import { RolebridgeError } from './domain/errors.js';

/** The names of members whose value is always a secret; `-` and `_` are ignored. */
const secretKeys = [
  'authorization',
  'proxy-authorization',
  'cookie',
  'set-cookie',
  'webhook-signature',
  'x-amz-security-token',
  'secret-?access-?key',
  'session-?token',
  'callback-?secret',
  'webhook-?secret',
  'client-?secret',
  'secret',
  'password',
  'passphrase',
  'private-?key',
  'api-?key',
  'token',
].join('|');

const secretPatterns: readonly [RegExp, string][] = [
  [/whsec_[A-Za-z0-9+/=_-]+/g, 'whsec_[redacted]'],
  [/rbk_([a-z2-7]{16})_[0-9a-f]+/g, 'rbk_$1_[redacted]'],
  [/v1,[A-Za-z0-9+/]{20,}=*/g, 'v1,[redacted]'],
  [/\b((?:AKIA|ASIA)[A-Z0-9]{4})[A-Z0-9]{8,}/g, '$1[redacted]'],
  [/(Bearer\s+)[^\s"\\]+/gi, '$1[redacted]'],
  // JSON inside a string has its quotes escaped once or more.
  [new RegExp(`("(?:${secretKeys})\\\\*"\\s*:\\s*\\\\*")[^"\\\\]*`, 'gi'), '$1[redacted]'],
  [/(<(SecretAccessKey|SessionToken)>)[^<]*/gi, '$1[redacted]'],
  // AWS repeats parts of requests in its errors: canonical headers, query strings, signatures.
  [/(x-amz-(?:security-token|signature)[:=]\s*)[^\s"\\&]+/gi, '$1[redacted]'],
  [/((?:Signature|SecretAccessKey|SessionToken)=)[^\s"\\&,]+/g, '$1[redacted]'],
  // The password in a URL, such as DATABASE_URL.
  [
    /((?<![a-z0-9+.-])[a-z][a-z0-9+.-]{0,30}:\/\/[^\s:/@"\\]{1,256}:)[^\s@/"\\]{1,1024}(@)/gi,
    '$1[redacted]$2',
  ],
  // Text that looks like an AWS secret key (40 characters with upper case, lower case and digits) or a session token.
  [
    /(?<![A-Za-z0-9+/=])(?=[^"\s]{0,39}[A-Z])(?=[^"\s]{0,39}[a-z])(?=[^"\s]{0,39}[0-9])[A-Za-z0-9+/]{40}(?![A-Za-z0-9+/=])/g,
    '[redacted]',
  ],
  [/[A-Za-z0-9+/]{120,}={0,2}/g, '[redacted]'],
];

/** Replaces everything in a line that looks like a secret. */
export const redact = (line: string): string =>
  secretPatterns.reduce((text, [pattern, replacement]) => text.replace(pattern, replacement), line);

/** Creates a logger of JSON lines. Every line is redacted when it is written. */
export function createLogger(level: string, destination?: DestinationStream): Logger {
  const options: LoggerOptions = {
    level,
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label) => ({ level: label }) },
    serializers: { err: loggedError },
    hooks: { streamWrite: redact },
  };
  return destination ? pino(options, destination) : pino(options);
}

/** An expected failure is logged with its code and detail; only a bug needs a stack. */
function loggedError(error: unknown): unknown {
  if (!(error instanceof RolebridgeError))
    return error instanceof Error ? pino.stdSerializers.err(error) : error;
  const { code, detail, cause } = error;
  return { code, detail, ...(cause instanceof Error && { cause: cause.message }) };
}
