/** Quotes a text as a literal of each template language, so that no text can inject code. */

/** A literal of JSON, TypeScript and JavaScript, and of YAML, whose double quotes support all JSON escapes. */
export const jsonText = (text: string): string =>
  JSON.stringify(text.replace(/\p{Surrogate}/gu, '\ufffd')).replace(
    /[\u007f-\u009f\u2028\u2029\ufeff]/g,
    unicodeEscape,
  );

/**
 * A literal of HCL. A template sequence starts with `${` or `%{`, and never with an escaped character.
 * https://developer.hashicorp.com/terraform/language/expressions/strings#escape-sequences
 */
export const hclText = (text: string): string =>
  jsonText(text)
    .replace(/(\\\\)|\\([bf])/g, (_whole, backslash, letter) =>
      backslash === undefined ? (letter === 'b' ? '\\u0008' : '\\u000c') : backslash,
    )
    .replace(/[$%](?=\{)/g, unicodeEscape);

/** A word of bash. It has one line, so that no text can end the here-document. Arguments can't contain NUL. */
export function shellWord(text: string): string {
  const word = text.replaceAll('\0', '');
  if (!/[\n\r]/.test(word)) return `'${word.replaceAll("'", `'\\''`)}'`;
  const escaped = word.replace(/[\\']/g, '\\$&').replaceAll('\n', '\\n').replaceAll('\r', '\\r');
  return `$'${escaped}'`;
}

/** Keys that need no quotes. YAML reads some words as booleans or null, such as IAM's operator `Null`. */
const isPlainKey = (key: string): boolean =>
  /^[a-z][\w:/]+$/i.test(key) && !/^(null|true|false|yes|no|on|off)$/i.test(key);

const unicodeEscape = (character: string): string =>
  `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;

/**
 * A document as readable YAML: blocks for maps, lists and multi-line texts; every other text is quoted, so that YAML can't
 * read it as another type.
 */
export function yamlText(value: unknown, indent = ''): string {
  const inner = `${indent}  `;
  if (typeof value === 'string') {
    if (!/\n[^\n]/.test(value) || !/^[^\s][\n\x20-\x7e]*\n$/.test(value)) return ` ${jsonText(value)}\n`;
    return ` |\n${value.replace(/^(?=.)/gm, inner)}`;
  }
  if (Array.isArray(value)) {
    if (value.every((each) => typeof each === 'string')) return ` [${value.map(jsonText).join(', ')}]\n`;
    return `\n${value.map((each) => `${indent}-${yamlText(each, inner).replace(/^\n\s*/, ' ')}`).join('')}`;
  }
  if (typeof value === 'object' && value !== null)
    return `\n${Object.entries(value)
      .filter(([, each]) => each !== undefined)
      .map(([key, each]) => `${indent}${isPlainKey(key) ? key : jsonText(key)}:${yamlText(each, inner)}`)
      .join('')}`;
  return ` ${JSON.stringify(value)}\n`;
}
