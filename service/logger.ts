import pino, { type DestinationStream, type Logger } from 'pino';

const secretPatterns: readonly [RegExp, string][] = [
  [/whsec_[A-Za-z0-9+/=_-]+/g, 'whsec_[redacted]'],
  [/rbk_([a-z2-7]{16})_[0-9a-f]+/g, 'rbk_$1_[redacted]'],
  [/v1,[A-Za-z0-9+/]{20,}=*/g, 'v1,[redacted]'],
  [/\b((?:AKIA|ASIA)[A-Z0-9]{4})[A-Z0-9]{8,}/g, '$1[redacted]'],
  [/(Bearer\s+)[^\s"\\]+/gi, '$1[redacted]'],
  [
    /(\\?"(?:authorization|cookie|webhook-signature|secretAccessKey|SecretAccessKey|sessionToken|SessionToken|callbackSecret|apiKey)\\?"\s*:\s*\\?")[^"\\]*/g,
    '$1[redacted]',
  ],
  [/(<(SecretAccessKey|SessionToken)>)[^<]*/g, '$1[redacted]'],
];

/** Takes everything that looks like a secret out of a line, wherever in it it is. */
export const redact = (line: string): string =>
  secretPatterns.reduce((text, [pattern, replacement]) => text.replace(pattern, replacement), line);

/** Structured logs; every line is redacted as it is written, so that no caller has to remember. */
export function createLogger(level: string, destination?: DestinationStream): Logger {
  const options = { level, hooks: { streamWrite: redact } };
  return destination ? pino(options, destination) : pino(options);
}
