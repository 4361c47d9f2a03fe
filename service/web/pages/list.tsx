import type { Router } from 'express';
import { visibleConnections } from '../../actions/find-connection.js';
import type { Connection } from '../../domain/connection.js';
import type { Store } from '../../domain/ports.js';
import { describeScope } from '../../domain/scope.js';
import { mayOpen } from '../access.js';
import { Account, ButtonLink, Time, useHref, Words } from '../components/basics.js';
import { Icon } from '../components/icon.js';
import { Pair } from '../components/pair.js';
import { Reason } from '../components/reason.js';
import { ScopePath } from '../components/scope.js';
import { accountOf, Status, verificationOf } from '../components/status.js';
import { PageHead } from '../layout.js';
import { usePage, useTexts } from '../page-context.js';
import type { WebSession } from '../session.js';
import { noticeOf, queried, type Site, sendPage, sessionOf, textsOf } from '../site.js';
import { accessKeysRefused, defaultName } from './new-connection.js';

const pageSize = 25;
/** More of one organization are not held at once: a search finds the others. */
const listSize = 5_000;

const statuses = ['failed', 'pending', 'connected', 'disconnected'] as const;
type StatusFilter = (typeof statuses)[number];
const sorts = ['status', 'name', 'account', 'checked'] as const;
type Sort = (typeof sorts)[number];

/** Which part of the connections is shown; the address says all of it. */
interface Wanted {
  readonly search: string;
  readonly status?: StatusFilter | undefined;
  readonly sort: Sort;
  readonly page: number;
}

interface Found {
  /** Those that match the search, at most {@link listSize}. */
  readonly matching: readonly Connection[];
  readonly isCut: boolean;
}

export function addListPage(pages: Router, site: Site): void {
  pages.get('/connections', async (request, response) => {
    const status = queried(request, 'status');
    const sort = queried(request, 'sort');
    const wanted: Wanted = {
      search: queried(request, 'q').trim().slice(0, 100),
      status: statuses.find((each) => each === status),
      sort: sorts.find((each) => each === sort) ?? 'status',
      page: Math.max(1, Math.min(Number.parseInt(queried(request, 'page'), 10) || 1, listSize / pageSize)),
    };
    const found = await findConnections(site.deps.store, sessionOf(response), wanted.search);
    const isEmpty = found.matching.length === 0 && wanted.search === '';
    return sendPage(
      site,
      response,
      { title: textsOf(site, response).list.title, notice: noticeOf(site, request, response) },
      isEmpty ? (
        <EmptyList takesKeys={accessKeysRefused(site) === undefined} />
      ) : (
        <List wanted={wanted} found={found} />
      ),
    );
  });
}

async function findConnections(store: Store, session: WebSession, search: string): Promise<Found> {
  const text = search.toLowerCase();
  const matches = (connection: Connection) =>
    text === '' ||
    [connection.name, accountOf(connection), connection.id, ...connection.scopes.map(describeScope)].some(
      (each) => each.toLowerCase().includes(text),
    );
  const matching: Connection[] = [];
  let after: Connection['id'] | undefined;
  for (;;) {
    const page = await visibleConnections(store, session, { limit: 500, after });
    matching.push(...page.connections.filter(matches));
    after = page.connections.at(-1)?.id;
    if (matching.length > listSize) return { matching: matching.slice(0, listSize), isCut: true };
    if (!page.hasMore) return { matching, isCut: false };
  }
}

/** Made once: to make one for each comparison costs more than to render the page. */
const { compare } = new Intl.Collator('en');

const order: Record<Sort, (one: Connection, other: Connection) => number> = {
  status: (one, other) =>
    statuses.indexOf(one.status) - statuses.indexOf(other.status) || order.name(one, other),
  name: (one, other) => compare(one.name, other.name) || (one.id < other.id ? -1 : 1),
  account: (one, other) => compare(accountOf(one), accountOf(other)) || order.name(one, other),
  checked: (one, other) => (checkedAt(other) < checkedAt(one) ? -1 : 1),
};
const checkedAt = (connection: Connection): string => verificationOf(connection)?.finishedAt ?? '';

/** The address of the list with some of it changed; what is usual is left out. */
function addressOf(wanted: Wanted, change: Partial<Wanted>): string {
  const { search, status, sort, page } = { ...wanted, page: 1, ...change };
  const query = new URLSearchParams({
    ...(search && { q: search }),
    ...(status && { status }),
    ...(sort !== 'status' && { sort }),
    ...(page > 1 && { page: String(page) }),
  });
  return query.size > 0 ? `/connections?${query}` : '/connections';
}

