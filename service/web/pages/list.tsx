import { visibleConnections } from '../../actions/find-connection.js';
import { defaultName } from '../../api/connections/requests.js';
import type { Connection } from '../../domain/connection.js';
import type { Store } from '../../domain/ports.js';
import { describeScope } from '../../domain/scope.js';
import { mayOpen } from '../access.js';
import { ButtonLink, Fold, HiddenFields, useHref, WordItems } from '../components/basics.js';
import { Chips, NoneFound, SearchInput } from '../components/filters.js';
import { Icon } from '../components/icon.js';
import { Pages } from '../components/pages.js';
import { accountOf, aliasOf, assuranceOf, statuses } from '../components/status.js';
import { PageHead } from '../layout.js';
import { usePage, useTexts } from '../page-context.js';
import type { WebSession } from '../session.js';
import type { Routes } from '../site.js';
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
import { ConnectionTable } from './list-table.js';
import { accessKeysRefused } from './new-connection.js';

interface Found {
  /** The matches among the first {@link listSize}, then up to as many connections read by name. */
  readonly matching: readonly Connection[];
  readonly isCut: boolean;
}

export function addListPage(routes: Routes): void {
  const { site } = routes;
  routes.get('/connections', async (visit) => {
    const wanted = wantedIn(visit);
    const found = await findConnections(site.deps.store, visit.session, wanted.search);
    await visit.loadTargetNames();
    const isEmpty = found.matching.length === 0 && wanted.search === '';
    return visit.send(
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
  const matching: Connection[] = [];
  let after: Connection['id'] | undefined;
  /** Reads on, and adds matches. @returns whether that was the end */
  async function readOn(name?: string): Promise<boolean> {
    for (let read = 0; read < listSize; read += pageRead) {
      const page = { limit: pageRead, after, search: name, withoutReports: true };
      const { connections, hasMore } = await visibleConnections(store, session, page);
      matching.push(...connections.filter(matches));
      if (!hasMore) return true;
      after = connections.at(-1)?.id;
    }
    return false;
  }
  const isWhole = await readOn();
  if (!isWhole && text !== '') await readOn(search);
  return { matching, isCut: !isWhole };
}

const pageRead = 500;

function List({ wanted, found }: { wanted: Wanted; found: Found }) {
  const texts = useTexts().list;
  const { session } = usePage();
  const { status: chosen, sort } = wanted;
  const ofStatus = found.matching.filter(({ status }) => chosen === undefined || status === chosen);
  const pages = Math.max(1, Math.ceil(ofStatus.length / pageSize));
  const page = Math.min(wanted.page, pages);
  const shown = ofStatus.toSorted(order[sort]).slice((page - 1) * pageSize, page * pageSize);
  const pageAt = (to: number) => addressOf(wanted, { page: to });
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
            <NoneFound
              text={wanted.search === '' ? texts.noneOfStatus : texts.none(wanted.search)}
              path="/connections"
            />
          ) : (
            <ConnectionTable
              wanted={wanted}
              connections={shown}
              isTwice={(name) => name !== defaultName && (names.get(name) ?? 0) > 1}
            />
          )}
        </div>
        <p class="section muted" data-none hidden>
          {texts.noneHere}
        </p>
        <div class="card-foot row row-between">
          <span>
            {found.isCut ? texts.countSome(ofStatus.length) : texts.count(ofStatus.length)}{' '}
            {pages > 1 && `${texts.pageOf(page, pages)} `}
            {texts.checkedHourly}
          </span>
          <Pages
            previous={page > 1 ? pageAt(page - 1) : undefined}
            next={page < pages ? pageAt(page + 1) : undefined}
          />
          {shown.some((connection) => assuranceOf(connection) !== undefined) && <Assurances />}
        </div>
      </div>
    </>
  );
}

function Assurances() {
  const texts = useTexts().list;
  return (
    <Fold title={texts.assurance}>
      <ul class="help list">
        <WordItems texts={texts.assurances} />
      </ul>
    </Fold>
  );
}

function Filters({ wanted, found }: { wanted: Wanted; found: Found }) {
  const { list: texts, status: words } = useTexts();
  const countOf = (status: StatusFilter) => found.matching.filter((each) => each.status === status).length;
  return (
    <div class="filters">
      <form class="search" role="search" method="get" action={useHref()('/connections')}>
        <SearchInput
          label={texts.search}
          value={wanted.search}
          placeholder={texts.searchHint}
          filters={texts.shown('#')}
        />
        <HiddenFields values={{ status: wanted.status, sort: wanted.sort }} />
        <button type="submit" class="sr">
          {texts.searchButton}
        </button>
      </form>
      <Chips
        label={texts.filter}
        chosen={wanted.status}
        chips={[undefined, ...statuses].map((status) => ({
          status,
          path: addressOf(wanted, { status }),
          title: status ? words[status] : texts.all,
          count: status ? countOf(status) : found.matching.length,
        }))}
      />
    </div>
  );
}
