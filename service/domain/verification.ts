import { z } from 'zod';
import type { DeepReadonly } from './deep-readonly.js';
import { errorCodes } from './error-catalog/index.js';
import { permissionsReport } from './verification/permissions-report.js';

export const checkNames = [
  'role_arn',
  'not_vendor_account',
  'assumable',
  'account',
  'external_id_required',
  'external_id_exact',
  'previous_external_id',
  'trust_policy',
  'permissions',
  'access_key_works',
  'not_root_user',
  'not_already_connected',
] as const;
export type CheckName = (typeof checkNames)[number];

/** A time in the format that the service writes. */
export const isoTime = z.iso.datetime().meta({ description: 'ISO 8601, in UTC.' });
export const errorCode = z.enum(errorCodes).meta({ id: 'ProblemCode' });

/** A request to AWS and its outcome. */
export const probe = z
  .strictObject({
    probe: z.enum([
      'with_external_id',
      'with_pending_external_id',
      'with_previous_external_id',
      'without_external_id',
      'without_external_id_in_another_region',
      'wrong_external_id',
      'altered_external_id',
      'caller_identity',
      'get_role',
      'simulate_principal_policy',
    ]),
    at: isoTime,
    outcome: z.enum(['allowed', 'denied', 'inconclusive']),
    requestId: z.string().optional(),
  })
  .meta({ id: 'Probe' });
export type Probe = Readonly<z.infer<typeof probe>>;

export const check = z
  .strictObject({
    name: z.enum(checkNames),
    outcome: z.enum(['passed', 'failed', 'not_checked']),
    code: errorCode.optional(),
    message: z.string(),
    remedy: z.string().optional(),
    alsoTrusted: z.array(z.string()).optional().meta({
      description: 'Of `trust_policy`: principals other than the vendor’s that can assume the role.',
    }),
    wholeAccounts: z
      .array(z.strictObject({ principal: z.string(), narrower: z.string() }))
      .optional()
      .meta({
        description:
          'Of `trust_policy`: accounts of the vendor that are trusted as a whole, each with the principal in use.',
      }),
    at: isoTime,
  })
  .meta({ id: 'Check' });
export type Check = DeepReadonly<z.infer<typeof check>>;

/** A likely cause of a refusal, found by experiment. */
export const cause = z
  .strictObject({
    cause: z.enum([
      'external_id_different',
      'principal_different',
      'condition_missing',
      'condition_wildcard',
      'role_name_or_path',
      'sts_region_off',
      'organization_policy',
    ]),
    likelihood: z.enum(['certain', 'likely', 'possible']),
    explanation: z.string(),
  })
  .meta({ id: 'Cause' });
export type Cause = Readonly<z.infer<typeof cause>>;

/** `trustPolicy` is the policy to deploy, as JSON text; `currentPolicy` is the role's, if it could be read. */
export const diagnosis = z.strictObject({
  causes: z.array(cause),
  trustPolicy: z.string(),
  currentPolicy: z.string().optional(),
});

const report = z.strictObject({
  startedAt: isoTime,
  finishedAt: isoTime,
  accountAlias: z
    .string()
    .optional()
    .meta({ description: 'The alias of the account, where the role may list it.' }),
  checks: z.array(check),
  probes: z.array(probe),
  /** The permissions of a role, where the connection has a permission set. */
  permissions: permissionsReport.optional(),
});
const passed = report
  .extend({
    result: z.literal('passed'),
    accountId: z.string(),
    sessionArn: z.string().optional().meta({ description: 'The session of the role.' }),
    principalArn: z.string().optional().meta({ description: 'The owner of the access key.' }),
  })
  .meta({ id: 'PassedVerification' });
const failed = report
  .extend({
    result: z.literal('failed'),
    code: errorCode,
    message: z.string(),
    remedy: z.string(),
    diagnosis: diagnosis.optional(),
  })
  .meta({ id: 'FailedVerification' });

/** The report of a verification: each check, each call to AWS, and the verdict. */
export const verificationSchema = z
  .discriminatedUnion('result', [passed, failed])
  .meta({ id: 'Verification' });
export type Verification = DeepReadonly<z.infer<typeof verificationSchema>>;
export type PassedVerification = DeepReadonly<z.infer<typeof passed>>;
export type FailedVerification = DeepReadonly<z.infer<typeof failed>>;
