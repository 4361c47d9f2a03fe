import { z } from 'zod';
import { externalIdsOf } from '../../domain/connection.js';
import { RolebridgeError } from '../../domain/errors.js';
import type { AuditId, OrganizationId } from '../../domain/ids.js';
import { type Counts, type OrganizationContents, recordText, type WholeStore } from '../records/index.js';
import { addMissingAuditRecords } from './audit-log.js';
import { columnsOf, scopeKeysOf } from './commit.js';
import { type Session, type Statement, statement } from './database.js';
import { anyRow } from './record-rows.js';

const rowsAtOnce = 500;

/**
 * Puts everything of the other store into the database, in the session's transaction, and reads all of it back. What
 * the database has of these organizations from an earlier copy is replaced.
 * @throws RolebridgeError `store_unavailable` when the database was used since an earlier copy, or when what it has
 *   afterwards is not what the other store has
 */
export async function importWhole(session: Session, from: WholeStore): Promise<Counts> {
  // A role or an external ID may have moved from one organization to another since an earlier copy.
  for (const contents of from.contents()) await refuseNewer(session, contents);
  for (const contents of from.contents()) await clear(session, contents.organization.id);
  const counts = { ...noCounts };
  for (const contents of from.contents()) {
    await insert(session, contents);
    await compare(session, contents);
    counts.organizations += 1;
    for (const kind of kindsInside) counts[kind] += contents[kind].length;
  }
  for (const id of from.organizationsWithAudit()) counts.auditRecords += await copyAudit(session, from, id);
  return counts;
}

const kindsInside = ['apiKeys', 'connections', 'receipts', 'watches', 'messages', 'tokens'] as const;
const noCounts = {
  organizations: 0,
  apiKeys: 0,
  connections: 0,
  receipts: 0,
  watches: 0,
  messages: 0,
  tokens: 0,
  auditRecords: 0,
};

const text = z.object({ text: z.string() });
const versions = statement(
  'import_versions',
  z.object({ id: z.string(), version: z.coerce.number() }),
  'SELECT id, version FROM connections WHERE organization_id = $1',
);
const keys = statement(
  'import_keys',
  z.object({ id: z.string(), record: z.string() }),
  'SELECT id, record FROM api_keys WHERE organization_id = $1',
);

/** Whoever copies once more means to bring the database up to date, not to take back what was done in it. */
async function refuseNewer(session: Session, contents: OrganizationContents): Promise<void> {
  const { organization, connections, apiKeys } = contents;
  const known = new Map(connections.map(({ id, version }) => [id as string, version]));
  for (const { id, version } of await session.query(versions, [organization.id]))
    if ((known.get(id) ?? -1) < version) throw usedSince(`The connection ${id} is newer there.`);
  const knownKeys = new Map(apiKeys.map((key) => [key.id as string, key]));
  for (const { id, record } of await session.query(keys, [organization.id])) {
    const key = knownKeys.get(id);
    if (key === undefined) throw usedSince(`The API key ${id} was made there.`);
    if (key.revokedAt === undefined && JSON.parse(record).revokedAt !== undefined)
      throw usedSince(`The API key ${id} was revoked there.`);
  }
}

const clearing = [
  ...['connection_scopes', 'external_ids', 'receipts', 'watches', 'messages'].map(
    (table) =>
      `DELETE FROM ${table} WHERE connection_id IN (SELECT id FROM connections WHERE organization_id = $1)`,
  ),
  ...['tokens', 'api_keys', 'connections'].map((table) => `DELETE FROM ${table} WHERE organization_id = $1`),
  'DELETE FROM organizations WHERE id = $1',
].map((sql, number) => statement(`import_clear_${number}`, anyRow, sql));

async function clear(session: Session, id: OrganizationId): Promise<void> {
  for (const sql of clearing) await session.query(sql, [id]);
}

const into = (table: string, columns: Readonly<Record<string, string>>): Statement<object> =>
  statement(
    `import_into_${table}`,
    anyRow,
    `INSERT INTO ${table} (${Object.keys(columns).join(', ')})
     SELECT * FROM unnest(${Object.values(columns)
       .map((type, index) => `$${index + 1}::${type}[]`)
       .join(', ')})`,
  );
