import type { Child } from 'hono/jsx';
import { type Connection, verificationOf } from '../../domain/connection.js';
import type { Organization } from '../../domain/organization.js';
import type { Store } from '../../domain/ports.js';
import { securityCodes } from '../../domain/webhook-message.js';
import { oldestCheck } from '../../metrics/oldest-check.js';
import { ButtonLink, Card, Link } from '../components/basics.js';
import { NoneFound } from '../components/filters.js';
import { Icon } from '../components/icon.js';
import { type Cursor, cursorsAround, Pages } from '../components/pages.js';
import { PageHead } from '../layout.js';
import { useTexts } from '../page-context.js';
import type { Routes, Visit } from '../site.js';
import { Filters } from './filters.js';
import { addressOf, firstPage, type Owned, type Totals, type Wanted, wantedIn } from './query.js';
import { SecurityEvents } from './security-events.js';
import { OperatorTable } from './table.js';
import { outdatedSets, Tiles } from './tiles.js';

const pageSize = 25;

export function addOperatorConnections(routes: Routes): void {
  const { store, permissionSets, schedule } = routes.site.deps;
  routes.get('/', async (visit) => {
    const wanted = wantedIn(visit);
    const [{ connections, hasMore }, totals, oldest] = await Promise.all([
      store.connections(undefined, { ...wanted, limit: pageSize, withoutReports: true }),
      store.connectionTotals(),
      oldestCheck(store, 'connected'),
    ]);
    return visit.send(
      <Overview
        wanted={wanted}
        totals={totals}
        tiles={
          <Tiles
            totals={totals}
            outdated={outdatedSets(totals, permissionSets)}
            oldest={oldest}
            intervalMs={schedule.verifyIntervalMs}
          />
        }
        rows={await withOrganizations(store, connections)}
        hasMore={hasMore}
        organizations={await organizationsNamed(visit, wanted.search)}
        events={await securityEvents(store, totals)}
      />,
    );
  });
}

/** The first ones that match, where the operator may see organizations. */
async function organizationsNamed(
  { operator, site }: Visit,
  search: string | undefined,
): Promise<readonly Organization[]> {
  if (search === undefined || !operator.permissions.includes('organizations:read')) return [];
  return (await site.deps.store.organizations({ search, limit: 5 })).organizations;
}

export async function withOrganizations(store: Store, connections: readonly Connection[]): Promise<Owned[]> {
  const ids = [...new Set(connections.map(({ organizationId }) => organizationId))];
  const organizations = await store.organizationsById(ids);
  return connections.map((connection) => ({
    connection,
    organization: organizations.get(connection.organizationId),
  }));
}

/** The connections that other customers may reach, or whose account is not the expected one; the last checked first. */
async function securityEvents(store: Store, totals: Totals): Promise<Owned[]> {
  const found: Connection[] = [];
  for (const code of securityCodes.filter((each) => (totals.code.get(each) ?? 0) > 0)) {
    const page = { status: 'failed', code, limit: 10, withoutReports: true } as const;
    found.push(...(await store.connections(undefined, page)).connections);
  }
  const checkedAt = (connection: Connection) => verificationOf(connection)?.finishedAt ?? '';
  found.sort((one, other) => checkedAt(other).localeCompare(checkedAt(one)));
  return withOrganizations(store, found.slice(0, 10));
}

/** The number of matches; undefined for several filters at once, which nothing counts. */
function totalOf(
  { status, code, assurance, permissionSet, accountId, search, order }: Wanted,
  { status: counts, ...totals }: Totals,
): number | undefined {
  const given = [code, assurance, permissionSet].filter((each) => each !== undefined).length;
  // In the order of their checks, those that were never checked are left out.
  const isUncounted = accountId !== undefined || search !== undefined || order !== undefined;
  if (isUncounted || given > 1) return undefined;
  if (code !== undefined)
    return status === undefined || status === 'failed' ? totals.code.get(code) : undefined;
  if (assurance !== undefined) return status === 'connected' ? totals.assurance[assurance] : undefined;
  if (permissionSet !== undefined) return status ? undefined : totals.permissionSets.get(permissionSet);
  return status ? counts[status] : Object.values(counts).reduce((sum, count) => sum + count, 0);
}

function Overview(props: {
  wanted: Wanted;
  totals: Totals;
  tiles: Child;
  rows: readonly Owned[];
  hasMore: boolean;
  organizations: readonly Organization[];
  events: readonly Owned[];
}) {
  const { operator: texts, list } = useTexts();
  const { wanted } = props;
  const total = totalOf(wanted, props.totals);
  const ids = props.rows.map(({ connection }) => connection.id);
  const { previous, next } = cursorsAround(wanted, ids, props.hasMore);
  const pageAt = (cursor: Cursor<Connection['id']> | undefined) =>
    cursor && addressOf({ ...firstPage(wanted), ...cursor });
  return (
    <>
      <PageHead title={list.connections} lead={texts.lead}>
        <ButtonLink path={addressOf(firstPage(wanted), '/operator/connections.csv')}>
          <Icon name="down" />
          {texts.download}
        </ButtonLink>
      </PageHead>
      <div class="stack stack-6" data-live="operator">
        {props.tiles}
        <SecurityEvents events={props.events} totals={props.totals} />
        <Card id="all" title={texts.all}>
          <Filters wanted={wanted} totals={props.totals} />
          <OrganizationsFound organizations={props.organizations} />
          {props.rows.length === 0 ? (
            <NoneFound text={texts.none} path="/operator" />
          ) : (
            <OperatorTable
              rows={props.rows}
              sorting={{
                path: addressOf({ ...firstPage(wanted), order: 'checked' }),
                isSorted: wanted.order === 'checked',
              }}
            />
          )}
          <div class="card-foot row row-between">
            <span>{total !== undefined && texts.matching(total)}</span>
            <Pages previous={pageAt(previous)} next={pageAt(next)} />
          </div>
        </Card>
      </div>
    </>
  );
}

function OrganizationsFound({ organizations }: { organizations: readonly Organization[] }) {
  if (organizations.length === 0) return null;
  return (
    <div class="section">
      <p class="muted">
        {useTexts().operator.organizationsFound}
        {organizations.map(({ id, name }) => (
          <>
            {' '}
            <Link path={`/operator/organizations/${id}`}>{name}</Link>
          </>
        ))}
      </p>
    </div>
  );
}
