import { invalidRequest } from '../domain/errors.js';

const maxDepth = 16;

/**
 * Parses a request's body more strictly than JSON.parse: Unicode only, no key twice (two readers could take
 * different ones), no `__proto__`, no deep nesting.
 * @throws RolebridgeError `request_invalid`
 */
export function parseJsonBody(rawBody: Buffer): unknown {
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(rawBody);
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
  // Only an escape can write one, and no database stores it.
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

/** In valid JSON every string that a colon follows is a key, and nothing else is. One pass, whatever the text. */
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
  if (Array.isArray(value)) return value.reduce<number>((sum, item) => sum + countKeys(item, depth + 1), 0);
  const keys = Object.keys(value);
  if (keys.includes('__proto__')) throw invalid('has the key "__proto__"');
  return Object.values(value).reduce<number>(
    (sum, member) => sum + countKeys(member, depth + 1),
    keys.length,
  );
}

const invalid = (message: string) =>
  invalidRequest('body', message, 'Send one JSON object as the API reference describes it.');