const intoOrganizations = into('organizations', { id: 'text', record: 'text' });
const intoKeys = into('api_keys', {
  id: 'text',
  organization_id: 'text',
  created_at: 'text',
  record: 'text',
});
const intoConnections = into('connections', {
  id: 'text',
  organization_id: 'text',
  created_at: 'text',
  version: 'int',
  status: 'text',
  is_deleted: 'boolean',
  claimed_role: 'text',
  record: 'text',
});
const intoScopes = into('connection_scopes', {
  organization_id: 'text',
  connection_id: 'text',
  scope_key: 'text',
});
const intoExternalIds = into('external_ids', { external_id: 'text', connection_id: 'text' });
const intoReceipts = into('receipts', {
  connection_id: 'text',
  webhook_id: 'text',
  first_attempt_ms: 'bigint',
  claimed_until_ms: 'bigint',
  answer: 'text',
});
const intoWatches = into('watches', {
  free_ms: 'bigint',
  record: 'text',
  connection_id: 'text',
  purpose: 'text',
});
const intoMessages = into('messages', {
  free_ms: 'bigint',
  record: 'text',
  id: 'text',
  endpoint: 'text',
  connection_id: 'text',
});
const intoTokens = into('tokens', {
  kind: 'text',
  hash: 'text',
  organization_id: 'text',
  expires_ms: 'bigint',
  record: 'text',
});

async function insert(session: Session, contents: OrganizationContents): Promise<void> {
  const { organization, apiKeys, connections, receipts, watches, messages, tokens } = contents;
  const put = async (sql: Statement<object>, rows: readonly (readonly unknown[])[]) => {
    for (let first = 0; first < rows.length; first += rowsAtOnce)
      await session.query(sql, asColumns(rows.slice(first, first + rowsAtOnce)));
  };
  await put(intoOrganizations, [[organization.id, recordText('organization', organization)]]);
  await put(
    intoKeys,
    apiKeys.map((key) => [key.id, key.organizationId, key.createdAt, recordText('apiKey', key)]),
  );
  await put(intoConnections, connections.map(columnsOf));
  await put(
    intoScopes,
    connections.flatMap((one) => scopeKeysOf(one).map((key) => [one.organizationId, one.id, key])),
  );
  await put(intoExternalIds, externalIdRows(contents));
  await put(
    intoReceipts,
    receipts.map((receipt) => [
      receipt.connectionId,
      receipt.webhookId,
      Date.parse(receipt.firstAttemptAt),
      Date.parse(receipt.leaseExpiresAt),
      receipt.answer === undefined ? null : JSON.stringify(receipt.answer),
    ]),
  );
  await put(
    intoWatches,
    watches.map((watch) => [
      Date.parse(watch.dueAt),
      recordText('watch', watch),
      watch.connectionId,
      watch.purpose,
    ]),
  );
  await put(
    intoMessages,
    messages.map((message) => [
      Date.parse(message.dueAt),
      recordText('message', message),
      message.id,
      message.endpoint,
      message.connectionId,
    ]),
  );
  await put(
    intoTokens,
    tokens.map((token) => [
      token.kind,
      token.hash,
      token.organizationId,
      Date.parse(token.expiresAt),
      recordText('token', token),
    ]),
  );
}

/** Those that are not in use any more, too. */
const externalIdRows = ({ connections, retiredExternalIds }: OrganizationContents): [string, string][] => [
  ...connections.flatMap((one) => externalIdsOf(one).map((id): [string, string] => [id, one.id])),
  ...retiredExternalIds.map(({ externalId, connectionId }): [string, string] => [externalId, connectionId]),
];

const asColumns = (rows: readonly (readonly unknown[])[]): unknown[][] =>
  (rows[0] ?? []).map((_, column) => rows.map((row) => row[column]));

const ofConnections = (table: string) =>
  `FROM ${table} WHERE connection_id IN (SELECT id FROM connections WHERE organization_id = $1)`;
