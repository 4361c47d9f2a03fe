import type { ConnectedConnection } from '../domain/connection.js';
import { RolebridgeError } from '../domain/errors.js';
import type { ExternalId } from '../domain/ids.js';
import { inconclusiveError } from '../domain/inconclusive.js';
import type { Clock, Sts, StsAnswer } from '../domain/ports.js';
import { type ParsedRoleArn, parseRoleArn } from '../domain/role-arn.js';
import type { Session, SessionRequest } from '../domain/session.js';
import { sessionLimits } from '../domain/session-limits.js';
import { chainedTooLong, durationTooLong } from './duration.js';
import { attributionTags, roleSessionName, sourceIdentity } from './session-name.js';

/** Attributes that identify the caller, beside the session name; each needs its own action in the role's trust policy. */
interface Marks {
  readonly sourceIdentity: boolean;
  readonly tags: boolean;
}

/** The attributes that opened an earlier session. */
interface Opening {
  readonly externalId: ExternalId;
  readonly marks: Marks;
}

interface Tools {
  readonly sts: Sts;
  readonly clock: Clock;
  readonly openings: ReturnType<typeof rememberOpenings>;
}

type NotAllowed = Exclude<StsAnswer<object>, { outcome: 'allowed' }>;
type Denied = Extract<StsAnswer<object>, { outcome: 'denied' }>;

/** The propagation time of a replaced trust policy. */
const rotatedTrustWindowMs = 10_000;

/**
 * Opens a session of the connection's role. While its external ID is being changed, the role has the current one or the
 * one that is to take its place, and for some seconds AWS may answer from either trust policy: both are tried.
 */
export async function openSession(
  connection: ConnectedConnection,
  request: SessionRequest & { readonly durationSeconds: number },
  tools: Tools,
): Promise<Session> {
  const { externalId: current, pendingExternalId: pending } = connection;
  if (pending === undefined) return openWith(current, connection, request, tools);
  const { clock, openings } = tools;
  const order = openings.get(connection)?.externalId === pending ? [pending, current] : [current, pending];
  const ends = clock.now() + rotatedTrustWindowMs;
  for (let waitMs = 250; ; waitMs = Math.min(waitMs * 2, 2_000)) {
    let denial: unknown;
    for (const externalId of order)
      try {
        return await openWith(externalId, connection, request, tools);
      } catch (error) {
        if (!(error instanceof RolebridgeError) || error.code !== 'role_not_assumable') throw error;
        denial ??= error;
      }
    if (clock.now() + waitMs > ends) throw denial;
    await clock.sleep(waitMs);
  }
}

/**
 * Assumes the connection's role with every mark that its trust policy allows: AWS denies the whole session for one
 * mark that it does not, so they are omitted one by one. The working combination is remembered.
 */
