/** The apply checks the role's permissions with IAM's simulator, with your own rights, before it reports the role. */
import { DataAwsIamPrincipalPolicySimulation } from '@cdktf/provider-aws/lib/data-aws-iam-principal-policy-simulation';
import type { ITerraformDependable, TerraformProvider } from 'cdktf';
import type { Construct } from 'constructs';
import type { PermissionQuestion, PermissionSet } from './iam/permission-set';

/** Results that stop the apply; a denial with a missing context value isn't one. */
const UNEXPECTED_RESULTS = {
  Allow: '!r.allowed && length(r.missing_context_keys) == 0',
  Deny: 'r.allowed',
} as const;

/**
 * A data source for each statement that can be asked about. Its postcondition names the denied actions and the
 * vendor's reason.
 * @see https://registry.terraform.io/providers/hashicorp/aws/latest/docs/data-sources/iam_principal_policy_simulation
 */
export function simulatePermissions(
  scope: Construct,
  set: PermissionSet,
  role: {
    readonly arn: string;
    readonly after: ITerraformDependable[];
    readonly provider?: TerraformProvider;
  },
): DataAwsIamPrincipalPolicySimulation[] {
  return set.questions.map((question) => {
    const unexpected = `[for r in self.results : r.action_name if ${UNEXPECTED_RESULTS[question.effect]}]`;
    return new DataAwsIamPrincipalPolicySimulation(scope, `simulation-${question.sid}`, {
      policySourceArn: role.arn,
      actionNames: [...question.actions],
      // The provider rejects "*" as an ARN, and asks about it when there is none.
      ...(!question.resources.includes('*') && { resourceArns: [...question.resources] }),
      context: question.context.map(({ key, type, values }) => ({ key, type, values: [...values] })),
      dependsOn: role.after,
      ...(role.provider && { provider: role.provider }),
      lifecycle: {
        postcondition: [
          {
            condition: `\${length(${unexpected}) == 0}`,
            errorMessage: messageOf(set, question, unexpected),
          },
        ],
      },
    });
  });
}

function messageOf({ id }: PermissionSet, { sid, reason, effect }: PermissionQuestion, list: string): string {
  const what =
    effect === 'Allow'
      ? `permissions_missing: IAM denies the role \${join(", ", ${list})}`
      : `permissions_missing: IAM allows the role \${join(", ", ${list})}, which must be denied`;
  // The reason is the vendor's: nothing in it may begin a template.
  const quoted = reason.replace(/[$%](?=\{)/g, '$&$&');
  return `${what} (${id}, ${sid}: ${quoted}). Look for a permissions boundary or an organization's policy; the role was not reported.`;
}
