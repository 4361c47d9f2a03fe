import type { ErrorRow } from './error-row.js';

/** Codes about a customer's role and its connection. */
export const roleErrors = {
  role_arn_invalid: {
    status: 400,
    title: 'Not the ARN of an IAM role',
    meaning:
      'The text is not the ARN of an IAM role. It is never silently corrected, not even a trailing space.',
    see: 'The detail names the rule that was broken. `aws iam get-role --role-name NAME --query Role.Arn` prints the ARN as AWS has it.',
    fix: 'Send the ARN exactly as AWS shows it: `arn:aws:iam::123456789012:role/path/name`. A user, a group, the account root and an assumed-role session are not roles.',
  },
  partition_not_supported: {
    status: 422,
    title: 'AWS partition not supported',
    meaning:
      'The role is in an AWS partition (commercial, GovCloud, China, European Sovereign Cloud) in which the vendor has no principal. Credentials of one partition can never assume a role in another.',
    see: 'The partition is the second part of the ARN: `aws`, `aws-us-gov`, `aws-cn` or `aws-eusc`. The vendor lists its own in `ROLEBRIDGE_PRINCIPAL`.',
    fix: 'Connect an account in a partition that the vendor serves, or ask the vendor to add a principal in yours.',
  },
  role_in_vendor_account: {
    status: 422,
    title: "The role is in an account that can't be connected",
    meaning:
      "The role is in the vendor's own AWS account, or in an account on the vendor's deny list. Such a connection would let a customer act as the vendor, so it is refused before AWS is called.",
    see: 'Compare the account in the ARN with the account in the principal that the connection shows.',
    fix: 'Deploy the stack with the credentials of your account: check `aws sts get-caller-identity` and the `provider "aws"` of the stack.',
  },
  role_already_connected: {
    status: 409,
    title: 'The role is already connected',
    meaning:
      "The role works and is safe, but another connection has it. One role belongs to one connection, so that you can't register another customer's role; the answer doesn't say which connection it is.",
    see: 'List your connections (`GET /v1/connections`) and look for the `roleArn`.',
    fix: 'Use the existing connection, delete it first, or create a separate role for each connection: give the construct another `roleName`.',
  },
  role_not_assumable: {
    status: 422,
    title: "The role can't be assumed",
    meaning:
      "AWS kept denying `AssumeRole` until the propagation window (a minute) had passed. AWS doesn't say whether the role, the principal or the external ID is wrong, so the service diagnoses it with further requests.",
    see: 'The `diagnosis` in the answer ranks the likely causes; its `trustPolicy` is the one that would work. `aws iam get-role --role-name NAME --query Role.AssumeRolePolicyDocument` prints the current one.',
    fix: 'Make the trust policy match the one shown: same principal, `sts:AssumeRole`, `StringEquals` on `sts:ExternalId` with the external ID of this connection. Then deploy again, or call `POST /v1/connections/{id}/verify`. If an organization policy (SCP or RCP) denies it, ask its administrator.',
  },
  account_mismatch: {
    status: 409,
    title: 'The role is in another account than expected',
    meaning:
      'The role is in another AWS account than the connection expects, or AWS opened a session of another role. This protects you from deploying into the wrong account.',
    see: 'Compare the account in the role ARN with `expectedAccountId` of the connection; `aws sts get-caller-identity` shows where a stack is deployed.',
    fix: 'Deploy with credentials of the expected account, or create a new connection for the other account. The answer to a callback names no account and no policy: a stolen callback secret must reveal nothing.',
  },
  account_not_bound: {
    status: 409,
    title: 'The connection is not bound to an account',
    meaning:
      'A callback may connect a role only in the account that the connection is bound to, and this connection has none yet. Otherwise, with only the callback secret, anyone could connect a role of another account.',
    see: '`GET /v1/connections/{id}` shows no `expectedAccountId`.',
    fix: 'Set `expectedAccountId` (`PATCH /v1/connections/{id}`, or when you create the connection), then deploy again. `PUT /v1/connections/{id}/role` with an API key binds by the ARN. Vendor: `ROLEBRIDGE_REQUIRE_ACCOUNT=off` lets the first role that connects bind.',
  },
  role_id_mismatch: {
    status: 422,
    title: 'AWS opens another role than the stack reported',
    meaning:
      'The session that AWS opened belongs to a role with another unique id than the one in the callback: the role was deleted and created again under its name.',
    see: '`aws iam get-role --role-name NAME --query Role.RoleId` shows the id of the role that exists now.',
    fix: 'Deploy the stack that owns the role that exists now; remove the copy that reports the old one.',
  },
  external_id_mismatch: {
    status: 422,
    title: "The external ID is not this connection's",
    meaning:
      'The stack has another external ID than the connection, so the role that it creates could not be assumed.',
    see: "Compare `externalId` in the stack with the connection's page or `GET /v1/connections/{id}`.",
    fix: "Set `externalId` in the stack to this connection's and deploy again.",
  },
  trust_policy_unsafe: {
    status: 422,
    title: 'The trust policy is unsafe',
    meaning:
      'The service read the trust policy of the role and found a statement that lets the vendor in without exactly this external ID, or lets strangers in. The negative probes can miss that.',
    see: 'The detail quotes the statement. `aws iam get-role --role-name NAME --query Role.AssumeRolePolicyDocument` prints the policy.',
    fix: 'Deploy the trust policy shown in the answer. In a stack, change its input (`externalId`), not the role. When a connection that was healthy turns to this code, someone changed the policy: find out who (CloudTrail, `UpdateAssumeRolePolicy`).',
  },
  proof_required: {
    status: 422,
    title: "The trust policy can't be read",
    meaning:
      'The vendor connects only roles whose trust policy it can read and judge (`ROLEBRIDGE_REQUIRE_PROOF=on`), and the role may not read itself.',
    see: 'The check `trust_policy` says why the policy could not be read.',
    fix: 'Allow the role `iam:GetRole` on its own ARN: leave `selfInspection` on in the construct, or add the inline policy that the setup page shows.',
  },
  permissions_missing: {
    status: 422,
    title: 'The role lacks permissions',
    meaning:
      "The role is safe, but IAM's simulator denies it something that the connection's permission set requires, or allows something that the set denies.",
    see: 'The `missing` in the answer lists each action, the policy that denies it and the reason why it is needed. `aws iam simulate-principal-policy --policy-source-arn ARN --action-names ACTION` repeats the question.',
    fix: 'Deploy the permission set as the vendor publishes it (`GET /v1/permission-sets`). Where a permissions boundary or a service control policy denies the action, ask the administrator of your organization. A connected role is never disconnected for this: it is reported as `permissions: incomplete`.',
  },
  permission_set_unknown: {
    status: 422,
    title: 'No such permission set',
    meaning: 'The vendor has no permission set of that name and version.',
    see: '`GET /v1/permission-sets` lists the names and versions that the vendor serves.',
    fix: 'Use one of them: `npx @rolebridge/constructs pull` fetches the newest version for a stack.',
  },
  external_id_not_required: {
    status: 422,
    title: 'The role can be assumed without the external ID',
    meaning:
      'The role can be assumed without the external ID, so another customer could trick the vendor into assuming it (the confused deputy problem). The role works, but it is unsafe, so it is rejected.',
    see: "Look for a statement in the trust policy that allows `sts:AssumeRole` without `Condition`, or with `StringEqualsIfExists`, `ForAllValues:` or `Null`. The checks in the answer show each probe's AWS request id, which your CloudTrail shows too.",
    fix: 'Add `"Condition": {"StringEquals": {"sts:ExternalId": "…"}}` to every statement that allows the vendor, or paste the `trustPolicy` of the answer. If a healthy connection changes to this code, the condition was removed: find the `UpdateAssumeRolePolicy` event in CloudTrail.',
  },
  external_id_not_enforced: {
    status: 422,
    title: 'The role can be assumed with any external ID',
    meaning: "The role can be assumed with other external IDs than this connection's.",
    see: 'Look for `StringLike` with a wildcard, or a list of external IDs that contains a wildcard.',
    fix: 'Use `StringEquals` with the one external ID of this connection, as in the `trustPolicy` of the answer.',
  },
  previous_external_id_accepted: {
    status: 422,
    title: 'The role still accepts the previous external ID',
    meaning:
      'The external ID of the connection is being rotated. The role accepts both the new and the previous one, so the rotation is not complete. The connection keeps working.',
    see: 'Look for a list of two external IDs in the condition of the trust policy, or for a second statement.',
    fix: 'Leave only the new external ID in the trust policy, then apply again or call `POST /v1/connections/{id}/verify`.',
  },
  external_id_not_changing: {
    status: 409,
    title: 'The external ID is not being rotated',
    meaning:
      'No rotation of the external ID is in progress, so there is none to cancel. It may have just completed.',
    see: '`GET /v1/connections/{id}` shows a `pendingExternalId` during a rotation.',
    fix: 'Start a rotation with `POST /v1/connections/{id}/rotate-external-id`.',
  },
  pending_external_id_in_use: {
    status: 409,
    title: 'The role accepts only the new external ID',
    meaning:
      "The role's trust policy already has the new external ID and denies the current one. Canceling the rotation now would break the connection.",
    see: 'The external ID in the trust policy of the role is the `pendingExternalId` of the connection.',
    fix: 'Complete the rotation with `POST /v1/connections/{id}/verify`. To go back, put the previous external ID into the trust policy first, then cancel.',
  },
  access_not_ended: {
    status: 503,
    title: 'AWS still allows access to the role',
    meaning:
      'A connection was deprovisioned, deleted or given another role, and AWS still lets the service assume the old role. The service keeps checking for a day and records each attempt in the audit log.',
    see: 'Look for records with the action `connection.confirm_revocation` in `GET /v1/audit`.',
    fix: 'Ask the customer to delete the role, or to remove the vendor from its trust policy.',
  },
  role_missing: {
    status: 422,
    title: 'The connection has no role yet',
    meaning: 'The connection has no role yet, so there is nothing to verify.',
    see: '`GET /v1/connections/{id}` shows `pending` or `disconnected`, and no `roleArn`.',
    fix: 'Deploy the stack, or set the ARN with `PUT /v1/connections/{id}/role`.',
  },
  verification_in_progress: {
    status: 503,
    title: 'No verdict yet',
    meaning:
      'AWS needs seconds, rarely a minute, to propagate a new role. This role has not propagated yet and its window is still open, so there is no verdict.',
    see: 'The answer has `Retry-After`.',
    fix: 'Send the same request again after that time. The callback script does this automatically.',
  },
  scope_taken: {
    status: 409,
    title: 'Another connection holds the scope',
    meaning: 'Another connection of the organization holds this scope. Each scope has at most one holder.',
    see: 'The `holders` in the answer name it.',
    fix: 'Choose another scope, or replace the holder: `PUT /v1/connections/{id}/scopes` with `"replace": true`.',
  },
  connection_not_found: {
    status: 404,
    title: 'No such connection',
    meaning:
      'Your organization has no such connection. A connection of another organization gives the same answer.',
    see: '`GET /v1/connections` lists your connections; check that the API key belongs to the right organization.',
    fix: "Use an id from that list. A deleted connection can't be restored: create a new one.",
  },
  connection_changed: {
    status: 409,
    title: 'The connection was changed meanwhile',
    meaning: 'Another request changed the connection while yours was handled.',
    see: '`GET /v1/connections/{id}` and `GET /v1/audit` show the change.',
    fix: 'Read the connection again, and repeat the request if it still makes sense.',
  },
  connection_disconnected: {
    status: 422,
    title: 'The connection is disconnected',
    meaning: 'The vendor deleted this connection, so its stack can no longer connect with it.',
    see: "The connection id in your stack is not in the vendor's list.",
    fix: 'Ask the vendor for a new connection and put its values into the stack.',
  },
  enrollment_ended: {
    status: 403,
    title: 'The enrollment has ended',
    meaning: 'The enrollment has expired, or the vendor ended it. Accounts can no longer register.',
    see: '`GET /v1/enrollments/{id}` shows `expiresAt`; the audit log has `enrollment.end`.',
    fix: 'Create a new enrollment and update the stack set with its values. Connected accounts stay connected.',
  },
  account_not_enrollable: {
    status: 403,
    title: 'The enrollment is not for this account',
    meaning: 'The enrollment lists or limits its accounts, and this account is not one of them.',
    see: '`GET /v1/enrollments/{id}` shows `accountIds`, `maxAccounts` and the registered accounts.',
    fix: 'Deploy only to the listed accounts, or create another enrollment for the others.',
  },
  account_not_proved: {
    status: 403,
    title: 'The account was not proved',
    meaning:
      'An account proves itself with a signed `sts:GetCallerIdentity` request. This one was too old, was used before, was signed for another service or enrollment, or was signed by a role that the enrollment does not accept.',
    see: 'The detail says which. `GET /v1/enrollments/{id}` shows `rolePattern`; the log of the function in the stack has each attempt.',
    fix: 'Update the stack set to the current template of the enrollment. Without a stack set, run `rolebridge enrollment register` as a role that `rolePattern` matches.',
  },
  no_connection_for_target: {
    status: 404,
    title: 'No connection applies to the target',
    meaning: 'No connection has a scope that contains the target, and there is no default connection.',
    see: '`GET /v1/resolve` with the same target shows the scopes that were tried, narrowest first.',
    fix: 'Give a connection that scope (`PUT /v1/connections/{id}/scopes`), or the scope `{}` to make it the default.',
  },
  connection_not_healthy: {
    status: 409,
    title: 'The connection of the target is not healthy',
    meaning:
      'The connection that applies to the target does not work now. A wider connection is not used instead, because it leads to another account.',
    see: 'The `connection` in the answer has its status and the code of its last verification.',
    fix: 'Fix what that code describes, then call `POST /v1/connections/{id}/verify`; or give the scope to another connection.',
  },
  method_mismatch: {
    status: 422,
    title: "The call doesn't fit the connection's method",
    meaning:
      'The call is for connections with the other method: for a role but the connection has an access key, or the reverse.',
    see: '`GET /v1/connections/{id}` shows `method`.',
    fix: 'To replace an access key with a role, start with `POST /v1/connections/{id}/migrate-to-role`. Credentials of an access key take no session policy and no tags.',
  },
  duration_too_long: {
    status: 422,
    title: 'The session would be longer than allowed',
    meaning:
      'The role does not allow sessions of that length; or the service itself runs as a role, so AWS ends every session after an hour (role chaining).',
    see: "The detail names the longest possible duration. `aws iam get-role --query Role.MaxSessionDuration` shows the role's maximum.",
    fix: "Request a shorter `durationSeconds`, or ask the customer to raise the role's maximum (`maxSessionDuration` of the construct).",
  },
  session_tags_denied: {
    status: 422,
    title: 'The role does not allow session tags',
    meaning:
      "The trust policy does not allow `sts:TagSession`, so the session can't have the requested tags.",
    see: 'Look for `sts:TagSession` among the actions of the trust policy.',
    fix: 'Send the request without `tags`, or ask the customer to set `allowSessionTags: true` on the construct.',
  },
  session_policy_invalid: {
    status: 422,
    title: 'AWS does not accept the session policy',
    meaning: 'AWS does not accept the session policy, or it is too large together with the tags.',
    see: 'The detail quotes AWS. `aws accessanalyzer validate-policy --policy-type IDENTITY_POLICY` checks a policy.',
    fix: 'Correct or shorten it: an identity policy of at most 2,048 characters, with `Version` and `Statement`.',
  },
} as const satisfies Record<string, ErrorRow>;
