import { invalidRequest } from '../domain/errors.js';

const maxDepth = 16;
const utf8 = new TextDecoder('utf-8', { fatal: true });

/**
 * Parses a request body more strictly than JSON.parse: valid Unicode, no duplicate keys (two parsers could pick different
 * ones), no `__proto__`, no deep nesting.
 * @throws RolebridgeError `request_invalid`
 */
export function parseJsonBody(rawBody: Buffer): unknown {
  let text: string;
  try {
    text = utf8.decode(rawBody);
  } catch {
    throw invalid('is not UTF-8');
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw invalid('is not JSON');
  }
  if (keysWritten(text) !== countKeys(value, 0)) throw invalid('has the same key twice in one object');
  // Only an escape sequence can encode a lone surrogate, and no database stores it.
  if (/\\u[dD][89a-fA-F]/.test(text) && hasLoneSurrogate(value))
    throw invalid('has a text that is not Unicode');
  return value;
}

const hasLoneSurrogate = (value: unknown): boolean =>
  typeof value === 'string'
    ? /\p{Cs}/u.test(value)
    : typeof value === 'object' &&
      value !== null &&
      Object.entries(value).some((entry) => entry.some(hasLoneSurrogate));

/** Counts keys in valid JSON, in one pass: a string is a key exactly if a colon follows it. */
function keysWritten(text: string): number {
  let keys = 0;
  const hasEscapes = text.includes('\\');
  for (let at = text.indexOf('"'); at !== -1; at = text.indexOf('"', at)) {
    at += 1;
    if (hasEscapes) while (text[at] !== '"') at += text[at] === '\\' ? 2 : 1;
    else at = text.indexOf('"', at);
    at += 1;
    while (text[at] === ' ' || text[at] === '\n' || text[at] === '\r' || text[at] === '\t') at += 1;
    if (text[at] === ':') keys += 1;
  }
  return keys;
}

function countKeys(value: unknown, depth: number): number {
  if (typeof value !== 'object' || value === null) return 0;
  if (depth >= maxDepth) throw invalid(`is nested deeper than ${maxDepth} levels`);
  let keys = 0;
  if (Array.isArray(value)) for (const item of value) keys += countKeys(item, depth + 1);
  else
    for (const [key, member] of Object.entries(value)) {
      if (key === '__proto__') throw invalid('has the key "__proto__"');
      keys += 1 + countKeys(member, depth + 1);
    }
  return keys;
}

const invalid = (message: string) =>
  invalidRequest('body', message, 'Send one JSON object as the API reference describes it.');
