import { z } from 'zod';
import { accountId } from '../domain/ids.js';
import { level, scope } from '../domain/scope.js';
import { limit, name, partition, permissionSetMembers } from './schemas.js';

/** A scope name; `{account}` and `{label}` are replaced with those of the registering account. */
const pattern = z
  .string()
  .max(64)
  .regex(
    /^([A-Za-z0-9]|\{(account|label)\})([A-Za-z0-9._-]|\{(account|label)\})*$/,
    'must be the name of a scope; {account} and {label} may be in it',
  );

const scopePattern = z
  .strictObject({
    project: pattern.optional(),
    environment: pattern.optional(),
    architecture: pattern.optional(),
  })
  .meta({ description: 'For accounts that are not named; "{account}" and "{label}" may be in the names.' });

const accounts = z
  .record(z.string().regex(/^[0-9]{12}$/, 'must be 12 digits'), scope)
  .refine((all) => Object.keys(all).length <= 500, 'must name 500 accounts at most')
  .meta({ description: 'Scopes by account.' });

/** Which accounts may register themselves, for how long, and where their connections apply. */
export const createEnrollmentRequest = z.strictObject({
  name: name.max(80).meta({ description: 'The prefix of the names of its connections.' }),
  partition,
  scopeRule: z
    .strictObject({ accounts: accounts.optional(), otherwise: scopePattern.optional() })
    .default({}),
  accountIds: z.array(accountId).min(1).max(500).optional(),
  maxAccounts: z.int().min(1).max(500).default(100),
  ...permissionSetMembers,
  rolePattern: z
    .string()
    .regex(/^[A-Za-z0-9_+=,.@*-]{1,64}$/, 'must be the name of a role; * stands for any characters')
    .refine((pattern) => pattern.split('*').length <= 5, 'must hold four * at most')
    .meta({
      description:
        "Name of the role that an account proves itself with; * stands for any characters. By default the role of the StackSet template's function.",
    })
    .optional(),
  expiresInSeconds: z.int().min(60).max(7_776_000).default(604_800),
});

export const enrollmentsQuery = z.strictObject({
  limit,
  before: z
    .string()
    .regex(/^[0-9T:.Z-]{24}~enr_[a-z2-7]{24}$/, 'must be the `next` of the previous page')
    .optional(),
});

const visible = (low: number, high: number) =>
  z
    .string()
    .min(low)
    .max(high)
    .regex(/^[\x21-\x7e]+$/, 'must be visible ASCII');

/** `POST https://STS_HOST/` with the body `Action=GetCallerIdentity&Version=2011-06-15`, signed (Signature Version 4). */
const proof = z
  .strictObject({
    authorization: z
      .string()
      .max(1024)
      .regex(/^AWS4-HMAC-SHA256 [\x20-\x7e]+$/, 'must be an Authorization header of Signature Version 4'),
    date: z.string().regex(/^\d{8}T\d{6}Z$/, 'must be the x-amz-date: YYYYMMDDTHHMMSSZ'),
    nonce: z.string().regex(/^[A-Za-z0-9_-]{16,64}$/, 'must be 16 to 64 letters, digits, "-" or "_"'),
    securityToken: visible(16, 8192),
  })
  .meta({
    description:
      'A signed request for sts:GetCallerIdentity, at most 60 seconds old and used once. It signs the headers content-type, host, x-amz-date, x-amz-security-token, x-rolebridge-enrollment, x-rolebridge-nonce and x-rolebridge-origin.',
  });

/** The event that registers an account. */
export const accountEnrolledEvent = z.strictObject({
  type: z.literal('account.enrolled'),
  timestamp: z.iso.datetime({ offset: true }),
  data: z.strictObject({
    proof,
    label: level.optional(),
  }),
});
