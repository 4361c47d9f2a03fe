import type { Explanation } from './explanation.js';

/** Of connections with an access key. */
export const aboutAccessKeys = {
  access_key_invalid: {
    means: 'AWS does not know the access key id, or the secret is not its own. The detail says which.',
    see: 'With the same key: `aws sts get-caller-identity`. `aws iam list-access-keys` shows whether it is active.',
    fix: 'Copy id and secret again, with the session token if there is one; check that the key is active, and the partition.',
  },
  access_key_expired: {
    means: 'The key is a temporary one, and its session has ended.',
    see: '`GET /v1/connections/{id}` shows `sessionExpiresAt`, if it was given.',
    fix: 'Give new temporary credentials with `PUT /v1/connections/{id}/access-key`; better, move to a role, which does not end.',
  },
  access_key_unreadable: {
    means:
      'The stored access key can’t be decrypted: its encryption key is missing, or the store was changed by hand.',
    see: 'The detail names the id of the encryption key. The service’s log has the cause.',
    fix: 'Vendor: put that key back into `ROLEBRIDGE_ENCRYPTION_KEYS`, or restore the store. Customer: exchange the key with `PUT /v1/connections/{id}/access-key`, which mends the connection.',
  },
  access_key_not_available: {
    means: 'The service has no encryption key, without which it keeps no access keys.',
    see: 'Vendor: neither `ROLEBRIDGE_ENCRYPTION_KEYS` nor a file or KMS key in its place is set.',
    fix: 'Connect with a role, which is better anyway; or have the vendor set an encryption key.',
  },
  access_key_turned_off: {
    means: 'The vendor takes no new access keys (`ROLEBRIDGE_ACCESS_KEYS=off`), as AWS asks of its partners.',
    see: 'Vendor: the setting. The others can’t see it, and need not.',
    fix: 'Connect with a role: `POST /v1/connections` without `method`.',
  },
  root_access_key: {
    means: 'The access key is the account’s root user’s. It can do everything, and can’t be limited.',
    see: '`aws sts get-caller-identity` with the key shows an ARN that ends with `:root`.',
    fix: 'Delete that key in AWS. Connect with a role, or with the key of an IAM user of its own.',
  },
  key_in_vendor_account: {
    means: 'The access key is of the vendor’s own AWS account, or of one on the vendor’s deny list.',
    see: '`aws sts get-caller-identity` with the key shows its account.',
    fix: 'Give a key of your own account.',
  },
} as const satisfies Record<string, Explanation>;
