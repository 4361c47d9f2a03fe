/**
 * The schema, as the steps that make it; a step that was released is never changed. Each keeps what the version before
 * reads and writes, since processes of both run while a new version is rolled out.
 *
 * Plain SQL: no extension, trigger, procedure or advisory lock. A record is kept as JSON text, exactly as the file
 * store writes it (JSONB refuses the NUL that a name may hold); beside it stand the columns that questions and rules
 * need. TEXT is compared byte by byte (see `migrate.ts`), so that pages have the same order on every server. Times that
 * are compared are milliseconds.
 */
export const migrations: readonly (readonly string[])[] = [
  [
    `CREATE TABLE organizations (
       id TEXT NOT NULL,
       record TEXT NOT NULL,
       CONSTRAINT organizations_id PRIMARY KEY (id))`,

    `CREATE TABLE api_keys (
       id TEXT NOT NULL,
       organization_id TEXT NOT NULL,
       created_at TEXT NOT NULL,
       record TEXT NOT NULL,
       CONSTRAINT api_keys_id PRIMARY KEY (id),
       CONSTRAINT api_keys_organization FOREIGN KEY (organization_id) REFERENCES organizations (id))`,
    'CREATE INDEX api_keys_listed ON api_keys (organization_id, created_at, id)',

    // A role is one connection's over all organizations; those that claim none are NULL, which is equal to nothing.
    `CREATE TABLE connections (
       id TEXT NOT NULL,
       organization_id TEXT NOT NULL,
       created_at TEXT NOT NULL,
       version INT NOT NULL,
       status TEXT NOT NULL,
       is_deleted BOOLEAN NOT NULL,
       claimed_role TEXT,
       record TEXT NOT NULL,
       CONSTRAINT connections_id PRIMARY KEY (id),
       CONSTRAINT connections_claimed_role UNIQUE (claimed_role),
       CONSTRAINT connections_organization FOREIGN KEY (organization_id) REFERENCES organizations (id))`,
    'CREATE INDEX connections_listed ON connections (organization_id, is_deleted, created_at, id)',
    'CREATE INDEX connections_by_status ON connections (organization_id, is_deleted, status, created_at, id)',

    `CREATE TABLE connection_scopes (
       organization_id TEXT NOT NULL,
       scope_key TEXT NOT NULL,
       connection_id TEXT NOT NULL,
       CONSTRAINT connection_scopes_key PRIMARY KEY (organization_id, scope_key),
       CONSTRAINT connection_scopes_connection FOREIGN KEY (connection_id) REFERENCES connections (id))`,
    'CREATE INDEX connection_scopes_of ON connection_scopes (connection_id)',

    // Nothing is ever taken out: an external ID is not issued twice, also after its connection is gone.
    `CREATE TABLE external_ids (
       external_id TEXT NOT NULL,
       connection_id TEXT NOT NULL,
       CONSTRAINT external_ids_id PRIMARY KEY (external_id),
       CONSTRAINT external_ids_connection FOREIGN KEY (connection_id) REFERENCES connections (id))`,

    `CREATE TABLE receipts (
       connection_id TEXT NOT NULL,
       webhook_id TEXT NOT NULL,
       first_attempt_ms BIGINT NOT NULL,
       claimed_until_ms BIGINT NOT NULL,
       answer TEXT,
       CONSTRAINT receipts_id PRIMARY KEY (connection_id, webhook_id),
       CONSTRAINT receipts_connection FOREIGN KEY (connection_id) REFERENCES connections (id))`,
    'CREATE INDEX receipts_by_age ON receipts (first_attempt_ms)',

    // No reference to the organization: the intent to make it comes before it.
    `CREATE TABLE audit_records (
       organization_id TEXT NOT NULL,
       id TEXT NOT NULL,
       connection_id TEXT,
       record TEXT NOT NULL,
       CONSTRAINT audit_records_id PRIMARY KEY (organization_id, id))`,
    'CREATE INDEX audit_records_of_connection ON audit_records (organization_id, connection_id, id)',

    // free_ms: when it is due, or when the lease of who claimed it ends.
    `CREATE TABLE watches (
       connection_id TEXT NOT NULL,
       purpose TEXT NOT NULL,
       free_ms BIGINT NOT NULL,
       record TEXT NOT NULL,
       CONSTRAINT watches_id PRIMARY KEY (connection_id, purpose),
       CONSTRAINT watches_connection FOREIGN KEY (connection_id) REFERENCES connections (id))`,
    'CREATE INDEX watches_free ON watches (free_ms)',

    `CREATE TABLE messages (
       id TEXT NOT NULL,
       endpoint TEXT NOT NULL,
       connection_id TEXT NOT NULL,
       free_ms BIGINT NOT NULL,
       record TEXT NOT NULL,
       CONSTRAINT messages_id PRIMARY KEY (id, endpoint),
       CONSTRAINT messages_connection FOREIGN KEY (connection_id) REFERENCES connections (id))`,
    'CREATE INDEX messages_free ON messages (free_ms)',

    `CREATE TABLE tokens (
       kind TEXT NOT NULL,
       hash TEXT NOT NULL,
       organization_id TEXT NOT NULL,
       expires_ms BIGINT NOT NULL,
       record TEXT NOT NULL,
       CONSTRAINT tokens_id PRIMARY KEY (kind, hash),
       CONSTRAINT tokens_organization FOREIGN KEY (organization_id) REFERENCES organizations (id))`,
    'CREATE INDEX tokens_by_expiry ON tokens (expires_ms)',
    'CREATE INDEX tokens_listed ON tokens (organization_id, kind)',
  ],
];
