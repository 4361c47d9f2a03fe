import type { ApiKey, Organization } from '../../domain/connection.js';
import { RolebridgeError } from '../../domain/errors.js';
import type { ApiKeyId, OrganizationId } from '../../domain/ids.js';
import { recordText } from '../records/index.js';
import { type Session, statement } from './database.js';
import { DatabaseError, sqlState } from './database-error.js';
import { anyRow, apiKeyRow, organizationRow, pageOf } from './record-rows.js';

const insertOrganization = statement(
  'insert_organization',
  anyRow,
  'INSERT INTO organizations (id, record) VALUES ($1, $2) ON CONFLICT (id) DO NOTHING RETURNING id',
);
const organizationById = statement(
  'organization',
  organizationRow,
  'SELECT record FROM organizations WHERE id = $1',
);
const organizationsAfter = statement(
  'organizations',
  organizationRow,
  'SELECT record FROM organizations WHERE id > $1 ORDER BY id LIMIT $2',
);
const insertApiKey = statement(
  'insert_api_key',
  anyRow,
  `INSERT INTO api_keys (id, organization_id, created_at, record) VALUES ($1, $2, $3, $4)
   ON CONFLICT (id) DO NOTHING RETURNING id`,
);
const apiKeyById = statement('api_key', apiKeyRow, 'SELECT record FROM api_keys WHERE id = $1');
const apiKeysOf = statement(
  'api_keys',
  apiKeyRow,
  'SELECT record FROM api_keys WHERE organization_id = $1 ORDER BY created_at, id',
);
const replaceApiKey = statement(
  'replace_api_key',
  anyRow,
  'UPDATE api_keys SET record = $3 WHERE id = $1 AND record = $2 RETURNING id',
);

export async function createOrganization(database: Session, organization: Organization): Promise<void> {
  const made = await database.query(insertOrganization, [
    organization.id,
    recordText('organization', organization),
  ]);
  if (made.length === 0) throw alreadyThere('organization');
}

export async function findOrganization(
  database: Session,
  id: OrganizationId,
): Promise<Organization | undefined> {
  return (await database.query(organizationById, [id]))[0];
}

export async function listOrganizations(
  database: Session,
  { limit, after }: { limit: number; after?: OrganizationId | undefined },
): Promise<{ organizations: Organization[]; hasMore: boolean }> {
  const found = await database.query(organizationsAfter, [after ?? '', limit + 1]);
  const { items, hasMore } = pageOf(found, limit);
  return { organizations: items, hasMore };
}

export async function createApiKey(database: Session, key: ApiKey): Promise<void> {
  const made = await inKnownOrganization(
    database.query(insertApiKey, [key.id, key.organizationId, key.createdAt, recordText('apiKey', key)]),
  );
  if (made.length === 0) throw alreadyThere('API key');
}

export async function findApiKey(database: Session, id: ApiKeyId): Promise<ApiKey | undefined> {
  return (await database.query(apiKeyById, [id]))[0];
}

export const listApiKeys = (database: Session, organizationId: OrganizationId): Promise<ApiKey[]> =>
  database.query(apiKeysOf, [organizationId]);

export async function revokeApiKey(
  database: Session,
  organizationId: OrganizationId,
  id: ApiKeyId,
  revokedAt: string,
): Promise<ApiKey | undefined> {
  for (;;) {
    const key = await findApiKey(database, id);
    if (key?.organizationId !== organizationId) return undefined;
    if (key.revokedAt !== undefined) return key;
    const next = { ...key, revokedAt };
    const before = recordText('apiKey', key);
    // Somebody else may have revoked it since it was read: then theirs is the answer.
    const replaced = await database.query(replaceApiKey, [id, before, recordText('apiKey', next)]);
    if (replaced.length > 0) return next;
  }
}

/** @throws RolebridgeError `not_found` when a row names an organization that is not there */
export async function inKnownOrganization<Result>(written: Promise<Result>): Promise<Result> {
  return written.catch((error) => {
    if (error instanceof DatabaseError && error.code === sqlState.foreignKeyViolation)
      throw new RolebridgeError('not_found', 'There is no such organization.');
    throw error;
  });
}

export const alreadyThere = (what: string): RolebridgeError =>
  new RolebridgeError('internal_error', `This ${what} is already in the store.`);
