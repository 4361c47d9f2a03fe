import type { Connection } from '../../domain/connection.js';
import { isAuditId, isConnectionId } from '../../domain/ids.js';
import type { Organization } from '../../domain/organization.js';
import type { Store } from '../../domain/ports.js';
import { Link, Time } from '../components/basics.js';
import { Pages } from '../components/pages.js';
import { Cell, Table } from '../components/table.js';
import { type HistoryEntry, historyOf, pageOf, personsOf } from '../history.js';
import { PageHead } from '../layout.js';
import { usePage, useTexts } from '../page-context.js';
import { type Routes, type Visit, withQuery } from '../site.js';
import { listedOrganization, OrganizationCrumbs } from './organization.js';
import { OrganizationCell, type Organizations } from './organizations.js';

const pageSize = 50;

interface Found {
  /** Left out: of all. */
  readonly organization: Organization | undefined;
  readonly connectionId: Connection['id'] | undefined;
  readonly entries: readonly HistoryEntry[];
  /** The organizations of the records, where they are of all. */
  readonly organizations: Organizations | undefined;
  readonly connections: ReadonlyMap<string, Connection>;
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

async function connectionsOf(
  store: Store,
  entries: readonly HistoryEntry[],
): Promise<Map<string, Connection>> {
  const ids = new Set(entries.map(({ record }) => record.connectionId).filter((id) => id !== undefined));
  const found = await Promise.all([...ids].map((id) => store.connectionForCallback(id)));
  return new Map(found.flatMap((connection) => (connection ? [[connection.id, connection]] : [])));
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
        {found.entries.length === 0 ? <p class="section muted">{texts.none}</p> : <AuditTable {...found} />}
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

function AuditTable({ entries, organizations, connections }: Found) {
  const { audit: texts, organization } = useTexts().operator;
  const titles = [
    texts.event,
    ...(organizations ? [organization] : []),
    texts.connection,
    texts.by,
    texts.time,
  ];
  return (
    <Table label={texts.title} titles={titles}>
      {entries.map((entry) => {
        const { organizationId, connectionId, at } = entry.record;
        const audit = `/operator/organizations/${organizationId}/audit`;
        return (
          <tr role="row">
            <EventCell {...entry} />
            {organizations && <OrganizationCell organization={organizations.get(organizationId)} />}
            <Cell label={texts.connection}>
              {connectionId && (
                <Link path={`${audit}?connection=${connectionId}`}>
                  {connections.get(connectionId)?.name ?? connectionId}
                </Link>
              )}
            </Cell>
            <ActorCell {...entry} />
            <Cell label={texts.time}>
              <Time iso={at} />
            </Cell>
          </tr>
        );
      })}
    </Table>
  );
}

const EventCell = ({ record, title, outcome, why, look, details }: HistoryEntry) => (
  <Cell kind="name">
    <b title={record.action}>{title}</b>
    {(outcome ?? why) && (
      <span class={look === 'danger' ? 'reason' : 'note'}>{[outcome, why].filter(Boolean).join(': ')}</span>
    )}
    {details && <span class="note break">{details}</span>}
  </Cell>
);

function ActorCell({ record: { actor }, person }: HistoryEntry) {
  const { by, who } = useTexts().operator.audit;
  const key =
    'id' in actor && actor.kind !== 'web_session' ? ('name' in actor && actor.name) || actor.id : undefined;
  return (
    <Cell label={by}>
      {who[actor.kind]}
      {(person ?? key) && <div class="break faint">{person ?? key}</div>}
    </Cell>
  );
}
