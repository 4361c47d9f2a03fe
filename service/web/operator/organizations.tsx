import { isOrganizationId } from '../../domain/ids.js';
import { isListed, type Organization } from '../../domain/organization.js';
import { Link, Time } from '../components/basics.js';
import { FilterForm, NoneFound } from '../components/filters.js';
import { type Cursor, cursorsAround, Pages } from '../components/pages.js';
import { Cell, Table } from '../components/table.js';
import { PageHead } from '../layout.js';
import { useTexts } from '../page-context.js';
import { type Routes, withQuery } from '../site.js';

const pageSize = 25;

/** All organizations, and a search for one by name, reference or id. */
export function addOrganizationsPage(routes: Routes): void {
  const { store } = routes.site.deps;
  routes.get('/organizations', async (visit) => {
    const search = visit.queried('q').trim().slice(0, 100);
    const cursor = {
      after: [visit.queried('after')].find(isOrganizationId),
      before: [visit.queried('before')].find(isOrganizationId),
    };
    const exact = search === '' ? undefined : await oneBy(search);
    if (exact !== undefined) return visit.seeOther(`/operator/organizations/${exact.id}`);
    const found = await store.organizations({ limit: pageSize, ...cursor, search: search || undefined });
    return visit.send(<OrganizationList search={search} cursor={cursor} {...found} />);
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
  const ids = organizations.map(({ id }) => id);
  const { previous, next } = cursorsAround(cursor, ids, hasMore);
  const pageAt = (place: typeof next) =>
    place && withQuery('/operator/organizations', { q: search, ...place });
  return (
    <>
      <PageHead title={texts.organizations} lead={texts.organizationsLead} />
      <div class="card">
        <FilterForm
          path="/operator/organizations"
          search={{ label: texts.searchOrganizations, value: search }}
          button={list.searchButton}
        />
        {organizations.length === 0 ? (
          <NoneFound text={texts.noOrganizations} path="/operator/organizations" />
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
  const { operator: texts, list, connection } = useTexts();
  const { name, status } = list.columns;
  return (
    <Table label={texts.organizations} titles={[name, texts.reference, status, connection.created]}>
      {organizations.map((organization) => (
        <tr role="row">
          <Cell kind="name">
            <Link kind="row-link" path={`/operator/organizations/${organization.id}`}>
              {organization.name}
            </Link>
          </Cell>
          <Cell label={texts.reference}>{organization.reference}</Cell>
          <Cell kind="status">
            <OrganizationStatus organization={organization} />
          </Cell>
          <Cell label={connection.created}>
            <Time iso={organization.createdAt} />
          </Cell>
        </tr>
      ))}
    </Table>
  );
}

export function OrganizationStatus({ organization }: { organization: Organization }) {
  const { active, suspended } = useTexts().operator;
  return organization.suspendedAt === undefined ? (
    <span class="badge badge-ok">{active}</span>
  ) : (
    <span class="badge badge-warn">{suspended}</span>
  );
}

export type Organizations = ReadonlyMap<string, Organization>;

/** A cell with the link to an organization; empty for one that no list has. */
export const OrganizationCell = ({ organization }: { organization: Organization | undefined }) => (
  <Cell label={useTexts().operator.organization}>
    {organization && isListed(organization) && (
      <Link path={`/operator/organizations/${organization.id}`}>{organization.name}</Link>
    )}
  </Cell>
);
