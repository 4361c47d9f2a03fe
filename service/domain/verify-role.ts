import { checkRoleArn } from './check-role-arn.js';
import { causeOfOpenTrust, causesOfDenial } from './diagnose-role.js';
import type { AccountId, ConnectionId, ExternalId } from './ids.js';
import { inconclusiveMessages } from './inconclusive.js';
import type { Clock, SessionCredentials, Sts } from './ports.js';
import type { ParsedRoleArn, Partition } from './role-arn.js';
import { trustPolicy } from './trust-policy.js';
import type { Check, FailedVerification, PassedVerification, Probe } from './verification.js';
import {
  Inconclusive,
  type NoVerdictReason,
  VerificationFailed,
  VerificationReport,
} from './verification-report.js';

export interface RoleToVerify {
  readonly connection: {
    readonly id: ConnectionId;
    readonly externalId: ExternalId;
    /** That is to take its place: tried first, and the other must be refused then. */
    readonly pendingExternalId?: ExternalId | undefined;
    readonly expectedAccountId?: AccountId | undefined;
  };
  /** As it came, not yet looked at. */
  readonly roleArn: string;
  /** The id of the role that the stack made; AWS must open that very one. */
  readonly roleId?: string | undefined;
  readonly vendorPrincipals: ReadonlyMap<Partition, string>;
  readonly deniedAccountIds: ReadonlySet<AccountId>;
  readonly sessionName: string;
  /** Milliseconds since the epoch; the propagation window counts from here. */
  readonly firstAttemptAt: number;
  readonly propagationWindowMs: number;
  /** How long this call may wait for propagation. */
  readonly maxWaitMs: number;
  /** The customer may just have mended the trust policy: IAM may go on with the old one for a while. */
  readonly allowPropagation: boolean;
  /** Whoever asks comes again with the same first attempt when nothing is decided, so there is time. @default false */
  readonly callerRetries?: boolean;
  /** Up to four more calls that find out why AWS denies the role. @default true */
  readonly diagnose?: boolean | undefined;
  /** Hears of every check as it is made, and of every denial that may still be propagation. */
  readonly onProgress?: ((progress: VerificationProgress) => void) | undefined;
}

export type VerificationProgress = { readonly check: Check } | { readonly waitingSince: string };

export type RoleVerification =
  | {
      outcome: 'passed';
      verification: PassedVerification;
      role: ParsedRoleArn;
      roleId: string;
      /** The one that the role requires. */
      externalId: ExternalId;
    }
  | {
      outcome: 'refused';
      verification: FailedVerification;
      role: ParsedRoleArn | undefined;
      roleId: string | undefined;
    }
  | { outcome: 'inconclusive'; reason: NoVerdictReason; message: string; retryAfterSeconds: number };

/** A mended trust policy has this long to reach STS before an open role is refused. */
const mendedTrustWindowMs = 10_000;
/** A trust policy with the pending external ID has this long before the one that still works is gone on with. */
const rotatedTrustWindowMs = 15_000;

/**
 * Proves that the role works for this service and is safe from everyone else: with the external ID it can be
 * assumed, without it and with another it can't. The first check that fails ends it; throttling, time-outs and
 * faults of AWS are never a verdict.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_common-scenarios_third-party.html
 */
