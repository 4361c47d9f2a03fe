/** A table of rows that belong to organizations, with an index for each list and each filter. */
const owned = (table: string, columns: string, indexes: readonly string[] = []): string[] => [
  `CREATE TABLE ${table} (
     key TEXT PRIMARY KEY,
     organization_id TEXT NOT NULL REFERENCES organizations (key),
     ${columns}
     value JSONB NOT NULL,
     mac TEXT NOT NULL)`,
  ...indexes.map((on) => `CREATE INDEX ${table}_${on.replace(/\W+/g, '_')} ON ${table} (${on})`),
];

/**
 * The schema, as a list of migrations. A released migration never changes.
 *
 * Plain SQL: no extension, trigger, procedure or advisory lock. Each table has the columns of `tables.ts` beside the signed
 * value. TEXT is compared byte by byte, so that pages have the same order on every server.
 */
export const migrations: readonly (readonly string[])[] = [
  [
    `CREATE TABLE organizations (
       key TEXT PRIMARY KEY,
       organization_id TEXT NOT NULL,
       search_name TEXT NOT NULL,
       listed TEXT NOT NULL,
       value JSONB NOT NULL,
       mac TEXT NOT NULL)`,
    'CREATE INDEX organizations_search_name ON organizations (search_name)',
    ...owned('api_keys', 'created_at TEXT NOT NULL,', ['organization_id, created_at, key']),
    ...owned(
      'connections',
      `created_at TEXT NOT NULL, checked_at TEXT, search_name TEXT NOT NULL, status TEXT NOT NULL, deleted TEXT NOT NULL, account_id TEXT, code TEXT, assurance TEXT, reference TEXT,
       permissions TEXT, permission_set TEXT, permission_set_version TEXT,`,
      [
        'created_at, key',
        'checked_at, key',
        'organization_id, deleted, created_at, key',
        'organization_id, deleted, status, created_at, key',
        'status, created_at, key',
        'account_id, created_at, key',
        'code, created_at, key',
        'reference, created_at, key',
        'assurance, created_at, key',
        'permissions, created_at, key',
        'permission_set, created_at, key',
        'permission_set_version, created_at, key',
      ],
    ),
    // The counters of operators and metrics read this index alone.
    'CREATE INDEX connections_counts ON connections (deleted, status, assurance, code, permissions, permission_set_version)',
    ...owned('reports', '', ['organization_id']),
    ...owned('retired_external_ids', '', ['organization_id']),
    ...owned('idempotency', 'first_attempt_at TEXT NOT NULL,', ['organization_id, first_attempt_at']),
    ...owned('running_checks', '', ['organization_id']),
    ...owned('projects', '', ['organization_id, key']),
    ...owned('answered_requests', 'started_at TEXT NOT NULL,', ['organization_id, started_at, key']),
    ...owned('jobs', 'free_at TEXT NOT NULL,', ['free_at, key', 'organization_id']),
    ...owned(
      'messages',
      `free_at TEXT, created_at TEXT NOT NULL, newest_first TEXT NOT NULL, endpoint TEXT NOT NULL, connection_id TEXT,
       status TEXT NOT NULL, is_finished TEXT NOT NULL,`,
      [
        'free_at, key',
        'organization_id, is_finished, created_at, key',
        'connection_id, endpoint, is_finished, created_at, key',
        'endpoint, is_finished, created_at, key',
        'endpoint, newest_first, key',
      ],
    ),
    ...owned('webhook_endpoints', 'created_at TEXT NOT NULL,', ['organization_id, created_at, key']),
    ...owned('tokens', 'kind TEXT NOT NULL, expires_at TEXT NOT NULL,', [
      'expires_at, key',
      'organization_id, kind, expires_at, key',
    ]),

    // Unique values: the primary key decides races. A scope is unique in the space of its organization.
    `CREATE TABLE claims (
       space TEXT NOT NULL, value TEXT NOT NULL, organization_id TEXT NOT NULL, table_name TEXT NOT NULL, row_key TEXT NOT NULL,
       PRIMARY KEY (space, value))`,

    'CREATE TABLE service_key_checks (id TEXT PRIMARY KEY, value TEXT NOT NULL)',
    'CREATE TABLE served_permission_sets (id TEXT PRIMARY KEY, value TEXT NOT NULL)',
    'CREATE TABLE integrity_keys (id TEXT PRIMARY KEY, value TEXT NOT NULL)',

    // No reference to the organization: the intent to create it is recorded before.
    `CREATE TABLE audit_records (
       organization_id TEXT NOT NULL,
       id TEXT NOT NULL,
       connection_id TEXT,
       value JSONB NOT NULL,
       mac TEXT NOT NULL,
       PRIMARY KEY (organization_id, id))`,
    'CREATE INDEX audit_records_id ON audit_records (id)',
    'CREATE INDEX audit_records_of_connection ON audit_records (organization_id, connection_id, id)',
    ...owned('audit_checkpoints', 'up_to TEXT NOT NULL,', ['organization_id, key']),
  ],
];
