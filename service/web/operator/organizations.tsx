import type { Router } from 'express';
import { isOrganizationId } from '../../domain/ids.js';
import { isListed, type Organization } from '../../domain/organization.js';
import { Time, useHref } from '../components/basics.js';
import { type Cursor, cursorsAround, Pages } from '../components/pages.js';
import { SearchInput } from '../components/search-input.js';
import { TableHead } from '../components/table-head.js';
import { PageHead } from '../layout.js';
import { useTexts } from '../page-context.js';
import { queried, type Site, seeOther, sendPage, textsOf, withQuery } from '../site.js';

const pageSize = 25;

/** All organizations, and a search for one by name, reference or id. */
export function addOrganizationsPage(pages: Router, site: Site): void {
  const { store } = site.deps;
  pages.get('/organizations', async (request, response) => {
    const search = queried(request, 'q').trim().slice(0, 100);
    const cursor = {
      after: [queried(request, 'after')].find(isOrganizationId),
      before: [queried(request, 'before')].find(isOrganizationId),
    };
    const exact = search === '' ? undefined : await oneBy(search);
    if (exact !== undefined) return seeOther(site, response, `/operator/organizations/${exact.id}`);
    const found = await store.organizations({ limit: pageSize, ...cursor, search: search || undefined });
    const { organizations } = textsOf(site, response).operator;
    const view = <OrganizationList search={search} cursor={cursor} {...found} />;
    return sendPage(site, response, { title: organizations, isOperator: true }, view);
  });

  async function oneBy(idOrReference: string): Promise<Organization | undefined> {
    const found = isOrganizationId(idOrReference)
      ? await store.organization(idOrReference)
      : await store.organizationByReference(idOrReference);
    return found?.erasedAt === undefined ? found : undefined;
  }
}

function OrganizationList(props: {
  search: string;
  cursor: Cursor<Organization['id']>;
  organizations: readonly Organization[];
  hasMore: boolean;
}) {
  const { operator: texts, list } = useTexts();
  const { search, organizations, cursor, hasMore } = props;
  const href = useHref();
  const ids = organizations.map(({ id }) => id);
  const { previous, next } = cursorsAround(cursor, ids, hasMore);
  const pageAt = (place: typeof next) =>
    place && withQuery('/operator/organizations', { q: search, ...place });
  return (
    <>
      <PageHead title={texts.organizations} lead={texts.organizationsLead} />
      <div class="card">
        <form class="filters" method="get" role="search" action={href('/operator/organizations')}>
          <div class="search">
            <SearchInput name="q" label={texts.searchOrganizations} value={search} />
          </div>
          <button type="submit" class="btn">
            {list.searchButton}
          </button>
        </form>
        {organizations.length === 0 ? (
          <p class="section none">
            {texts.noOrganizations} <a href={href('/operator/organizations')}>{list.showAll}</a>
          </p>
        ) : (
          <OrganizationTable organizations={organizations} />
        )}
        {(previous ?? next) && (
          <div class="card-foot row row-between">
            <span />
            <Pages previous={pageAt(previous)} next={pageAt(next)} />
          </div>
        )}
      </div>
    </>
  );
}

function OrganizationTable({ organizations }: { organizations: readonly Organization[] }) {
  const { operator: texts, list } = useTexts();
  const href = useHref();
  return (
    <table class="table" role="table" aria-label={texts.organizations}>
      <TableHead titles={[list.columns.name, texts.reference, list.columns.status, texts.since]} />
      <tbody role="rowgroup">
        {organizations.map(({ id, name, reference, suspendedAt, createdAt }) => (
          <tr role="row">
            <td role="cell" class="cell-name">
              <a class="row-link" href={href(`/operator/organizations/${id}`)}>
                {name}
              </a>
            </td>
            <td role="cell" data-label={texts.reference} data-empty={reference ? undefined : ''}>
              {reference}
            </td>
            <td role="cell" class="cell-status">
              <OrganizationStatus isSuspended={suspendedAt !== undefined} />
            </td>
            <td role="cell" data-label={texts.since}>
              <Time iso={createdAt} />
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

export function OrganizationStatus({ isSuspended }: { isSuspended: boolean }) {
  const texts = useTexts().operator;
  return isSuspended ? (
    <span class="badge badge-warn">{texts.suspended}</span>
  ) : (
    <span class="badge badge-ok">{texts.active}</span>
  );
}

export type Organizations = ReadonlyMap<string, Organization>;

/** A cell with the link to an organization; empty for one that no list has. */
export function OrganizationCell({ organization }: { organization: Organization | undefined }) {
  const texts = useTexts().operator;
  const href = useHref();
  const listed = organization && isListed(organization) ? organization : undefined;
  return (
    <td role="cell" data-label={texts.organization} data-empty={listed ? undefined : ''}>
      {listed && <a href={href(`/operator/organizations/${listed.id}`)}>{listed.name}</a>}
    </td>
  );
}
