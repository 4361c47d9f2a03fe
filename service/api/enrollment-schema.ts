import { z } from 'zod';
import { accountId, limit, name, partition, scope } from './schemas.js';

/** A name of a scope in which `{account}` and `{label}` stand for those of the account. */
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
  .meta({ description: 'By account.' });

/** Which accounts may register themselves, for how long, and where their connections apply. */
export const createEnrollmentRequest = z.strictObject({
  name: name.max(80).meta({ description: 'The start of the names of its connections.' }),
  partition,
  scopeRule: z
    .strictObject({ accounts: accounts.optional(), otherwise: scopePattern.optional() })
    .default({}),
  accountIds: z.array(accountId).min(1).max(500).optional(),
  maxAccounts: z.int().min(1).max(500).default(100),
  expiresInSeconds: z.int().min(60).max(7_776_000).default(604_800),
});

export const enrollmentsQuery = z.strictObject({
  limit,
  before: z
    .string()
    .regex(/^[0-9T:.Z-]{24}~enr_[a-z2-7]{24}$/, 'must be the "next" of the page before')
    .optional(),
});

/** The wire contract of a registration. */
export const accountEnrolledEvent = z.strictObject({
  type: z.literal('account.enrolled'),
  timestamp: z.iso.datetime({ offset: true }),
  data: z.strictObject({
    accountId,
    label: z
      .string()
      .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/, 'must be a name as a scope has them')
      .optional(),
  }),
});
