import type { ErrorRow } from './error-row.js';

/** Codes about connections with an AWS access key. */
export const accessKeyErrors = {
  access_key_invalid: {
    status: 422,
    title: 'AWS does not accept the access key',
    meaning:
      'AWS does not know the access key id, or the secret does not belong to it. The detail says which.',
    see: 'Run `aws sts get-caller-identity` with the same key. `aws iam list-access-keys` shows whether it is active.',
    fix: 'Copy the id and the secret again, with the session token if there is one; check that the key is active, and the partition.',
  },
  access_key_expired: {
    status: 422,
    title: 'The access key has expired',
    meaning: 'The key is temporary, and its session has expired.',
    see: '`GET /v1/connections/{id}` shows `sessionExpiresAt`, if it was set.',
    fix: 'Set new temporary credentials with `PUT /v1/connections/{id}/access-key`; better, move to a role, which does not expire.',
  },
  access_key_unreadable: {
    status: 500,
    title: 'The stored access key can’t be decrypted',
    meaning:
      "The stored access key can't be decrypted: its encryption key is missing, or the store was edited.",
    see: "The detail names the id of the encryption key. The service's log has the cause.",
    fix: 'Vendor: put that key back into `ROLEBRIDGE_ENCRYPTION_KEYS`, or restore the store. Customer: replace the key with `PUT /v1/connections/{id}/access-key`, which repairs the connection.',
  },
  access_key_not_available: {
    status: 422,
    title: 'Access keys are not available',
    meaning: 'The service has no encryption key, and it stores no access key without one.',
    see: 'Vendor: neither `ROLEBRIDGE_ENCRYPTION_KEYS` nor `ROLEBRIDGE_KMS_KEY_ARNS` is set.',
    fix: 'Connect with a role, which is safer; or ask the vendor to set an encryption key.',
  },
  access_key_turned_off: {
    status: 422,
    title: 'Access keys are turned off',
    meaning:
      'The vendor accepts no new access keys (`ROLEBRIDGE_ACCESS_KEYS=off`), as AWS requires of its partners.',
    see: 'Only the vendor can see the setting.',
    fix: 'Connect with a role: `POST /v1/connections` without `method`.',
  },
  root_access_key: {
    status: 422,
    title: "The access key is a root user's",
    meaning: "The access key belongs to the account's root user. It can do everything, and can't be limited.",
    see: '`aws sts get-caller-identity` with the key shows an ARN that ends with `:root`.',
    fix: 'Delete that key in AWS. Connect with a role, or with the key of a dedicated IAM user.',
  },
  key_in_vendor_account: {
    status: 422,
    title: "The access key is of an account that can't be connected",
    meaning:
      "The access key belongs to the vendor's own AWS account, or to an account on the vendor's deny list.",
    see: '`aws sts get-caller-identity` with the key shows its account.',
    fix: 'Use a key from your account.',
  },
} as const satisfies Record<string, ErrorRow>;