function List({ wanted, found }: { wanted: Wanted; found: Found }) {
  const texts = useTexts().list;
  const { session } = usePage();
  const ofStatus = wanted.status
    ? found.matching.filter(({ status }) => status === wanted.status)
    : found.matching;
  const shown = [...ofStatus]
    .sort(order[wanted.sort])
    .slice((wanted.page - 1) * pageSize, wanted.page * pageSize);
  const names = new Map<string, number>();
  for (const { name } of found.matching) names.set(name, (names.get(name) ?? 0) + 1);
  return (
    <>
      <PageHead title={texts.title} lead={texts.lead}>
        {mayOpen(session, 'GET /connections/new') && (
          <ButtonLink path="/connections/new" look="primary">
            <Icon name="plus" />
            {texts.connect}
          </ButtonLink>
        )}
      </PageHead>
      <div class="card">
        <Filters wanted={wanted} found={found} />
        <div data-live="connections">
          {shown.length === 0 ? (
            <NoneFound wanted={wanted} />
          ) : (
            <Table
              wanted={wanted}
              connections={shown}
              isTwice={(name) => name !== defaultName && (names.get(name) ?? 0) > 1}
            />
          )}
        </div>
        <div class="card-foot row row-between">
          <span>
            {found.isCut ? texts.countSome(ofStatus.length) : texts.count(ofStatus.length)}{' '}
            {texts.checkedHourly}
          </span>
          <Pages wanted={wanted} hasMore={ofStatus.length > wanted.page * pageSize} />
        </div>
      </div>
    </>
  );
}

function Filters({ wanted, found }: { wanted: Wanted; found: Found }) {
  const { list: texts, status: words } = useTexts();
  const href = useHref();
  const chip = (status: StatusFilter | undefined, title: string, count: number) => (
    <li>
      <a
        href={href(addressOf(wanted, { status }))}
        aria-current={wanted.status === status ? 'true' : undefined}
      >
        {title} <span>{count}</span>
      </a>
    </li>
  );
  const countOf = (status: StatusFilter) => found.matching.filter((each) => each.status === status).length;
  return (
    <div class="filters">
      <form class="search" role="search" method="get" action={href('/connections')}>
        <label class="sr" for="q">
          {texts.search}
        </label>
        <Icon name="search" />
        <input
          class="input"
          id="q"
          name="q"
          type="search"
          value={wanted.search}
          placeholder={texts.searchHint}
          maxlength={100}
          data-filter={texts.shown('#')}
        />
        {wanted.status && <input type="hidden" name="status" value={wanted.status} />}
        <button type="submit" class="sr">
          {texts.searchButton}
        </button>
      </form>
      <nav aria-label={texts.filter}>
        <ul class="chips">
          {chip(undefined, texts.all, found.matching.length)}
          {statuses.map((status) => chip(status, words[status], countOf(status)))}
        </ul>
      </nav>
    </div>
  );
}

function NoneFound({ wanted }: { wanted: Wanted }) {
  const texts = useTexts().list;
  return (
    <p class="section none">
      {wanted.search === '' ? texts.noneOfStatus : texts.none(wanted.search)}{' '}
      <a href={useHref()('/connections')}>{texts.showAll}</a>
    </p>
  );
}

function Pages({ wanted, hasMore }: { wanted: Wanted; hasMore: boolean }) {
  const texts = useTexts().list;
  if (wanted.page === 1 && !hasMore) return null;
  const href = useHref();
  return (
    <nav class="actions" aria-label={texts.pages}>
      {wanted.page > 1 && (
        <a class="btn btn-sm" href={href(addressOf(wanted, { page: 1 }))}>
          {texts.first}
        </a>
      )}
      {hasMore && (
        <a class="btn btn-sm" href={href(addressOf(wanted, { page: wanted.page + 1 }))} rel="next">
          {texts.next}
        </a>
      )}
    </nav>
  );
}

