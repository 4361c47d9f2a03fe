import type { Router } from 'express';
import type { Connection } from '../../domain/connection.js';
import { type ErrorCode, errorCatalog } from '../../domain/error-catalog/index.js';
import { isConnectionId } from '../../domain/ids.js';
import type { ConnectionFilter, Store } from '../../domain/ports.js';
import { useHref } from '../components/basics.js';
import { Icon, type IconName } from '../components/icon.js';
import { PageHead } from '../layout.js';
import { useTexts } from '../page-context.js';
import { queried, type Site, sendPage, textsOf } from '../site.js';
import type { Owned, Totals } from './owned.js';
import { SecurityEvents, securityCodes } from './security-events.js';
import { OperatorTable } from './table.js';

const pageSize = 25;
const statuses = ['failed', 'pending', 'connected', 'disconnected'] as const;
const assurances = ['proven', 'tested'] as const;

/** Which connections are shown; the address says all of it. */
interface Wanted extends ConnectionFilter {
  readonly after?: Connection['id'] | undefined;
}

export function addOperatorConnections(pages: Router, site: Site): void {
  const { store } = site.deps;
  pages.get('/', async (request, response) => {
    const account = queried(request, 'account').replace(/[\s-]/g, '');
    const [status, assurance, code, after] = ['status', 'assurance', 'code', 'after'].map((name) =>
      queried(request, name),
    );
    const wanted: Wanted = {
      status: statuses.find((each) => each === status),
      assurance: assurances.find((each) => each === assurance),
      code: code !== undefined && Object.hasOwn(errorCatalog, code) ? code : undefined,
      accountId: /^\d{1,12}$/.test(account) ? account : undefined,
      after: after !== undefined && isConnectionId(after) ? after : undefined,
    };
    const { connections, hasMore } = await store.connections(undefined, { ...wanted, limit: pageSize });
    const totals = await store.connectionTotals();
    const view = (
      <Overview
        wanted={wanted}
        totals={totals}
        rows={await withOrganizations(store, connections)}
        hasMore={hasMore}
        events={await securityEvents(store, totals)}
      />
    );
    return sendPage(
      site,
      response,
      { title: textsOf(site, response).operator.title, isOperator: true },
      view,
    );
  });
}

export const withOrganizations = (store: Store, connections: readonly Connection[]): Promise<Owned[]> =>
  Promise.all(
    connections.map(async (connection) => ({
      connection,
      organization: await store.organization(connection.organizationId),
    })),
  );

/** The connections that a stranger may reach, or whose account is not the expected one. */
async function securityEvents(store: Store, totals: Totals): Promise<Owned[]> {
  const found: Connection[] = [];
  for (const code of securityCodes.filter((each) => (totals.code.get(each) ?? 0) > 0))
    found.push(...(await store.connections(undefined, { status: 'failed', code, limit: 10 })).connections);
  return withOrganizations(store, found.slice(0, 10));
}

function addressOf({ status, assurance, code, accountId, after }: Wanted): string {
  const query = new URLSearchParams({
    ...(status && { status }),
    ...(assurance && { assurance }),
    ...(code && { code }),
    ...(accountId && { account: accountId }),
    ...(after && { after }),
  });
  return query.size > 0 ? `/operator?${query}` : '/operator';
}

function Overview(props: {
  wanted: Wanted;
  totals: Totals;
  rows: readonly Owned[];
  hasMore: boolean;
  events: readonly Owned[];
}) {
  const { operator: texts, list } = useTexts();
  const href = useHref();
  const last = props.rows.at(-1)?.connection.id;
  return (
    <>
      <PageHead title={texts.title} lead={texts.lead} />
      <div class="stack stack-6" data-live="operator">
        <Tiles totals={props.totals} />
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
          {(props.hasMore || props.wanted.after) && (
            <nav class="card-foot actions" aria-label={list.pages}>
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
          )}
        </section>
      </div>
    </>
  );
}

