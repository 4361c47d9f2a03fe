import { hclValue } from './hcl.js';
import { policyDocument, type SetPolicies } from './permission-set-policies.js';

/** The policies of a permission set: an inline policy, and managed policies for the rest. */
export function setResources(set: SetPolicies): string {
  const inline =
    set.inline.length === 0
      ? ''
      : `# What permission set ${set.id} allows.
resource "aws_iam_role_policy" "permissions" {
  name = "permissions"
  role = aws_iam_role.vendor.name
  policy = jsonencode(${hclValue(policyDocument(set.inline), '  ')})

  lifecycle {
    replace_triggered_by = [aws_iam_role.vendor.unique_id]
  }
}

`;
  const managed = set.managed.map(
    (statements, index) => `resource "aws_iam_policy" "permissions_${index + 2}" {
  name_prefix = "vendor-access-"
  policy = jsonencode(${hclValue(policyDocument(statements), '  ')})
}

resource "aws_iam_role_policy_attachment" "permissions_${index + 2}" {
  role       = aws_iam_role.vendor.name
  policy_arn = aws_iam_policy.permissions_${index + 2}.arn

  lifecycle {
    replace_triggered_by = [aws_iam_role.vendor.unique_id]
  }
}

`,
  );
  return inline + managed.join('');
}

/** References to the policies of a set: what to depend on, and the document to hash. */
export const setPlaces = ({ inline, managed }: SetPolicies) => [
  ...(inline.length > 0
    ? [
        {
          dependency: 'aws_iam_role_policy.permissions',
          document: 'aws_iam_role_policy.permissions.policy',
        },
      ]
    : []),
  ...managed.map((_, index) => ({
    dependency: `aws_iam_role_policy_attachment.permissions_${index + 2}`,
    document: `aws_iam_policy.permissions_${index + 2}.policy`,
  })),
];
