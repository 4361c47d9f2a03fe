import { shellWord } from './quoting.js';
import {
  policyArnsOf,
  type RoleDescription,
  roleDescriptionText,
  roleNameOf,
  trustPolicyOf,
} from './role-description.js';

/** Which role belongs to which connection: another role of the same name is left alone. */
export const connectionTag = 'rolebridge:connection';

/**
 * Commands for bash with the AWS CLI, curl and openssl, as AWS CloudShell has them: the role, its policies and the
 * signed callback. Doing them again repairs the role. The secret is asked for, or comes from the environment, and is
 * in no command's arguments, where other processes could read it.
 */
export function awsCliCommands(description: RoleDescription): string {
  const { connectionId, callbackUrl, expectedAccountId, scope, path, maxSessionDuration } = description;
  return `bash <<'ROLEBRIDGE'
set -euo pipefail
role=${shellWord(roleNameOf(description))}
connection=${shellWord(connectionId)}
trust_policy=${shellWord(JSON.stringify(trustPolicyOf(description)))}
scope=${shellWord(scope === undefined ? '' : JSON.stringify(scope))}
callback_url=${shellWord(callbackUrl)}
stop() { echo "rolebridge: $*" >&2; exit 1; }

secret=\${ROLEBRIDGE_CALLBACK_SECRET:-}
if [ -z "$secret" ]; then
  read -rsp 'Callback secret (whsec_...): ' secret 2>/dev/tty </dev/tty || stop 'set ROLEBRIDGE_CALLBACK_SECRET first.'
fi
${
  expectedAccountId === undefined
    ? ''
    : `account=$(aws sts get-caller-identity --query Account --output text)
[ "$account" = ${shellWord(expectedAccountId)} ] || stop "account_mismatch: the AWS credentials are of account $account, and this connection is for account ${expectedAccountId}. Nothing was made."
`
}
# The role: made, or repaired when it is this connection's.
owner=$(aws iam get-role --role-name "$role" --query "Role.Tags[?Key=='${connectionTag}'].Value | [0]" --output text 2>/dev/null) || owner=
if [ -z "$owner" ]; then
  aws iam create-role --role-name "$role" --assume-role-policy-document "$trust_policy" \\
    --description ${shellWord(roleDescriptionText)} --tags "Key=${connectionTag},Value=$connection"${
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
  stop "there is a role $role already that is not of this connection; it was left as it is."
fi
${policyArnsOf(description)
  .map((arn) => `aws iam attach-role-policy --role-name "$role" --policy-arn ${shellWord(arn)}\n`)
  .join('')}role_arn=$(aws iam get-role --role-name "$role" --query Role.Arn --output text)

# The callback, signed as the Standard Webhooks specification says.
id=msg_$(openssl rand -hex 16)
body='{"type":"role.provisioned","timestamp":"'$(date -u +%Y-%m-%dT%H:%M:%SZ)'","data":{"connectionId":"'$connection'","roleArn":"'$role_arn'"'\${scope:+,\\"scope\\":$scope}'}}'
key=$(printf %s "\${secret#whsec_}" | openssl base64 -d -A | od -An -v -tx1 | tr -d ' \\n')
[ \${#key} -ge 32 ] && [ \${#key} -le 128 ] || stop 'callback_secret_invalid: the callback secret is not "whsec_" and base64.'
key=$(printf '%-128s' "$key" | tr ' ' 0)
pad() { local i byte out=; for ((i = 0; i < 128; i += 2)); do printf -v byte '\\\\x%02x' $((0x\${key:i:2} ^ $1)); out+=$byte; done; printf "$out"; }
sha256() { openssl dgst -sha256 -binary; }
for attempt in 1 2 3 4 5 6 7 8 9 10; do
  time=$(date +%s)
  signature=$({ pad 0x5c; { pad 0x36; printf %s "$id.$time.$body"; } | sha256; } | sha256 | openssl base64 -A)
  answer=$(curl -sS --max-time 60 -w '\\n%{http_code}' "$callback_url" -H 'content-type: application/json' -H "webhook-id: $id" \\
    -H "webhook-timestamp: $time" -H "webhook-signature: v1,$signature" --data-binary "$body") || true
  case "\${answer##*$'\\n'}" in
    200) echo "rolebridge: connected: $role_arn"; exit 0 ;;
    4[0-1]? | 42[0-8]) break ;;
  esac
  sleep 5
done
stop "not connected: $answer"
ROLEBRIDGE
`;
}
