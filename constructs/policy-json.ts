/** Policy documents as the text that Terraform gets. */
import { createHash } from 'node:crypto';
import { Fn, Token } from 'cdktf';

/**
 * The document as JSON, keys in the order given. Where a value is known to Terraform only, Terraform writes the
 * JSON, so that a quote inside that value stays a character of it and can't end the string.
 */
export function policyJson(document: unknown): string {
  const literal = escapePolicyVariables(document);
  return hasTokens(document) ? Fn.jsonencode(literal) : JSON.stringify(literal);
}

/** A short name for a text that changes exactly when the text does. */
export function fingerprint(text: string): string {
  return Token.isUnresolved(text) ? Fn.sha256(text) : createHash('sha256').update(text).digest('hex');
}

/** Whether any value in the document is known to Terraform only. */
export function hasTokens(value: unknown): boolean {
  if (Token.isUnresolved(value)) return true;
  return typeof value === 'object' && value !== null && Object.values(value).some(hasTokens);
}

/** IAM's `${aws:username}` is not Terraform's `${…}`: `$$` keeps Terraform from evaluating it. */
function escapePolicyVariables(value: unknown): unknown {
  if (typeof value === 'string')
    return value.replace(/(?<!\$)\$\{(?=[A-Za-z0-9.-]+:[A-Za-z0-9]|[*?$]\})/g, '$$$${');
  if (Token.isUnresolved(value)) return value;
  if (Array.isArray(value)) return value.map(escapePolicyVariables);
  if (typeof value === 'object' && value !== null)
    return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, escapePolicyVariables(each)]));
  return value;
}
