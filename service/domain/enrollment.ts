import { hash } from 'node:crypto';
import { z } from 'zod';
import { notProved, proofLifetimeMs } from './caller-proof.js';
import { deployedPermissionSet } from './connection.js';
import type { DeepReadonly } from './deep-readonly.js';
import { invalidRequest, RolebridgeError } from './errors.js';
import {
  type AccountId,
  accountId,
  type ConnectionId,
  connectionId,
  type EnrollmentId,
  enrollmentId,
  organizationId,
} from './ids.js';
import type { Token } from './ports.js';
import { partition } from './role-arn.js';
import { checkScope, type Scope, scope } from './scope.js';
import { isoTime } from './verification.js';

/** Where the connection of an account applies. Without a rule it applies nowhere until it gets a scope. */
export const scopeRule = z.strictObject({
  /** The scope of each listed account. */
  accounts: z.record(z.string(), scope).optional(),
  /** The scope of every other account; `{account}` and `{label}` are replaced by the account and the label of its stack. */
  otherwise: z
    .strictObject({
      project: z.string().optional(),
      environment: z.string().optional(),
      architecture: z.string().optional(),
    })
    .optional(),
});
export type ScopeRule = DeepReadonly<z.infer<typeof scopeRule>>;

/**
 * Lets the accounts of an AWS Organization register themselves, each with its own connection, for a while. The
 * secret alone registers nothing: each account proves itself with a signed `sts:GetCallerIdentity`.
 */
export const enrollmentSchema = z.strictObject({
  id: enrollmentId,
  organizationId,
  /** The prefix of the names of its connections. */
  name: z.string(),
  partition,
  scopeRule,
  /** Undefined: any account, up to `maxAccounts`. */
  accountIds: z.array(accountId).optional(),
  maxAccounts: z.int(),
  /** The permission set of its accounts' roles, as for a connection. */
  permissionSet: deployedPermissionSet.optional(),
  rolePattern: z.string().meta({
    description: 'Name of the role that an account signs its proof with; * stands for any characters.',
  }),
  encryptedSecret: z.string(),
  createdAt: isoTime,
  expiresAt: isoTime,
  /** The connection of each registered account. */
  accounts: z.record(accountId, connectionId),
  /** The nonces of used proofs, each with the time when it can be dropped: by then the proof is too old anyway. */
  usedNonces: z.record(z.string(), isoTime),
});
export type Enrollment = DeepReadonly<z.infer<typeof enrollmentSchema>>;

/** Name of the role that the StackSet template gives to the function that registers an account. */
export const enrollmentRoleName = (id: EnrollmentId): string => `enrollment-${id}`;

/** @throws RolebridgeError `request_invalid` when the rule needs a label that was not given, or a name comes out wrong */
export function scopeOfAccount(
  rule: ScopeRule,
  account: AccountId,
  label: string | undefined,
): Scope | undefined {
  const own = rule.accounts && Object.hasOwn(rule.accounts, account) ? rule.accounts[account] : undefined;
  if (own !== undefined) return checkScope(own);
  if (rule.otherwise === undefined) return undefined;
  const named = Object.entries(rule.otherwise).map(([level, name = '']) => {
    if (name.includes('{label}') && label === undefined)
      throw invalidRequest(
        'body.data.label',
        `is missing: the scope's ${level} needs one`,
        'Give the stack its parameter Label, such as the environment of the account.',
      );
    return [level, name.replaceAll('{account}', account).replaceAll('{label}', label ?? '')];
  });
  return checkScope(Object.fromEntries(named));
}

/** The enrollment with the nonce used. @throws RolebridgeError `account_not_proved` when it was used before */
export function withNonce(enrollment: Enrollment, nonce: string, nowMs: number): Enrollment {
  if (Object.hasOwn(enrollment.usedNonces, nonce))
    throw notProved('The proof was used before.', 'Sign a new one for each attempt.');
  const kept = Object.entries(enrollment.usedNonces).filter(([, until]) => Date.parse(until) > nowMs);
  const until = new Date(nowMs + 3 * proofLifetimeMs).toISOString();
  return { ...enrollment, usedNonces: { ...Object.fromEntries(kept), [nonce]: until } };
}

/** The enrollment with a place for the account, which keeps the one it has. @throws RolebridgeError `account_not_enrollable`, `enrollment_ended` */
export function withAccount(
  enrollment: Enrollment,
  account: AccountId,
  connectionId: ConnectionId,
  nowMs: number,
): Enrollment {
  if (nowMs >= Date.parse(enrollment.expiresAt))
    throw new RolebridgeError('enrollment_ended', `The enrollment ended at ${enrollment.expiresAt}.`, {
      remedy: 'Ask the vendor for a new enrollment and update the stack set with its values.',
    });
  if (Object.hasOwn(enrollment.accounts, account)) return enrollment;
  if (enrollment.accountIds && !enrollment.accountIds.includes(account))
    throw new RolebridgeError('account_not_enrollable', `The enrollment is not for account ${account}.`, {
      remedy: 'Deploy to the accounts that it is for, or ask the vendor for an enrollment with this account.',
    });
  if (Object.keys(enrollment.accounts).length >= enrollment.maxAccounts)
    throw new RolebridgeError(
      'account_not_enrollable',
      `The enrollment is for ${enrollment.maxAccounts} accounts, which have all registered themselves.`,
      { remedy: 'Ask the vendor for an enrollment for more accounts.' },
    );
  return { ...enrollment, accounts: { ...enrollment.accounts, [account]: connectionId } };
}

/** An enrollment is stored as a token: its id finds it, and its encrypted secret is in the data. */
export function enrollmentTokenOf(enrollment: Enrollment): Token {
  const { id, organizationId, createdAt, expiresAt, ...data } = enrollment;
  return {
    kind: 'enrollment',
    hash: enrollmentTokenHash(id),
    organizationId,
    createdAt,
    expiresAt,
    data: { id, ...data },
  };
}

export const enrollmentIn = ({ data, organizationId, createdAt, expiresAt }: Token): Enrollment =>
  enrollmentSchema.parse({ ...data, organizationId, createdAt, expiresAt });

export const enrollmentTokenHash = (id: EnrollmentId): string => hash('sha256', id);

/** Binds an encrypted secret to its enrollment. */
export const enrollmentSecretContext = (id: string): string => `enrollment-secret:${id}`;