function Table(props: {
  wanted: Wanted;
  connections: readonly Connection[];
  isTwice: (name: string) => boolean;
}) {
  const texts = useTexts().list;
  const { columns } = texts;
  const href = useHref();
  const header = (title: string, sort?: Sort) => (
    <th
      role="columnheader"
      scope="col"
      aria-sort={sort && sort === props.wanted.sort ? 'ascending' : undefined}
    >
      {sort ? (
        <a href={href(addressOf(props.wanted, { sort }))} aria-label={texts.sortBy(title)}>
          {title}
        </a>
      ) : (
        title
      )}
    </th>
  );
  return (
    <table class="table" role="table" aria-label={texts.connections}>
      <thead role="rowgroup">
        <tr role="row">
          {header(columns.name, 'name')}
          {header(columns.status, 'status')}
          {header(columns.account, 'account')}
          {header(columns.scope)}
          {header(columns.checked, 'checked')}
          <th role="columnheader" scope="col">
            <span class="sr">{columns.action}</span>
          </th>
        </tr>
      </thead>
      <tbody role="rowgroup">
        {props.connections.map((connection) => (
          <Row connection={connection} isTwice={props.isTwice(connection.name)} />
        ))}
      </tbody>
    </table>
  );
}

function Row({ connection, isTwice }: { connection: Connection; isTwice: boolean }) {
  const texts = useTexts().list;
  const { columns } = texts;
  const account = accountOf(connection);
  const checked = checkedAt(connection);
  const path = `/connections/${connection.id}`;
  const mayConnect = mayOpen(usePage().session, 'GET /connections/:id/setup');
  const setup = mayConnect ? `${path}/setup` : path;
  const { status, name } = connection;
  return (
    <tr role="row">
      <td role="cell" class="cell-name">
        <a class="row-link" href={useHref()(status === 'pending' ? setup : path)}>
          {name}
        </a>
        <Reason connection={connection} />
        {isTwice && <span class="note">{texts.sameName}</span>}
      </td>
      <td role="cell" class="cell-status">
        <Status connection={connection} />
      </td>
      <td role="cell" data-label={columns.account} data-empty={account === '' ? '' : undefined}>
        {account === '' ? <span class="faint">{texts.unknownAccount}</span> : <Account id={account} />}
      </td>
      <td role="cell" data-label={columns.scope}>
        {connection.scopes.length === 0 ? (
          <span class="faint">{texts.noScope}</span>
        ) : (
          connection.scopes.slice(0, 3).map((scope) => <ScopePath scope={scope} />)
        )}
        {connection.scopes.length > 3 && <span class="faint">+{connection.scopes.length - 3}</span>}
      </td>
      <td role="cell" data-label={columns.checked} data-empty={checked === '' ? '' : undefined}>
        {checked && <Time iso={checked} />}
      </td>
      <td
        role="cell"
        class="cell-wide"
        data-empty={status === 'pending' || status === 'failed' ? undefined : ''}
      >
        {mayConnect && status === 'pending' && (
          <ButtonLink path={setup} size="sm" label={texts.continueThe(name)}>
            {texts.continue}
          </ButtonLink>
        )}
        {mayConnect && status === 'failed' && (
          <ButtonLink
            path={connection.method === 'access_key' ? path : setup}
            size="sm"
            label={texts.fixThe(name)}
          >
            {texts.fix}
          </ButtonLink>
        )}
      </td>
    </tr>
  );
}

function EmptyList({ takesKeys }: { takesKeys: boolean }) {
  const { list, empty } = useTexts();
  const mayConnect = mayOpen(usePage().session, 'GET /connections/new');
  return (
    <>
      <PageHead title={list.title} />
      <section class="card empty" aria-labelledby="empty" data-live="empty" data-reload>
        <div class="empty-in">
          <Pair state="pending" size="lg" />
          <div class="stack stack-2 empty-text">
            <h2 id="empty">{empty.title}</h2>
            <p class="muted">{empty.lead}</p>
          </div>
          {mayConnect && (
            <div class="actions">
              <ButtonLink path="/connections/new" look="primary" size="lg">
                {list.connect}
              </ButtonLink>
            </div>
          )}
          <p class="small faint">{empty.time}</p>
        </div>
        <ol class="empty-steps">
          {empty.steps.map(([title, line]) => (
            <li>
              <b>{title}</b>
              <span>
                <Words text={line} />
              </span>
            </li>
          ))}
        </ol>
      </section>
      {takesKeys && mayConnect && (
        <p class="small muted center below">
          {empty.cantCreate} <a href={useHref()('/connections/new/access-key')}>{empty.accessKey}</a>
        </p>
      )}
    </>
  );
}
