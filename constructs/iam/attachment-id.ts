/** The id of a construct that attaches a managed policy. */
import { DefaultTokenResolver, StringConcat, Token, Tokenization } from 'cdktf';
import type { Construct } from 'constructs';
import { fingerprint } from './document-json';

/** Stable when policies are put in another order: an attachment that moves may end detached. */
export function attachmentIdOf(scope: Construct, policyArn: string): string {
  if (Token.isUnresolved(policyArn)) {
    const resolver = new DefaultTokenResolver(new StringConcat());
    const expression = String(Tokenization.resolve(policyArn, { scope, resolver, preparing: true }));
    const reference = /^\$\{([\w.-]+)\}$/.exec(expression)?.[1];
    return `attachment-${reference ?? fingerprint(expression.replaceAll('${', '')).slice(0, 12)}`;
  }
  return `attachment-${policyArn.replace(/^arn:[^:]+:iam::(?:aws:policy\/)?/, '').replace(/[^\w+=,.@-]/g, '-')}`;
}