const readBack = {
  apiKeys: 'SELECT record AS text FROM api_keys WHERE organization_id = $1',
  connections: 'SELECT record AS text FROM connections WHERE organization_id = $1',
  scopes: `SELECT scope_key || ' ' || connection_id AS text FROM connection_scopes WHERE organization_id = $1`,
  externalIds: `SELECT external_id || ' ' || connection_id AS text ${ofConnections('external_ids')}`,
  receipts: `SELECT connection_id || ' ' || webhook_id || ' ' || CAST(first_attempt_ms AS TEXT) || ' ' ||
               CAST(claimed_until_ms AS TEXT) || ' ' || COALESCE(answer, '') AS text ${ofConnections('receipts')}`,
  watches: `SELECT record AS text ${ofConnections('watches')}`,
  messages: `SELECT record AS text ${ofConnections('messages')}`,
  tokens: 'SELECT record AS text FROM tokens WHERE organization_id = $1',
};

/** What the database gives back, record by record, against what it was given. */
async function compare(session: Session, contents: OrganizationContents): Promise<void> {
  const { connections } = contents;
  const given: Record<keyof typeof readBack, string[]> = {
    apiKeys: contents.apiKeys.map((key) => recordText('apiKey', key)),
    connections: connections.map((one) => recordText('connection', one)),
    scopes: connections.flatMap((one) => scopeKeysOf(one).map((key) => `${key} ${one.id}`)),
    externalIds: externalIdRows(contents).map((row) => row.join(' ')),
    receipts: contents.receipts.map(
      ({ connectionId, webhookId, firstAttemptAt, leaseExpiresAt, answer }) =>
        `${connectionId} ${webhookId} ${Date.parse(firstAttemptAt)} ${Date.parse(leaseExpiresAt)} ${answer === undefined ? '' : JSON.stringify(answer)}`,
    ),
    watches: contents.watches.map((watch) => recordText('watch', watch)),
    messages: contents.messages.map((message) => recordText('message', message)),
    tokens: contents.tokens.map((token) => recordText('token', token)),
  };
  for (const kind of Object.keys(readBack) as (keyof typeof readBack)[]) {
    const sql = statement(`import_read_${kind}`, text, readBack[kind]);
    const found = (await session.query(sql, [contents.organization.id])).map((row) => row.text).sort();
    const expected = given[kind].sort();
    if (found.length !== expected.length || found.some((one, index) => one !== expected[index]))
      throw notTheSame(kind, contents.organization.id);
  }
}

const auditOf = statement(
  'import_read_audit',
  z.object({ id: z.string(), record: z.string() }),
  'SELECT id, record FROM audit_records WHERE organization_id = $1 AND id = ANY($2)',
);
const auditCount = statement(
  'import_count_audit',
  z.object({ count: z.coerce.number() }),
  'SELECT COUNT(*) AS count FROM audit_records WHERE organization_id = $1',
);

async function copyAudit(session: Session, from: WholeStore, id: OrganizationId): Promise<number> {
  let count = 0;
  let hasMore = true;
  for (let before: AuditId | undefined; hasMore; ) {
    const page = await from.auditRecords(id, { limit: rowsAtOnce, before });
    await addMissingAuditRecords(session, page.records);
    const ids = page.records.map((record) => record.id);
    const copied = new Map((await session.query(auditOf, [id, ids])).map((row) => [row.id, row.record]));
    for (const record of page.records)
      if (copied.get(record.id) !== recordText('auditRecord', record)) throw notTheSame('audit records', id);
    count += page.records.length;
    before = ids.at(-1);
    hasMore = page.hasMore;
  }
  const [found] = await session.query(auditCount, [id]);
  if (found?.count !== count)
    throw usedSince(`The audit log of ${id} has ${found?.count} records there and ${count} here.`);
  return count;
}

const usedSince = (what: string): RolebridgeError =>
  new RolebridgeError('store_unavailable', `The database was used since it was copied to. ${what}`, {
    remedy: 'Nothing was changed. Go on with the database, or copy into an empty one.',
  });

const notTheSame = (kind: string, id: OrganizationId): RolebridgeError =>
  new RolebridgeError(
    'store_unavailable',
    `The ${kind} of ${id} in the database are not those of the other store.`,
    { remedy: 'Nothing was changed. Stop every service on either store, and copy again.' },
  );
