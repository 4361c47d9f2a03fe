/** Documents (policies, a scope) as the JSON text that Terraform gets. */
import { createHash } from 'node:crypto';
import { Fn, Token } from 'cdktf';

/**
 * The document as JSON, keys in the order given. Where a whole value is known to Terraform only, Terraform quotes
 * it, so that a quote inside that value stays a character of it and can't end the string.
 */
export function documentJson(value: unknown): string {
  if (typeof value === 'string')
    return isToken(value) ? Fn.jsonencode(value) : JSON.stringify(escapePolicyVariables(value));
  if (Token.isUnresolved(value)) return Fn.jsonencode(value);
  if (Array.isArray(value)) return `[${value.map(documentJson).join(',')}]`;
  if (typeof value === 'object' && value !== null) {
    const members = Object.entries(value).filter(([, each]) => each !== undefined);
    return `{${members.map(([key, each]) => `${JSON.stringify(key)}:${documentJson(each)}`).join(',')}}`;
  }
  return JSON.stringify(value);
}

/** Changes exactly when the text does: short for a text that is known now, or else the text itself. */
export function fingerprint(text: string): string {
  return Token.isUnresolved(text) ? text : createHash('sha256').update(text).digest('hex');
}

/** Whether the string is one token and nothing around it. */
function isToken(text: string): boolean {
  return Token.isUnresolved(text) && /^\$\{[^{}]*\}$/.test(text);
}

/** IAM's `${aws:username}` is not Terraform's `${…}`: `$$` keeps Terraform from evaluating it. */
function escapePolicyVariables(text: string): string {
  return text.replace(/(?<!\$)\$\{(?=[A-Za-z0-9.-]+:[A-Za-z0-9]|[*?$]\})/g, '$$$${');
}
