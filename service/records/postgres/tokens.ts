import { isDeepStrictEqual } from 'node:util';
import { z } from 'zod';
import type { OrganizationId } from '../../domain/ids.js';
import type { Token } from '../../domain/ports.js';
import { ownCopy, recordText } from '../records/index.js';
import { type Session, statement } from './database.js';
import { alreadyThere, inKnownOrganization } from './organizations.js';
import { anyRow, tokenRow } from './record-rows.js';

const put = statement(
  'put_token',
  anyRow,
  `INSERT INTO tokens (kind, hash, organization_id, expires_ms, record) VALUES ($1, $2, $3, $4, $5)
   ON CONFLICT (kind, hash) DO UPDATE SET expires_ms = excluded.expires_ms, record = excluded.record
   WHERE tokens.organization_id = excluded.organization_id
   RETURNING hash`,
);
const replace = statement(
  'replace_token',
  anyRow,
  'UPDATE tokens SET expires_ms = $4, record = $5 WHERE kind = $1 AND hash = $2 AND record = $3 RETURNING hash',
);
const one = statement('token', tokenRow, 'SELECT record FROM tokens WHERE kind = $1 AND hash = $2');
const oneAsText = statement('token_as_text', z.object({ record: z.string() }), one.text);
const ofKind = statement(
  'tokens_of_kind',
  tokenRow,
  'SELECT record FROM tokens WHERE organization_id = $1 AND kind = $2',
);
/** Of those who take it at once, the row is returned to one. */
const take = statement(
  'take_token',
  tokenRow,
  'DELETE FROM tokens WHERE kind = $1 AND hash = $2 RETURNING record',
);
const deleteExpired = statement('delete_expired_tokens', anyRow, 'DELETE FROM tokens WHERE expires_ms <= $1');

export async function saveToken(database: Session, token: Token): Promise<void> {
  const { kind, hash, organizationId, expiresAt } = token;
  const values = [kind, hash, organizationId, Date.parse(expiresAt), recordText('token', token)];
  const saved = await inKnownOrganization(database.query(put, values));
  if (saved.length === 0) throw alreadyThere('token');
}

export async function replaceToken(database: Session, before: Token, next: Token): Promise<boolean> {
  const { kind, hash } = before;
  for (;;) {
    const [stored] = await database.query(oneAsText, [kind, hash]);
    // The order of members is no difference.
    if (stored === undefined || !isDeepStrictEqual(tokenRow.parse(stored), ownCopy('token', before)))
      return false;
    const values = [kind, hash, stored.record, Date.parse(next.expiresAt), recordText('token', next)];
    // Somebody else may have replaced it since it was read: then the next look says so.
    if ((await database.query(replace, values)).length > 0) return true;
  }
}

export async function findToken(
  database: Session,
  kind: Token['kind'],
  hash: string,
): Promise<Token | undefined> {
  return (await database.query(one, [kind, hash]))[0];
}

export function listTokens(
  database: Session,
  organizationId: OrganizationId,
  kind: Token['kind'],
): Promise<Token[]> {
  return database.query(ofKind, [organizationId, kind]);
}

export async function takeToken(
  database: Session,
  kind: Token['kind'],
  hash: string,
): Promise<Token | undefined> {
  return (await database.query(take, [kind, hash]))[0];
}

export async function deleteExpiredTokens(database: Session, now: string): Promise<void> {
  await database.query(deleteExpired, [Date.parse(now)]);
}
