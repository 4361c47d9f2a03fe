import type { Response, Router } from 'express';
import type { Child } from 'hono/jsx';
import type { Connection } from '../../domain/connection.js';
import type { Organization } from '../../domain/organization.js';
import type { Store } from '../../domain/ports.js';
import { ButtonLink, useHref } from '../components/basics.js';
import { Icon } from '../components/icon.js';
import { type Cursor, cursorsAround, Pages } from '../components/pages.js';
import { verificationOf } from '../components/status.js';
import { PageHead } from '../layout.js';
import { useTexts } from '../page-context.js';
import { type Site, sendPage, textsOf } from '../site.js';
import { Filters } from './filters.js';
import type { Owned, Totals } from './owned.js';
import { addressOf, firstPage, type Wanted, wantedIn } from './query.js';
import { SecurityEvents, securityCodes } from './security-events.js';
import type { OperatorSession } from './session.js';
import { OperatorTable } from './table.js';
import { outdatedSets, Tiles } from './tiles.js';

const pageSize = 25;

export function addOperatorConnections(pages: Router, site: Site): void {
  const { store } = site.deps;
  pages.get('/', async (request, response) => {
    const wanted = wantedIn(request);
    const [{ connections, hasMore }, totals, oldest] = await Promise.all([
      store.connections(undefined, { ...wanted, limit: pageSize, withoutReports: true }),
      store.connectionTotals(),
      oldestCheck(store),
    ]);
    const view = (
      <Overview
        wanted={wanted}
        totals={totals}
        tiles={
          <Tiles
            totals={totals}
            outdated={outdatedSets(totals, site.deps.permissionSets)}
            oldest={oldest}
            intervalMs={site.deps.schedule.verifyIntervalMs}
          />
        }
        rows={await withOrganizations(store, connections)}
        hasMore={hasMore}
        organizations={await organizationsNamed(store, response, wanted.search)}
        events={await securityEvents(store, totals)}
      />
    );
    const { title } = textsOf(site, response).operator;
    return sendPage(site, response, { title, isOperator: true }, view);
  });
}

/** When the connected connection was checked whose last check is the longest ago. */
async function oldestCheck(store: Store): Promise<string | undefined> {
  const oldest = { status: 'connected', order: 'checked', limit: 1, withoutReports: true } as const;
  const [connection] = (await store.connections(undefined, oldest)).connections;
  return connection && verificationOf(connection)?.finishedAt;
}

/** The first ones that match, where the operator may see organizations. */
async function organizationsNamed(
  store: Store,
  response: Response,
  search: string | undefined,
): Promise<readonly Organization[]> {
  const { operator }: OperatorSession = response.locals.operator;
  if (search === undefined || !operator.permissions.includes('organizations:read')) return [];
  return (await store.organizations({ search, limit: 5 })).organizations;
}

export async function withOrganizations(store: Store, connections: readonly Connection[]): Promise<Owned[]> {
  const ids = [...new Set(connections.map(({ organizationId }) => organizationId))];
  const organizations = await store.organizationsById(ids);
  return connections.map((connection) => ({
    connection,
    organization: organizations.get(connection.organizationId),
  }));
}

/** The connections that other customers may reach, or whose account is not the expected one. */
async function securityEvents(store: Store, totals: Totals): Promise<Owned[]> {
  const found: Connection[] = [];
  for (const code of securityCodes.filter((each) => (totals.code.get(each) ?? 0) > 0))
    found.push(
      ...(
        await store.connections(undefined, {
          status: 'failed',
          code,
          limit: 10,
          withoutReports: true,
        })
      ).connections,
    );
  return withOrganizations(store, found.slice(0, 10));
}

/** How many match, where that is counted: of several filters at once it is not. */
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
  const href = useHref();
  const { wanted } = props;
  const total = totalOf(wanted, props.totals);
  const ids = props.rows.map(({ connection }) => connection.id);
  const { previous, next } = cursorsAround(wanted, ids, props.hasMore);
  const pageAt = (cursor: Cursor<Connection['id']> | undefined) =>
    cursor && addressOf({ ...firstPage(wanted), ...cursor });
  return (
    <>
      <PageHead title={texts.title} lead={texts.lead}>
        <ButtonLink path={addressOf(firstPage(wanted), '/operator/connections.csv')}>
          <Icon name="down" />
          {texts.download}
        </ButtonLink>
      </PageHead>
      <div class="stack stack-6" data-live="operator">
        {props.tiles}
        <SecurityEvents events={props.events} totals={props.totals} />
        <section class="card" aria-labelledby="all">
          <div class="card-head">
            <h2 id="all">{texts.all}</h2>
          </div>
          <Filters wanted={wanted} totals={props.totals} />
          <OrganizationsFound organizations={props.organizations} />
          {props.rows.length === 0 ? (
            <p class="section none">
              {texts.none} <a href={href('/operator')}>{list.showAll}</a>
            </p>
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
        </section>
      </div>
    </>
  );
}

function OrganizationsFound({ organizations }: { organizations: readonly Organization[] }) {
  const href = useHref();
  if (organizations.length === 0) return null;
  return (
    <div class="section">
      <p class="muted">
        {useTexts().operator.organizationsFound}
        {organizations.map(({ id, name }) => (
          <>
            {' '}
            <a href={href(`/operator/organizations/${id}`)}>{name}</a>
          </>
        ))}
      </p>
    </div>
  );
}
