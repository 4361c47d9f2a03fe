import { hash } from 'node:crypto';
import type { OrganizationId } from '../domain/ids.js';
import { type Scope, scopeKey } from '../domain/scope.js';
import type { SessionRequest, SessionTag } from '../domain/session.js';

const longest = 64;

/**
 * The caller in the customer's CloudTrail: the organization, then the target's path. A path too long for
 * AWS is cut and ends with a part of its hash, so that two of them stay two.
 */
export function sourceIdentity(organizationId: OrganizationId, target: Scope): string {
  // STS accepts no slash, and names in a scope have no comma.
  const path = scopeKey(target).replaceAll('/', ',');
  const text = path === '' ? organizationId : `${organizationId}.${path}`;
  if (text.length <= longest) return text;
  const ending = `+${hash('sha256', path).slice(0, 8)}`;
  return text.slice(0, longest - ending.length) + ending;
}

/** The caller's own name stands after `@`, which no target's path has: it can't imitate another target's session. */
export const roleSessionName = (
  organizationId: OrganizationId,
  { sessionName, target }: SessionRequest,
): string =>
  sessionName === undefined ? sourceIdentity(organizationId, target) : `${organizationId}@${sessionName}`;

/** The prefix of tag keys that only the service sets. */
export const ownTagPrefix = 'rolebridge:';

/** The caller's organization and target as session tags, for use in policies. */
export const attributionTags = (organizationId: OrganizationId, target: Scope): SessionTag[] =>
  Object.entries({ organization: organizationId, ...target }).flatMap(([name, value]) =>
    value === undefined ? [] : [{ key: ownTagPrefix + name, value }],
  );