export async function verifyRole(
  request: RoleToVerify,
  { sts, clock, newExternalId }: { sts: Sts; clock: Clock; newExternalId: () => ExternalId },
): Promise<RoleVerification> {
  const receipt: VerificationReport = new VerificationReport(clock, (check) =>
    request.onProgress?.({ check }),
  );
  const { startedAt, checks, probes } = receipt;
  const { pendingExternalId } = request.connection;
  const propagationEnds = request.firstAttemptAt + request.propagationWindowMs;
  const waitEnds = clock.now() + request.maxWaitMs;
  let role: ParsedRoleArn | undefined;
  let roleId: string | undefined;

  try {
    role = checkRoleArn(request, receipt);
    const opened = await assumable(role);
    const { credentials, sessionArn, externalId } = opened;
    roleId = opened.roleId;
    await sameAccount(role, sessionArn, credentials);
    await externalIdRequired(role, externalId);
    return {
      outcome: 'passed',
      role,
      roleId,
      externalId,
      verification: {
        startedAt,
        finishedAt: receipt.now(),
        checks,
        probes,
        result: 'passed',
        accountId: role.accountId,
        sessionArn,
      },
    };
  } catch (end) {
    if (end instanceof Inconclusive) return { outcome: 'inconclusive', ...end.verdict };
    if (!(end instanceof VerificationFailed)) throw end;
    const { code, message, remedy, causes } = end;
    const principal = role && request.vendorPrincipals.get(role.partition);
    const verification: FailedVerification = {
      startedAt,
      finishedAt: receipt.now(),
      checks,
      probes,
      result: 'failed',
      code,
      message,
      remedy,
      ...(causes &&
        principal && {
          diagnosis: {
            causes,
            trustPolicy: JSON.stringify(
              trustPolicy({ principal, externalId: pendingExternalId ?? request.connection.externalId }),
              null,
              2,
            ),
          },
        }),
    };
    return { outcome: 'refused', role, roleId, verification };
  }

  async function assumable({ arn, partition }: ParsedRoleArn) {
    const windowEnds = propagationEnds;
    for (let attempt = 0; ; attempt++) {
      const { answer, externalId, isCurrentOnly } = await assumeWithEither();
      if (answer.outcome === 'allowed') {
        if (request.roleId !== undefined && answer.roleId !== request.roleId) {
          // For a while AWS may go on with the role that had this name before.
          if (clock.now() + 1_000 > windowEnds)
            receipt.fail(
              'assumable',
              'role_id_mismatch',
              `AWS opens a role with the id ${answer.roleId}, and the stack reported ${request.roleId}: the role was created again under its name.`,
              'Deploy the stack that owns the role that exists now.',
            );
          if (clock.now() + 1_000 > waitEnds)
            throw new Inconclusive('propagating', 'AWS still opens the role that had this name before.', 1);
          await clock.sleep(1_000);
          continue;
        }
        const mayRotate =
          isCurrentOnly &&
          request.allowPropagation &&
          clock.now() + 1_000 < Math.min(waitEnds, windowEnds, request.firstAttemptAt + rotatedTrustWindowMs);
        if (mayRotate) {
          await clock.sleep(1_000);
          continue;
        }
        receipt.pass(
          'assumable',
          `The role can be assumed with the ${externalId === pendingExternalId ? 'new ' : ''}external ID.`,
        );
        return { ...answer, externalId };
      }
      const mayPropagate = answer.reason === 'access_denied' && clock.now() < windowEnds;
      const waitMs = Math.min(500 * 2 ** attempt, 3_000, windowEnds - clock.now());
      if (mayPropagate && clock.now() + waitMs > waitEnds)
        throw new Inconclusive(
          'propagating',
          'AWS still denies the role; a new one is not assumable at once.',
          1,
        );
      if (mayPropagate) {
        request.onProgress?.({ waitingSince: startedAt });
        await clock.sleep(waitMs);
        continue;
      }
      const causes =
        request.diagnose === false
          ? undefined
          : await causesOfDenial(answer, request, { arn, partition }, sts);
      receipt.fail(
        'assumable',
        'role_not_assumable',
        `AWS denies the vendor AssumeRole on ${arn}${answer.reason === 'region_disabled' ? ': STS is switched off in that account for the region used' : ''}.`,
        causes?.[0]?.likelihood === 'certain'
          ? causes[0].explanation
          : "Compare the role's trust policy with the one shown here, paste it where it differs, and try again.",
        causes,
      );
    }
  }

  /** While the external ID is being changed the role has the new one or, until the customer deploys that, the current one. */
  async function assumeWithEither() {
    const current = request.connection.externalId;
    if (pendingExternalId !== undefined) {
      const answer = await assume('with_pending_external_id', pendingExternalId);
      if (answer.outcome === 'allowed')
        return { answer, externalId: pendingExternalId, isCurrentOnly: false };
    }
    const answer = await assume('with_external_id', current);
    return { answer, externalId: current, isCurrentOnly: pendingExternalId !== undefined };
  }

  async function sameAccount(
    { arn, accountId, partition, name }: ParsedRoleArn,
    sessionArn: string,
    session: SessionCredentials,
  ) {
    const expected = `arn:${partition}:sts::${accountId}:assumed-role/${name}/`;
    const agrees = async () => {
      if (!sessionArn.startsWith(expected)) return false;
      const identity = receipt.requireVerdict(
        await sts.callerIdentity(partition, session),
        'caller_identity',
      );
      if (identity.outcome === 'denied')
        throw new Inconclusive('denied_on_the_way', ...inconclusiveMessages.denied_on_the_way);
      return identity.accountId === accountId && identity.arn === sessionArn;
    };
    if (!(await agrees()))
      receipt.fail(
        'account',
        'account_mismatch',
        `The session that AWS opened is not one of ${arn}.`,
        'Copy the ARN again from the page of the role in the IAM console, and try again.',
      );
    receipt.pass('account', `The session is in account ${accountId}, and GetCallerIdentity agrees.`);
  }

  /** Side by side, and only after the role proved to be assumable: before that a denial proves nothing. */
  async function externalIdRequired(parsed: ParsedRoleArn, externalId: ExternalId): Promise<void> {
    const previous = externalId === pendingExternalId ? request.connection.externalId : undefined;
    const windowEnds =
      clock.now() +
      (request.allowPropagation ? Math.min(request.propagationWindowMs, mendedTrustWindowMs) : 0);
    for (;;) {
      const [without, wrong, old] = await Promise.all([
        assume('without_external_id', undefined),
        assume('wrong_external_id', newExternalId()),
        previous && assume('with_previous_external_id', previous),
      ]);
      const isOpen = without.outcome === 'allowed' || wrong.outcome === 'allowed';
      const takesOld = old?.outcome === 'allowed';
      // A part of AWS may go on with the trust policy before for as long as a new role may not be known.
      if (takesOld && !isOpen && request.callerRetries && clock.now() < propagationEnds) {
        if (clock.now() + 1_000 > waitEnds)
          throw new Inconclusive('propagating', 'AWS still takes the external ID before as well.', 1);
        await clock.sleep(1_000);
        continue;
      }
      if ((isOpen || takesOld) && clock.now() < windowEnds) {
        await clock.sleep(1_000);
        continue;
      }
      if (without.outcome === 'allowed')
        receipt.fail(
          'external_id_required',
          'external_id_not_required',
          `${parsed.arn} can be assumed without the external ID, so anyone who gets the vendor to use this ARN gets into the account.`,
          'Require the external ID with StringEquals on sts:ExternalId in every statement of the trust policy, as in the one shown here.',
          causeOfOpenTrust('condition_missing'),
        );
      receipt.pass('external_id_required', 'AWS denies the role without the external ID.');
      if (wrong.outcome === 'allowed')
        receipt.fail(
          'external_id_exact',
          'external_id_not_enforced',
          `${parsed.arn} can be assumed with any external ID.`,
          'Replace wildcards and StringLike by StringEquals with this one external ID, as in the trust policy shown here.',
          causeOfOpenTrust('condition_wildcard'),
        );
      receipt.pass('external_id_exact', 'AWS denies the role with another external ID.');
      if (takesOld)
        receipt.fail(
          'previous_external_id',
          'previous_external_id_accepted',
          `${parsed.arn} can be assumed with the new external ID, and with the one before as well.`,
          'Take the external ID before out of the trust policy, so that it is as the one shown here. Until then the connection goes on as it is.',
        );
      if (old) receipt.pass('previous_external_id', 'AWS denies the role with the external ID before.');
      return;
    }
  }

  async function assume(
    probe: Exclude<Probe['probe'], 'caller_identity'>,
    externalId: ExternalId | undefined,
  ) {
    if (role === undefined) throw new Error('A role is parsed before it is assumed.');
    const { arn, partition } = role;
    const answer = await sts.assumeRole({
      partition,
      roleArn: arn,
      externalId,
      sessionName: request.sessionName,
    });
    return receipt.requireVerdict(answer, probe);
  }
}
