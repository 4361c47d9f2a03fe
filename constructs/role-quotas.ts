/** IAM's quotas for a role: rejected, split or warned about. */
import { Token } from 'cdktf';
import type { RoleWarning } from './cross-account-role-props';
import { documentJson } from './iam/document-json';
import { type PolicyStatement, policyDocument } from './iam/permissions';
import { wholeAccounts } from './props/role';

/** A warning by its name, and its text. */
export type Warning = readonly [RoleWarning, string];

// Quotas of IAM, in characters without whitespace: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
const TRUST_POLICY_QUOTA = 2048;
const TRUST_POLICY_MAXIMUM = 4096;
const INLINE_POLICIES_QUOTA = 10_240;
const MANAGED_POLICY_QUOTA = 6_144;
const ATTACHED_POLICIES_QUOTA = 10;
const ATTACHED_POLICIES_MAXIMUM = 20;

export const administratorWarning: Warning = [
  'administrator-without-boundary',
  'the principal gets every permission in this account, with no permissionsBoundary. Prefer a narrower policy, or set a boundary.',
];

export function trustWarnings(principals: readonly string[], trustPolicyJson: string): Warning[] {
  const accounts = wholeAccounts(principals);
  const size = documentSize(trustPolicyJson);
  const warnings: Warning[] = [];
  if (accounts.length > 0)
    warnings.push([
      'whole-account-trust',
      `principal ${accounts.join(', ')} is a whole account: every identity that its administrators allow to assume roles can use this one. Prefer the ARN of one role.`,
    ]);
  if (size > TRUST_POLICY_QUOTA * 0.8)
    warnings.push([
      'trust-policy-size',
      `the trust policy has ${size} characters; IAM allows ${TRUST_POLICY_QUOTA} unless the account's quota was raised (at most ${TRUST_POLICY_MAXIMUM}). Name fewer principals.`,
    ]);
  return warnings;
}

export const attachedWarnings = (attached: number): Warning[] =>
  attached <= ATTACHED_POLICIES_QUOTA
    ? []
    : [
        [
          'attached-policies-quota',
          `more than ${ATTACHED_POLICIES_QUOTA} managed policies are attached; IAM allows ${ATTACHED_POLICIES_QUOTA} unless the account's quota was raised (at most ${ATTACHED_POLICIES_MAXIMUM}). Put statements together.`,
        ],
      ];

/** The maximum of a raised quota. */
export function sizeProblems(trustPolicyJson: string, inlinePolicyJson: string, attached: number): string[] {
  const source = 'https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html';
  const counts = [
    [documentSize(trustPolicyJson), TRUST_POLICY_MAXIMUM, 'principal: the trust policy has', 'characters'],
    [
      documentSize(inlinePolicyJson),
      INLINE_POLICIES_QUOTA,
      'permissions.statements: the policy has',
      'characters',
    ],
    [attached, ATTACHED_POLICIES_MAXIMUM, 'permissions.managedPolicies:', 'are attached'],
  ] as const;
  return counts
    .filter(([count, most]) => count > most)
    .map(
      ([count, most, what, unit]) => `${what} ${count} ${unit}, and IAM allows at most ${most} (${source})`,
    );
}

/** The first part is for the inline policy, the others for managed policies: each within IAM's quota. */
export function splitByQuota(statements: readonly PolicyStatement[]): PolicyStatement[][] {
  const parts: PolicyStatement[][] = [[]];
  for (const statement of statements) {
    const last = parts.at(-1) ?? [];
    // Room for self-inspection, and for statements that are added later.
    const quota = parts.length === 1 ? INLINE_POLICIES_QUOTA - 1_000 : MANAGED_POLICY_QUOTA;
    if (last.length > 0 && documentSize(documentJson(policyDocument([...last, statement]))) > quota)
      parts.push([statement]);
    else last.push(statement);
  }
  return parts;
}

/** IAM counts without whitespace; a size that only Terraform knows counts as none. */
function documentSize(json: string): number {
  return Token.isUnresolved(json) ? 0 : json.replace(/\s/g, '').length;
}
