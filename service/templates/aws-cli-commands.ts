import { selfInspection } from '../domain/trust-policy.js';
import { policyDocument, setPoliciesOf } from './permission-set-policies.js';
import { shellWord } from './quoting.js';
import {
  policyArnsOf,
  type RoleDescription,
  regionOf,
  roleDescriptionText,
  roleNameOf,
  trustPolicyOf,
  vendorId,
} from './role-description.js';

/** The tag with the connection of a role. The commands don't change a role with another connection. */
export const connectionTag = 'vendor:connection';

/**
 * Commands for bash with the AWS CLI and Node, such as in AWS CloudShell: they create the role and its policies, and send
 * the callback. Running them again repairs the role. They prompt for the secret or read it from the environment; it is never
 * a command argument, which other processes could read.
 */
export function awsCliCommands(description: RoleDescription): string {
  const { connectionId, callbackUrl, expectedAccountId, scope, path, maxSessionDuration } = description;
  const set = setPoliciesOf(description);
  return `bash <<'CONNECT'
set -euo pipefail
role=${shellWord(roleNameOf(description))}
connection=${shellWord(connectionId)}
trust_policy=${shellWord(JSON.stringify(trustPolicyOf(description)))}
scope=${shellWord(scope === undefined ? '' : JSON.stringify(scope))}
callback_url=${shellWord(callbackUrl)}
# IAM has no region, but the AWS CLI wants one.
export AWS_DEFAULT_REGION="\${AWS_DEFAULT_REGION:-\${AWS_REGION:-${regionOf(description)}}}"
stop() { echo "${vendorId(description)}: $*" >&2; exit 1; }

secret=\${CONNECT_CALLBACK_SECRET:-}
if [ -z "$secret" ]; then
  read -rsp 'Callback secret (whsec_...): ' secret 2>/dev/tty </dev/tty || stop 'set CONNECT_CALLBACK_SECRET first.'
fi
${
  expectedAccountId === undefined
    ? ''
    : `account=$(aws sts get-caller-identity --query Account --output text)
[ "$account" = ${shellWord(expectedAccountId)} ] || stop "account_mismatch: the AWS credentials are of account $account, and this connection is for account ${expectedAccountId}. Nothing was created."
`
}
# The role: created, or repaired when it is this connection's.
owner=$(aws iam get-role --role-name "$role" --query "Role.Tags[?Key=='${connectionTag}'].Value | [0]" --output text 2>/dev/null) || owner=
if [ -z "$owner" ]; then
  aws iam create-role --role-name "$role" --assume-role-policy-document "$trust_policy" \\
    --description ${shellWord(roleDescriptionText(description.vendorName))} --tags "Key=${connectionTag},Value=$connection"${
      path === undefined ? '' : ` --path ${shellWord(path)}`
    }${maxSessionDuration === undefined ? '' : ` --max-session-duration ${maxSessionDuration}`} >/dev/null
elif [ "$owner" = "$connection" ]; then
  aws iam update-assume-role-policy --role-name "$role" --policy-document "$trust_policy"${
    maxSessionDuration === undefined
      ? ''
      : `
  aws iam update-role --role-name "$role" --max-session-duration ${maxSessionDuration}`
  }
else
  stop "there is a role $role already that is not of this connection; it was not changed."
fi
${policyArnsOf(description)
  .map((arn) => `aws iam attach-role-policy --role-name "$role" --policy-arn ${shellWord(arn)}\n`)
  .join('')}role_arn=$(aws iam get-role --role-name "$role" --query Role.Arn --output text)
aws iam put-role-policy --role-name "$role" --policy-name self-inspection --policy-document ${selfInspectionWord()}
${set ? setCommands(set) : ''}
# The signed callback: the same script that Terraform runs.
command -v node >/dev/null || stop "there is no Node here. Paste this ARN on the connection's page: $role_arn"
script=$(curl -fsS --max-time 60 ${shellWord(callbackScriptUrl(callbackUrl))})
export CONNECT_CALLBACK_SECRET="$secret" CONNECT_EVENT=role.provisioned CONNECT_CALLBACK_URL="$callback_url"
export CONNECT_CONNECTION_ID="$connection" CONNECT_ROLE_ARN="$role_arn" CONNECT_SCOPE="$scope"
export CONNECT_PLACE=shell CONNECT_LABEL=${vendorId(description)}${
    set
      ? `
export CONNECT_PERMISSION_SET=${shellWord(set.id)} CONNECT_WITHOUT=${shellWord(set.without)}`
      : ''
  }
CONNECT_ROLE_ID=$(aws iam get-role --role-name "$role" --query Role.RoleId --output text) node -e "$script"
CONNECT
`;
}

/** Only the shell knows the ARN: the variable stands between two quoted parts. */
const selfInspectionWord = (): string =>
  shellWord(JSON.stringify(policyDocument([selfInspection('{roleArn}')]))).replace(
    '{roleArn}',
    `'"$role_arn"'`,
  );

/** The policies of a permission set: an inline policy, and managed policies for the rest, which are updated. */
function setCommands({ id, inline, managed }: NonNullable<ReturnType<typeof setPoliciesOf>>): string {
  const parts = managed.map(
    (statements, index) => `policy_arn="\${role_arn%%:role/*}:policy/$role-${index + 2}"
document=${shellWord(JSON.stringify(policyDocument(statements)))}
if aws iam get-policy --policy-arn "$policy_arn" >/dev/null 2>&1; then
  for old in $(aws iam list-policy-versions --policy-arn "$policy_arn" --query 'Versions[?!IsDefaultVersion].VersionId' --output text); do
    aws iam delete-policy-version --policy-arn "$policy_arn" --version-id "$old"
  done
  aws iam create-policy-version --policy-arn "$policy_arn" --policy-document "$document" --set-as-default >/dev/null
else
  aws iam create-policy --policy-name "$role-${index + 2}" --policy-document "$document" >/dev/null
fi
aws iam attach-role-policy --role-name "$role" --policy-arn "$policy_arn"
`,
  );
  const own =
    inline.length === 0
      ? ''
      : `aws iam put-role-policy --role-name "$role" --policy-name permissions --policy-document ${shellWord(JSON.stringify(policyDocument(inline)))}
`;
  return `
# What permission set ${id} allows.
${own}${parts.join('')}`;
}

/** The URL of the callback script, beside that of the callback: `/downloads/callback.cjs`. */
const callbackScriptUrl = (callbackUrl: string): string =>
  callbackUrl.replace(/\/v1\/callbacks$/, '/downloads/callback.cjs');
