import type { Router } from 'express';
import { visibleConnections } from '../../actions/find-connection.js';
import { defaultName } from '../../api/connections/requests.js';
import type { Connection } from '../../domain/connection.js';
import type { ConnectionPage, Store } from '../../domain/ports.js';
import { describeScope } from '../../domain/scope.js';
import { mayOpen } from '../access.js';
import { ButtonLink, Fold, useHref, WordItems } from '../components/basics.js';
import { Icon } from '../components/icon.js';
import { Pages } from '../components/pages.js';
import { SearchInput } from '../components/search-input.js';
import { accountOf, aliasOf, assuranceOf, statuses } from '../components/status.js';
import { PageHead } from '../layout.js';
import { usePage, useTexts } from '../page-context.js';
import type { WebSession } from '../session.js';
import { loadTargetNames, noticeOf, type Site, sendPage, sessionOf, textsOf } from '../site.js';
import { EmptyList } from './list-empty.js';
import {
  addressOf,
  listSize,
  order,
  pageSize,
  type StatusFilter,
  type Wanted,
  wantedIn,
} from './list-query.js';
import { Table } from './list-table.js';
import { accessKeysRefused } from './new-connection.js';

interface Found {
  /** Of the first {@link listSize} those that match the search, and more with such a name. */
  readonly matching: readonly Connection[];
  readonly isCut: boolean;
}

export function addListPage(pages: Router, site: Site): void {
  pages.get('/connections', async (request, response) => {
    const wanted = wantedIn(request);
    const found = await findConnections(site.deps.store, sessionOf(response), wanted.search);
    await loadTargetNames(site, response);
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
    [
      connection.name,
      accountOf(connection),
      aliasOf(connection) ?? '',
      connection.id,
      ...connection.scopes.map(describeScope),
    ].some((each) => each.toLowerCase().includes(text));
  const found = (page: Pick<ConnectionPage, 'after' | 'search'>) =>
    visibleConnections(store, session, { limit: pageRead, ...page, withoutReports: true });
  const matching = new Map<string, Connection>();
  const add = (connections: readonly Connection[]) => {
    for (const connection of connections) matching.set(connection.id, connection);
  };
  let after: Connection['id'] | undefined;
  for (let read = 0; read < listSize; read += pageRead) {
    const page = await found({ after });
    add(page.connections.filter(matches));
    if (!page.hasMore) return { matching: [...matching.values()], isCut: false };
    after = page.connections.at(-1)?.id;
  }
  // Of those behind them, the ones with such a name.
  if (text !== '') add((await found({ search })).connections);
  return { matching: [...matching.values()], isCut: true };
}

const pageRead = 500;

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
          <Pages
            previous={wanted.page > 1 ? addressOf(wanted, { page: wanted.page - 1 }) : undefined}
            next={
              ofStatus.length > wanted.page * pageSize
                ? addressOf(wanted, { page: wanted.page + 1 })
                : undefined
            }
          />
          {shown.some((connection) => assuranceOf(connection) !== undefined) && (
            <Fold title={texts.assurance}>
              <ul class="help list">
                <WordItems texts={texts.assurances} />
              </ul>
            </Fold>
          )}
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
        <SearchInput
          name="q"
          label={texts.search}
          value={wanted.search}
          placeholder={texts.searchHint}
          filters={texts.shown('#')}
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
