import { hash, randomBytes } from 'node:crypto';
import type { Requester } from '../domain/audit.js';
import { RolebridgeError } from '../domain/errors.js';
import { type Operator, operatorActor, operatorLinkData } from '../domain/operator.js';
import { operatorOrganizationId } from '../domain/organization.js';
import type { Clock, Store } from '../domain/ports.js';
import { audited, recordOutcome } from './audited.js';
import { isoNow } from './dependencies.js';
import { findOperatorToken, operatorTokenIn, operatorWithHash } from './operator-tokens.js';

type Deps = { readonly store: Store; readonly clock: Clock };

/**
 * Creates a URL that opens the operator's page once, in one browser, with the permissions of a token.
 * @throws RolebridgeError `not_found`, `request_invalid` for a name that several tokens have
 */
export async function createOperatorLink(
  deps: Deps & { readonly publicUrl: string },
  by: Requester,
  { token: wanted, expiresInMinutes }: { readonly token: string; readonly expiresInMinutes: number },
): Promise<{ url: string; name: string; expiresAt: string }> {
  const token = await findOperatorToken(deps, wanted);
  const { id, name } = operatorTokenIn(token);
  const secret = randomBytes(32).toString('base64url');
  const ends = new Date(deps.clock.now() + expiresInMinutes * 60_000).toISOString();
  const expiresAt = Date.parse(token.expiresAt) < Date.parse(ends) ? token.expiresAt : ends;
  const organizationId = operatorOrganizationId;
  const details = { tokenId: id, name, expiresAt };
  await audited(deps, by, { action: 'operator_link.create', organizationId, details }, () =>
    deps.store.saveToken({
      kind: 'operator_link',
      hash: hash('sha256', secret),
      organizationId,
      createdAt: isoNow(deps.clock),
      expiresAt,
      data: { tokenHash: token.hash },
    }),
  );
  return { url: `${deps.publicUrl}/operator/sign-in/link?token=${secret}`, name, expiresAt };
}

/**
 * Consumes a link: one of many concurrent uses succeeds.
 * @returns the operator, and the hash of the token that the session lasts with (`operatorWithHash`)
 * @throws RolebridgeError `sign_in_link_invalid`: it was used, has expired, its token was revoked, or it never was
 */
export async function takeOperatorLink(
  deps: Deps,
  requestId: string,
  secret: string,
): Promise<{ operator: Operator; tokenHash: string }> {
  const link = await deps.store.takeToken('operator_link', hash('sha256', secret));
  const { tokenHash } = link ? operatorLinkData.parse(link.data) : {};
  const isGood = link !== undefined && Date.parse(link.expiresAt) > deps.clock.now();
  const operator = isGood && tokenHash ? await operatorWithHash(deps, tokenHash) : undefined;
  if (operator === undefined || tokenHash === undefined)
    throw new RolebridgeError('sign_in_link_invalid', 'This link was used already, or has expired.', {
      remedy: 'Create another with "rolebridge operator link" on the machine of the service.',
    });
  const event = { action: 'web_session.begin', organizationId: operatorOrganizationId } as const;
  await recordOutcome(deps, { actor: operatorActor(operator), requestId }, event);
  return { operator, tokenHash };
}
