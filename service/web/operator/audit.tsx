import type { Connection } from '../../domain/connection.js';
import { isAuditId, isConnectionId } from '../../domain/ids.js';
import type { Organization } from '../../domain/organization.js';
import { Pages } from '../components/pages.js';
import { historyOf, pageOf, personsOf } from '../history.js';
import { PageHead } from '../layout.js';
import { usePage, useTexts } from '../page-context.js';
import { type Routes, type Visit, withQuery } from '../site.js';
import { AuditTable, type AuditTableProps, connectionsOf } from './audit-table.js';
import { listedOrganization, OrganizationCrumbs } from './organization.js';

const pageSize = 50;

interface Found extends AuditTableProps {
  /** Left out: of all. */
  readonly organization: Organization | undefined;
  readonly connectionId: Connection['id'] | undefined;
  readonly isNewest: boolean;
  /** The last record of this page, where there are older ones. */
  readonly last: string | undefined;
}

/** The audit log of all organizations, and that of one. */
export function addAuditPages(routes: Routes): void {
  const { deps } = routes.site;
  const { store } = deps;

  routes.get('/audit', (visit) => sendAudit(visit));
  routes.get('/organizations/:id/audit', async (visit) =>
    sendAudit(visit, await listedOrganization(store, visit.id)),
  );

  async function sendAudit(visit: Visit, organization?: Organization): Promise<void> {
    const before = [visit.queried('before')].find(isAuditId);
    const connectionId = organization && [visit.queried('connection')].find(isConnectionId);
    const page = { limit: 2 * pageSize + 1, before, connectionId };
    const read = await store.auditRecords(organization?.id, page);
    const records = pageOf(read.records, pageSize);
    const hasMore = read.hasMore || records.length < read.records.length;
    const entries = historyOf(records, visit.texts, await personsOf(deps, records));
    const ids = records.map(({ organizationId }) => organizationId);
    return visit.send(
      <AuditView
        organization={organization}
        connectionId={connectionId}
        entries={entries}
        organizations={organization ? undefined : await store.organizationsById(ids)}
        connections={await connectionsOf(store, entries)}
        isNewest={before === undefined}
        last={hasMore ? records.at(-1)?.id : undefined}
      />,
    );
  }
}

function AuditView(found: Found) {
  const { audit: texts } = useTexts().operator;
  const { path } = usePage();
  const { organization, connectionId } = found;
  const of = (before?: string) => withQuery(path, { connection: connectionId, before });
  const name = connectionId && found.connections.get(connectionId)?.name;
  return (
    <>
      {organization && (
        <OrganizationCrumbs
          organization={organization}
          more={connectionId ? [[path, texts.title]] : []}
          here={connectionId ? (name ?? connectionId) : texts.title}
        />
      )}
      <PageHead
        title={texts.title}
        of={organization?.name}
        lead={connectionId ? texts.leadOfConnection : organization ? texts.leadOf : texts.lead}
      />
      <section class="card" aria-label={texts.title}>
        <AuditTable {...found} />
        {(found.last ?? !found.isNewest) && (
          <div class="card-foot">
            <Pages
              previous={found.isNewest ? undefined : of()}
              next={found.last && of(found.last)}
              titles={[texts.newest, texts.older]}
            />
          </div>
        )}
      </section>
    </>
  );
}