async function openWith(
  externalId: ExternalId,
  connection: ConnectedConnection,
  request: SessionRequest & { readonly durationSeconds: number },
  { sts, openings }: Tools,
): Promise<Session> {
  const role = parseRoleArn(connection.roleArn);
  const { organizationId } = connection;
  const asked = request.tags ?? [];
  const own = attributionTags(organizationId, request.target);
  const bare = {
    partition: role.partition,
    roleArn: role.arn,
    externalId,
    sessionName: roleSessionName(organizationId, request),
  };
  const assume = (marks: Marks, withOwnTags: boolean) =>
    sts.assumeRole({
      ...bare,
      durationSeconds: request.durationSeconds,
      sessionPolicy: request.sessionPolicy,
      tags: withOwnTags ? [...asked, ...own] : asked,
      ...(marks.sourceIdentity && { sourceIdentity: sourceIdentity(organizationId, request.target) }),
    });

  let marks = openings.get(connection)?.marks ?? { sourceIdentity: true, tags: true };
  let ownTagsFit = asked.length + own.length <= sessionLimits.tags;
  for (;;) {
    const answer = await assume(marks, marks.tags && ownTagsFit);
    if (answer.outcome === 'allowed') {
      openings.set(connection, { externalId, marks });
      checkSession(role, answer.sessionArn);
      const attribution = marks.sourceIdentity ? 'source_identity' : 'session_name';
      return { credentials: answer.credentials, attribution };
    }
    // The service's own tags must not push a caller's policy over the limit.
    if (isTooLarge(answer) && marks.tags && ownTagsFit) {
      ownTagsFit = false;
      continue;
    }
    const fewer = isDenied(answer) ? fewerMarks(marks, answer) : undefined;
    if (fewer) {
      marks = fewer;
      continue;
    }
    if (isDenied(answer) && asked.length > 0 && (await onlyTagsAreDenied(answer)))
      throw new RolebridgeError('session_tags_denied', `${role.arn} does not let the vendor tag sessions.`, {
        remedy:
          'Send the request without tags, or have the customer allow sts:TagSession in the trust policy: "allowSessionTags: true" in the construct.',
      });
    if (answer.outcome === 'inconclusive' && answer.reason === 'request_rejected')
      throw await rejected(answer.rejection, answer.message);
    throw refused(answer, role);
  }

  /** AWS names the action that it denies; otherwise a call without tags decides. */
  async function onlyTagsAreDenied(denied: Denied): Promise<boolean> {
    const action = deniedAction(denied);
    if (action !== undefined) return action === 'sts:TagSession';
    return (await sts.assumeRole(bare)).outcome === 'allowed';
  }

  async function rejected(
    rejection: Extract<NotAllowed, { reason: 'request_rejected' }>['rejection'],
    message: string,
  ): Promise<RolebridgeError> {
    if (rejection === 'role_chaining_too_long') return chainedTooLong(request.durationSeconds);
    if (rejection === 'duration_too_long')
      return durationTooLong(request.durationSeconds, async (durationSeconds) => {
        const answer = await sts.assumeRole({ ...bare, durationSeconds });
        if (answer.outcome === 'allowed') return 'allowed';
        return answer.reason === 'request_rejected' && answer.rejection === 'duration_too_long'
          ? 'too_long'
          : 'unknown';
      });
    const [detail, remedy] =
      rejection === 'session_too_large'
        ? [
            'The session policy and the tags are together larger than AWS allows.',
            'Shorten the session policy, or send fewer or shorter tags.',
          ]
        : [
            `AWS does not accept the session policy: ${message.slice(0, 300)}`,
            'Correct it: it must be an identity policy with Version and Statement.',
          ];
    return new RolebridgeError('session_policy_invalid', detail, { remedy });
  }
}

/** The attributes to try next; undefined when none of them is the reason of the denial. */
function fewerMarks(marks: Marks, denied: Denied): Marks | undefined {
  const action = deniedAction(denied);
  if (action === 'sts:TagSession') return marks.tags ? { ...marks, tags: false } : undefined;
  if (action === 'sts:SetSourceIdentity' && marks.sourceIdentity) return { ...marks, sourceIdentity: false };
  return marks.tags || marks.sourceIdentity ? { tags: false, sourceIdentity: false } : undefined;
}

const deniedAction = ({ message }: Denied): string | undefined =>
  /not authorized to perform: (sts:\w+)/.exec(message)?.[1];

const isDenied = (answer: NotAllowed): answer is Denied =>
  answer.outcome === 'denied' && answer.reason === 'access_denied';

const isTooLarge = (answer: NotAllowed): boolean =>
  answer.reason === 'request_rejected' && answer.rejection === 'session_too_large';

/** Only a session of this role is returned. */
function checkSession({ arn, partition, accountId, name }: ParsedRoleArn, sessionArn: string): void {
  if (sessionArn.startsWith(`arn:${partition}:sts::${accountId}:assumed-role/${name}/`)) return;
  throw new RolebridgeError('account_mismatch', `The session that AWS opened is not one of ${arn}.`, {
    remedy: 'Verify the connection again: POST /v1/connections/{id}/verify.',
  });
}

function refused(answer: NotAllowed, { arn }: ParsedRoleArn): RolebridgeError {
  if (answer.outcome === 'inconclusive') return inconclusiveError(answer.reason);
  const why =
    answer.reason === 'region_disabled'
      ? ': STS is not active in that account for the region used'
      : ', which it allowed when the connection was verified';
  return new RolebridgeError('role_not_assumable', `AWS denies the vendor AssumeRole on ${arn}${why}.`, {
    remedy: 'Verify the connection again (POST /v1/connections/{id}/verify) to find the cause.',
  });
}

const maxOpenings = 10_000;

/** The attributes that opened a session, for each version of a connection. */
export function rememberOpenings() {
  const known = new Map<string, Opening>();
  const keyOf = ({ id, version }: ConnectedConnection) => `${id} ${version}`;
  return {
    get: (connection: ConnectedConnection) => known.get(keyOf(connection)),
    set(connection: ConnectedConnection, opening: Opening) {
      known.delete(keyOf(connection));
      known.set(keyOf(connection), opening);
      const [oldest] = known.keys();
      if (known.size > maxOpenings && oldest !== undefined) known.delete(oldest);
    },
  };
}
