import type { Explanation } from './explanation.js';

/** Of verifying a customer's role. */
export const aboutRoles = {
  role_arn_invalid: {
    means:
      'The text is not the ARN of an IAM role. It is never mended in silence, also not a space at its end.',
    see: 'The detail names the rule that was broken. `aws iam get-role --role-name NAME --query Role.Arn` prints the ARN as AWS has it.',
    fix: 'Give the ARN exactly as AWS shows it: `arn:aws:iam::123456789012:role/path/name`. A user, a group, the account root and an assumed-role session are not roles.',
  },
  partition_not_supported: {
    means:
      'The role is in an AWS partition (commercial, GovCloud, China, European Sovereign Cloud) in which the vendor has no principal. Credentials of one partition can never assume a role in another.',
    see: 'The partition is the second part of the ARN: `aws`, `aws-us-gov`, `aws-cn` or `aws-eusc`. The vendor sees its own in `ROLEBRIDGE_PRINCIPAL`.',
    fix: 'Connect an account of a partition that the vendor serves, or ask the vendor to add a principal in yours.',
  },
  role_in_vendor_account: {
    means:
      "The role is in the vendor's own AWS account, or in one on the vendor's deny list. A connection to it would let a customer act as the vendor, so it is refused before AWS is asked.",
    see: 'Compare the account in the ARN with the one in the principal that the connection shows.',
    fix: 'Deploy the stack with the credentials of your own account: check `aws sts get-caller-identity` and the `provider "aws"` of the stack.',
  },
  role_already_connected: {
    means:
      'The role works and is safe, and is already connected. One role belongs to one connection, so that nobody can register somebody else’s role; the answer names nobody.',
    see: 'List your connections (`GET /v1/connections`) and look for the `roleArn`.',
    fix: 'Use the connection that there is, delete it first, or make a role of its own for each connection: give the construct another `roleName`.',
  },
  role_not_assumable: {
    means:
      'AWS went on denying `AssumeRole` until the propagation window (a minute) had passed. AWS does not say whether the role, the principal or the external ID is wrong, so the service finds out by experiment.',
    see: 'The `diagnosis` of the answer ranks the likely causes; the `trustPolicy` in it is the one that would work. `aws iam get-role --role-name NAME --query Role.AssumeRolePolicyDocument` prints the one that the role has.',
    fix: 'Make the trust policy the one shown: same principal, `sts:AssumeRole`, `StringEquals` on `sts:ExternalId` with the external ID of this very connection. Then deploy again, or `POST /v1/connections/{id}/verify`. With an organization policy (SCP or RCP) that denies it, ask its administrator.',
  },
  account_mismatch: {
    means:
      'The role is in another AWS account than the connection expects, or the session that AWS opened is not one of this role. Nothing is deployed into an account that nobody meant.',
    see: 'Compare the account in the role ARN with `expectedAccountId` of the connection; `aws sts get-caller-identity` shows where a stack is deployed to.',
    fix: 'Deploy with the credentials of the expected account, or make a new connection for the other one.',
  },
  external_id_not_required: {
    means:
      'The role can be assumed without the external ID, so the vendor could be tricked into using it for somebody else (the confused deputy). It works, and is refused for that.',
    see: 'Look for a statement of the trust policy that allows `sts:AssumeRole` without `Condition`, or with `StringEqualsIfExists`, `ForAllValues:` or `Null`. The checks in the answer show the AWS request id of each probe, as it is in your CloudTrail.',
    fix: 'Put `"Condition": {"StringEquals": {"sts:ExternalId": "…"}}` into every statement that allows the vendor, or paste the `trustPolicy` of the answer. When a connection that was healthy turns to this code, somebody has taken the condition away: find out who (CloudTrail, `UpdateAssumeRolePolicy`).',
  },
  external_id_not_enforced: {
    means: 'The role can be assumed with any external ID, not only with the one of this connection.',
    see: 'Look for `StringLike` with a wildcard, or a list of external IDs that holds a wildcard.',
    fix: 'Use `StringEquals` with the one external ID of this connection, as in the `trustPolicy` of the answer.',
  },
  previous_external_id_accepted: {
    means:
      'The external ID of the connection is being changed. The role accepts the new one, and the one before as well, so the change has not ended. The connection goes on working.',
    see: 'Look for a list of two external IDs in the condition of the trust policy, or for a second statement.',
    fix: 'Leave the new external ID alone in the trust policy, then apply again or `POST /v1/connections/{id}/verify`.',
  },
  external_id_not_changing: {
    means:
      'No change of the external ID is under way, so there is none to cancel: it may have ended just now.',
    see: '`GET /v1/connections/{id}`: while it is being changed, it has a `pendingExternalId`.',
    fix: 'Begin with `POST /v1/connections/{id}/rotate-external-id`.',
  },
  pending_external_id_in_use: {
    means:
      'The role refuses the external ID that would stay, since its trust policy has the new one already. Canceled now, the connection would be lost.',
    see: 'The external ID in the trust policy of the role is the `pendingExternalId` of the connection.',
    fix: 'Let the change end with `POST /v1/connections/{id}/verify`. To go back, put the external ID before into the trust policy first, then cancel.',
  },
  access_not_ended: {
    means:
      'A connection was deprovisioned or deleted, or has another role now, and AWS still lets the service into the role that it had. The service asks for a day, and records each time in the audit log.',
    see: 'The records with the action `connection.confirm_revocation` in `GET /v1/audit`.',
    fix: 'Have the customer delete the role, or take the vendor out of its trust policy.',
  },
  role_missing: {
    means: 'The connection has no role yet, so there is nothing to check.',
    see: '`GET /v1/connections/{id}` shows `pending`, or `disconnected`, and no `roleArn`.',
    fix: 'Deploy the stack, or give the ARN with `PUT /v1/connections/{id}/role`.',
  },
  verification_in_progress: {
    means:
      'A new role takes seconds, rarely a minute, until AWS knows it everywhere. This one is not known yet and its window has not passed: nothing is decided.',
    see: 'The answer has `Retry-After`.',
    fix: 'Send the same request again after that time; the callback script does so by itself.',
  },
  scope_taken: {
    means: 'Another connection of the organization holds this scope, and a scope has one holder.',
    see: 'The `holders` in the answer name it.',
    fix: 'Choose another scope, or replace the holder: `PUT /v1/connections/{id}/scopes` with `"replace": true`.',
  },
  connection_not_found: {
    means:
      'Your organization has no such connection. One of another organization is answered in the same way.',
    see: '`GET /v1/connections` lists those that there are; check that the API key is the right organization’s.',
    fix: 'Use an id from that list. A deleted connection does not come back: make a new one.',
  },
  connection_changed: {
    means: 'Somebody else changed the connection while your request was handled, and theirs was first.',
    see: '`GET /v1/connections/{id}` and `GET /v1/audit` show the change.',
    fix: 'Read the connection again, and repeat the request if it still makes sense.',
  },
  connection_disconnected: {
    means: 'The vendor has deleted this connection, so that its stack can’t connect with it any more.',
    see: 'The connection id in your stack is not in the vendor’s list.',
    fix: 'Ask the vendor for a new connection and put its values into the stack.',
  },
  enrollment_ended: {
    means: 'The time in which accounts may register themselves is over, or the vendor has ended it.',
    see: '`GET /v1/enrollments/{id}` shows `expiresAt`; the audit log has `enrollment.end`.',
    fix: 'Make a new enrollment and update the stack set with its values. Accounts that are connected stay connected.',
  },
  account_not_enrollable: {
    means:
      'The enrollment names the accounts that it is for, or their number, and this one is not among them.',
    see: '`GET /v1/enrollments/{id}` shows `accountIds`, `maxAccounts` and the accounts that have registered themselves.',
    fix: 'Deploy to the accounts that it is for, or make another enrollment for the rest.',
  },
  account_not_proved: {
    means:
      'A registration proves its account with a signed `sts:GetCallerIdentity` request. This one was too old, was used before, was signed for another service or enrollment, or was signed by a role that the enrollment does not accept.',
    see: 'The detail says which. `GET /v1/enrollments/{id}` shows `rolePattern`; the log of the function in the stack shows each attempt.',
    fix: 'Update the stack set to the current template of the enrollment. With other tools, sign a new proof for each attempt as a role that `rolePattern` matches: `rolebridge enrollment register` does.',
  },
  no_connection_for_target: {
    means: 'No connection has a scope that the target is inside of, and there is no default one.',
    see: '`GET /v1/resolve` with the same target shows the path that was looked at, from the narrowest scope to the widest.',
    fix: 'Give a connection that scope (`PUT /v1/connections/{id}/scopes`), or the scope `{}` to make it the default.',
  },
  connection_not_healthy: {
    means:
      'The connection that applies to the target does not work now. A wider one that does is not used instead: it leads into another account.',
    see: 'The `connection` in the answer has its status and the code of its last verification.',
    fix: 'Mend what that code says, then `POST /v1/connections/{id}/verify`; or give the scope to another connection.',
  },
  method_mismatch: {
    means:
      'The call is for connections with the other method: a role’s for one with an access key, or the reverse.',
    see: '`GET /v1/connections/{id}` shows `method`.',
    fix: 'For a role in the place of an access key, begin with `POST /v1/connections/{id}/migrate-to-role`. Credentials of an access key take no session policy and no tags.',
  },
  duration_too_long: {
    means:
      'The role does not allow sessions as long as was asked for; or the service runs as a role itself, where AWS ends every session after an hour (role chaining).',
    see: 'The detail says how long is possible. `aws iam get-role --query Role.MaxSessionDuration` shows the role’s.',
    fix: 'Ask for less (`durationSeconds`), or have the customer raise the role’s maximum (`maxSessionDuration` of the construct).',
  },
  session_tags_denied: {
    means:
      'The trust policy does not allow `sts:TagSession`, so the session can’t have the tags that were asked for.',
    see: 'Look for `sts:TagSession` among the actions of the trust policy.',
    fix: 'Ask without `tags`, or have the customer set `allowSessionTags: true` on the construct.',
  },
  session_policy_invalid: {
    means: 'AWS does not accept the session policy, or it is too large together with the tags.',
    see: 'The detail holds AWS’s own words. `aws accessanalyzer validate-policy --policy-type IDENTITY_POLICY` checks a policy.',
    fix: 'Correct or shorten it: it is an identity policy of at most 2,048 characters, with `Version` and `Statement`.',
  },
} as const satisfies Record<string, Explanation>;
