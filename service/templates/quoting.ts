/** A text as the literal of each language that the templates are written in: whatever it holds, it stays a value. */

/** JSON, TypeScript and JavaScript; also YAML's double quotes, which know every escape of JSON. */
export const jsonText = (text: string): string =>
  JSON.stringify(text.replace(/\p{Surrogate}/gu, '\ufffd')).replace(
    /[\u007f-\u009f\u2028\u2029\ufeff]/g,
    unicodeEscape,
  );

/**
 * HCL's quotes. A template begins at `${` or `%{`; an escaped `$` never begins one, whatever stands before it.
 * https://developer.hashicorp.com/terraform/language/expressions/strings#escape-sequences
 */
export const hclText = (text: string): string =>
  jsonText(text)
    .replace(/(\\\\)|\\([bf])/g, (_whole, backslash, letter) =>
      backslash === undefined ? (letter === 'b' ? '\\u0008' : '\\u000c') : backslash,
    )
    .replace(/[$%](?=\{)/g, unicodeEscape);

/** bash: in one line, so that no text can be the line that ends a here-document. NUL can be in no argument. */
export function shellWord(text: string): string {
  const word = text.replaceAll('\0', '');
  if (!/[\n\r]/.test(word)) return `'${word.replaceAll("'", `'\\''`)}'`;
  const escaped = word.replace(/[\\']/g, '\\$&').replaceAll('\n', '\\n').replaceAll('\r', '\\r');
  return `$'${escaped}'`;
}

/** Of letters only, and none of the words that YAML 1.1 or 1.2 takes for a boolean or null: IAM has the operator `Null`. */
const isPlainKey = (key: string): boolean =>
  /^[a-z][\w:/]+$/i.test(key) && !/^(null|true|false|yes|no|on|off)$/i.test(key);

const unicodeEscape = (character: string): string =>
  `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;

/**
 * A document as YAML that people can read: blocks for maps, lists and texts of several lines, quotes for every other
 * text, so that nothing is taken for another type.
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
