import { securityHeaders } from '../../api/security-headers.js';
import {
  type Connection,
  permissionSetLabel,
  permissionSetOf,
  verificationOf,
} from '../../domain/connection.js';
import { accountOf, assuranceOf } from '../components/status.js';
import type { Routes } from '../site.js';
import { withOrganizations } from './connections.js';
import { firstPage, type Owned, wantedIn } from './query.js';

const pageSize = 500;

const columns: readonly (readonly [title: string, value: (row: Owned) => string | undefined])[] = [
  ['organization', ({ connection }) => connection.organizationId],
  ['organization name', ({ organization }) => organization?.name],
  ['organization reference', ({ organization }) => organization?.reference],
  ['connection', ({ connection }) => connection.id],
  ['name', ({ connection }) => connection.name],
  ['reference', ({ connection }) => connection.reference],
  ['method', ({ connection }) => connection.method],
  ['status', ({ connection }) => connection.status],
  ['code', ({ connection }) => codeOf(connection)],
  ['assurance', ({ connection }) => assuranceOf(connection)],
  ['account', ({ connection }) => accountOf(connection)],
  ['permission set', ({ connection }) => setOf(connection)],
  ['created', ({ connection }) => connection.createdAt],
  ['checked', ({ connection }) => verificationOf(connection)?.finishedAt],
];

/** The whole list of the page as a CSV file. */
export function addConnectionsDownload(routes: Routes): void {
  const { store } = routes.site.deps;
  routes.get('/connections.csv', async (visit) => {
    const { response, requestId } = visit;
    const wanted = firstPage(wantedIn(visit));
    response.writeHead(200, {
      ...securityHeaders,
      'content-type': 'text/csv; charset=utf-8',
      'content-disposition': 'attachment; filename="connections.csv"',
      'cache-control': 'no-store',
      'x-request-id': requestId,
    });
    response.write(lineOf(columns.map(([title]) => title)));
    let after: Connection['id'] | undefined;
    do {
      const page = await store.connections(undefined, {
        ...wanted,
        after,
        limit: pageSize,
        withoutReports: true,
      });
      for (const row of await withOrganizations(store, page.connections))
        response.write(lineOf(columns.map(([, value]) => value(row) ?? '')));
      after = page.hasMore ? page.connections.at(-1)?.id : undefined;
    } while (after !== undefined && !response.destroyed);
    response.end();
  });
}

const codeOf = (connection: Connection): string | undefined => {
  const verification = verificationOf(connection);
  return verification?.result === 'failed' ? verification.code : undefined;
};

const setOf = (connection: Connection): string | undefined => {
  const set = permissionSetOf(connection);
  return set && permissionSetLabel(set);
};

const lineOf = (values: readonly string[]): string => `${values.map(cell).join(',')}\r\n`;

/**
 * A cell that no spreadsheet takes for a formula: customers choose names.
 * https://owasp.org/www-community/attacks/CSV_Injection
 */
const cell = (value: string): string =>
  `"${(/^[=+\-@\t\r]/.test(value) ? `'${value}` : value).replaceAll('"', '""')}"`;