/** Counters; each opens the list of what it counts. */
function Tiles({ totals: { status, assurance } }: { totals: Totals }) {
  const { operator: texts, status: words } = useTexts();
  const all = Object.values(status).reduce((sum, count) => sum + count, 0);
  const share = (part: number) => texts.share(all === 0 ? 0 : part / all);
  return (
    <nav class="tiles" aria-label={texts.counters}>
      <Tile
        to={{ status: 'failed' }}
        kind="danger"
        icon="bad"
        title={words.failed}
        count={status.failed}
        more={share(status.failed)}
      />
      <Tile
        to={{ assurance: 'tested', status: 'connected' }}
        kind="warn"
        icon="shield"
        title={texts.unproven}
        count={assurance.tested}
        more={texts.unprovenMore}
      />
      <Tile
        to={{ status: 'pending' }}
        icon="clock"
        title={words.pending}
        count={status.pending}
        more={share(status.pending)}
      />
      <Tile
        to={{ status: 'connected' }}
        kind="ok"
        icon="ok"
        title={words.connected}
        count={status.connected}
        more={share(status.connected)}
      />
      <Tile
        to={{ status: 'disconnected' }}
        icon="unlink"
        title={words.disconnected}
        count={status.disconnected}
        more={share(status.disconnected)}
      />
    </nav>
  );
}

function Tile(props: {
  to: Wanted;
  kind?: 'ok' | 'warn' | 'danger';
  icon: IconName;
  title: string;
  count: number;
  more: string;
}) {
  const { number } = useTexts().operator;
  return (
    <a
      class={['tile', props.kind && props.count > 0 && `tile-${props.kind}`].filter(Boolean).join(' ')}
      href={useHref()(addressOf(props.to))}
    >
      <span class="tile-title">
        <Icon name={props.icon} small />
        {props.title}
      </span>
      <span class="tile-count">{number(props.count)}</span>
      <span class="tile-more">{props.more}</span>
    </a>
  );
}

function Filters({ wanted, totals }: { wanted: Wanted; totals: Totals }) {
  const { operator: texts, status: words } = useTexts();
  const codes = [...totals.code.keys()]
    .filter((code): code is ErrorCode => Object.hasOwn(errorCatalog, code))
    .sort();
  return (
    <form
      class="filters"
      method="get"
      role="search"
      action={useHref()('/operator')}
      aria-label={texts.filter}
    >
      <div class="search">
        <label class="sr" for="account">
          {texts.account}
        </label>
        <Icon name="search" />
        <input
          class="input"
          id="account"
          name="account"
          type="search"
          inputmode="numeric"
          value={wanted.accountId}
          placeholder={texts.account}
          maxlength={20}
        />
      </div>
      <Choice
        name="status"
        label={texts.status}
        any={texts.anyStatus}
        chosen={wanted.status}
        options={statuses.map((each) => [each, words[each]])}
      />
      <Choice
        name="assurance"
        label={texts.assurance}
        any={texts.anyAssurance}
        chosen={wanted.assurance}
        options={assurances.map((each) => [each, words[each]])}
      />
      <Choice
        name="code"
        label={texts.reason}
        any={texts.anyReason}
        chosen={wanted.code}
        options={codes.map((code) => [code, errorCatalog[code].title])}
      />
      <button type="submit" class="btn">
        {texts.show}
      </button>
    </form>
  );
}

const Choice = (props: {
  name: string;
  label: string;
  any: string;
  chosen: string | undefined;
  options: readonly (readonly [value: string, title: string])[];
}) => (
  <>
    <label class="sr" for={props.name}>
      {props.label}
    </label>
    <select class="input" id={props.name} name={props.name}>
      <option value="">{props.any}</option>
      {props.options.map(([value, title]) => (
        <option value={value} selected={value === props.chosen}>
          {title}
        </option>
      ))}
    </select>
  </>
);
