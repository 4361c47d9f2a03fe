import pino, { type DestinationStream, type Logger, type LoggerOptions } from 'pino';
import { RolebridgeError } from './domain/errors.js';

/** Members whose value is a secret, whatever it looks like; `-` and `_` do not count. */
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
  // Also in JSON inside of a string, where the quotes are escaped once or more.
  [new RegExp(`("(?:${secretKeys})\\\\*"\\s*:\\s*\\\\*")[^"\\\\]*`, 'gi'), '$1[redacted]'],
  [/(<(SecretAccessKey|SessionToken)>)[^<]*/gi, '$1[redacted]'],
  // Parts of a request that AWS repeats: canonical headers, query strings, signatures.
  [/(x-amz-(?:security-token|signature)[:=]\s*)[^\s"\\&]+/gi, '$1[redacted]'],
  [/((?:Signature|SecretAccessKey|SessionToken)=)[^\s"\\&,]+/g, '$1[redacted]'],
  // The password in a URL, such as a database's.
  [
    /((?<![a-z0-9+.-])[a-z][a-z0-9+.-]{0,30}:\/\/[^\s:/@"\\]{1,256}:)[^\s@/"\\]{1,1024}(@)/gi,
    '$1[redacted]$2',
  ],
  // Text like an AWS secret key (40 characters with upper case, lower case and digits) or a session token.
  [
    /(?<![A-Za-z0-9+/=])(?=[^"\s]{0,39}[A-Z])(?=[^"\s]{0,39}[a-z])(?=[^"\s]{0,39}[0-9])[A-Za-z0-9+/]{40}(?![A-Za-z0-9+/=])/g,
    '[redacted]',
  ],
  [/[A-Za-z0-9+/]{120,}={0,2}/g, '[redacted]'],
];

/** Takes everything that looks like a secret out of a line, wherever in it it is. */
export const redact = (line: string): string =>
  secretPatterns.reduce((text, [pattern, replacement]) => text.replace(pattern, replacement), line);

/** Structured logs with ISO times and level names. Every line is redacted as it is written, so that no caller has to remember. */
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

/** An expected failure is its code and sentence; only a bug needs a stack. */
function loggedError(error: unknown): unknown {
  if (!(error instanceof RolebridgeError))
    return error instanceof Error ? pino.stdSerializers.err(error) : error;
  const { code, detail, cause } = error;
  return { code, detail, ...(cause instanceof Error && { cause: cause.message }) };
}
