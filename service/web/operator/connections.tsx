import type { Router } from 'express';
import type { Connection } from '../../domain/connection.js';
import type { Store } from '../../domain/ports.js';
import { ButtonLink, useHref } from '../components/basics.js';
import { Icon } from '../components/icon.js';
import { PageHead } from '../layout.js';
import { useTexts } from '../page-context.js';
import { type Site, seeOther, sendPage, textsOf } from '../site.js';
import { Filters } from './filters.js';
import type { Owned, Totals } from './owned.js';
import { addressOf, type Wanted, wantedIn } from './query.js';
import { SecurityEvents, securityCodes } from './security-events.js';
import { OperatorTable } from './table.js';
import { outdatedSets, Tiles } from './tiles.js';

const pageSize = 25;

export function addOperatorConnections(pages: Router, site: Site): void {
  const { store } = site.deps;
  pages.get('/', async (request, response) => {
    const wanted = wantedIn(request);
    // Not the number of an account: the name of an organization.
    if (wanted.entered !== undefined)
      return seeOther(
        site,
        response,
        `/operator/organizations?${new URLSearchParams({ q: wanted.entered })}`,
      );
    const [{ connections, hasMore }, totals] = await Promise.all([
      store.connections(undefined, { ...wanted, limit: pageSize, withoutReports: true }),
      store.connectionTotals(),
    ]);
    const view = (
      <Overview
        wanted={wanted}
        totals={totals}
        outdated={outdatedSets(totals, site.deps.permissionSets)}
        rows={await withOrganizations(store, connections)}
        hasMore={hasMore}
        events={await securityEvents(store, totals)}
      />
    );
    const { title } = textsOf(site, response).operator;
    return sendPage(site, response, { title, isOperator: true }, view);
  });
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
  { after: _, status, entered, accountId, ...filters }: Wanted,
  { status: counts, ...totals }: Totals,
): number | undefined {
  const { code, assurance, permissionSet } = filters;
  const given = Object.values(filters).filter((each) => each !== undefined).length;
  if (accountId !== undefined || entered !== undefined || given > 1) return undefined;
  if (code !== undefined)
    return status === undefined || status === 'failed' ? totals.code.get(code) : undefined;
  if (assurance !== undefined) return status === 'connected' ? totals.assurance[assurance] : undefined;
  if (permissionSet !== undefined) return status ? undefined : totals.permissionSets.get(permissionSet);
  return status ? counts[status] : Object.values(counts).reduce((sum, count) => sum + count, 0);
}

function Overview(props: {
  wanted: Wanted;
  totals: Totals;
  outdated: ReturnType<typeof outdatedSets>;
  rows: readonly Owned[];
  hasMore: boolean;
  events: readonly Owned[];
}) {
  const { operator: texts, list } = useTexts();
  const href = useHref();
  const last = props.rows.at(-1)?.connection.id;
  const total = totalOf(props.wanted, props.totals);
  return (
    <>
      <PageHead title={texts.title} lead={texts.lead}>
        <ButtonLink path={addressOf({ ...props.wanted, after: undefined }, '/operator/connections.csv')}>
          <Icon name="down" />
          {texts.download}
        </ButtonLink>
      </PageHead>
      <div class="stack stack-6" data-live="operator">
        <Tiles totals={props.totals} outdated={props.outdated} />
        <SecurityEvents events={props.events} totals={props.totals} />
        <section class="card" aria-labelledby="all">
          <div class="card-head">
            <h2 id="all">{texts.all}</h2>
          </div>
          <Filters wanted={props.wanted} totals={props.totals} />
          {props.rows.length === 0 ? (
            <p class="section none">
              {texts.none} <a href={href('/operator')}>{list.showAll}</a>
            </p>
          ) : (
            <OperatorTable rows={props.rows} />
          )}
          <div class="card-foot row row-between">
            <span>{total !== undefined && texts.matching(total)}</span>
            <nav class="actions" aria-label={list.pages}>
              {props.wanted.after && (
                <a class="btn btn-sm" href={href(addressOf({ ...props.wanted, after: undefined }))}>
                  {list.first}
                </a>
              )}
              {props.hasMore && (
                <a class="btn btn-sm" href={href(addressOf({ ...props.wanted, after: last }))} rel="next">
                  {list.next}
                </a>
              )}
            </nav>
          </div>
        </section>
      </div>
    </>
  );
}
