import type { Request, Response, Router } from 'express';
import type { Connection } from '../../domain/connection.js';
import { isAuditId, isConnectionId } from '../../domain/ids.js';
import type { Organization } from '../../domain/organization.js';
import type { Store } from '../../domain/ports.js';
import { Time, useHref } from '../components/basics.js';
import { Pages } from '../components/pages.js';
import { TableHead } from '../components/table-head.js';
import { type HistoryEntry, historyOf, personsOf } from '../history.js';
import { PageHead } from '../layout.js';
import { usePage, useTexts } from '../page-context.js';
import { queried, type Site, sendPage, textsOf, withQuery } from '../site.js';
import { listedOrganization, OrganizationCrumbs } from './organization.js';
import { OrganizationCell, type Organizations } from './organizations.js';

const pageSize = 50;

interface Found {
  /** Left out: of all. */
  readonly organization?: Organization | undefined;
  readonly connectionId: Connection['id'] | undefined;
  readonly entries: readonly HistoryEntry[];
  /** Of the records, where they are of all. */
  readonly organizations: Organizations | undefined;
  readonly connections: ReadonlyMap<string, Connection>;
  readonly isNewest: boolean;
  /** The last record of this page, where there are older ones. */
  readonly last: string | undefined;
}

/** The audit log of all organizations, and that of one. */
export function addAuditPages(pages: Router, site: Site): void {
  const { store } = site.deps;

  pages.get('/audit', (request, response) => sendAudit(request, response));
  pages.get('/organizations/:id/audit', async (request: Request<{ id: string }>, response) =>
    sendAudit(request, response, await listedOrganization(store, request.params.id)),
  );

  async function sendAudit(
    request: Request<{ id: string }> | Request,
    response: Response,
    organization?: Organization,
  ): Promise<void> {
    const before = [queried(request, 'before')].find(isAuditId);
    const connectionId = organization && [queried(request, 'connection')].find(isConnectionId);
    const page = { limit: pageSize, before, connectionId };
    const { records, hasMore } = await store.auditRecords(organization?.id, page);
    const texts = textsOf(site, response);
    const entries = historyOf(records, texts, await personsOf(site.deps, records));
    const found: Found = {
      organization,
      connectionId,
      entries,
      organizations: organization
        ? undefined
        : await store.organizationsById(records.map((record) => record.organizationId)),
      connections: await connectionsOf(store, entries),
      isNewest: before === undefined,
      last: hasMore ? records.at(-1)?.id : undefined,
    };
    const { title } = texts.operator.audit;
    const head = { title: organization ? `${title}, ${organization.name}` : title, isOperator: true };
    return sendPage(site, response, head, <AuditView {...found} />);
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
  const { operator } = useTexts();
  const { audit: texts } = operator;
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
        lead={connectionId ? texts.leadOfConnection : organization ? texts.leadOf : texts.lead}
      />
      <section class="card" aria-label={texts.title}>
        {found.entries.length === 0 ? <p class="section none">{texts.none}</p> : <AuditTable {...found} />}
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
  const { operator } = useTexts();
  const { audit: texts } = operator;
  const titles = [
    texts.event,
    ...(organizations ? [operator.organization] : []),
    texts.connection,
    texts.by,
    texts.time,
  ];
  return (
    <table class="table" role="table" aria-label={texts.title}>
      <TableHead titles={titles} />
      <tbody role="rowgroup">
        {entries.map((entry) => (
          <AuditRow
            entry={entry}
            organizations={organizations}
            connection={connections.get(entry.record.connectionId ?? '')}
          />
        ))}
      </tbody>
    </table>
  );
}

function AuditRow({
  entry,
  organizations,
  connection,
}: {
  entry: HistoryEntry;
  organizations: Organizations | undefined;
  connection: Connection | undefined;
}) {
  const { audit: texts } = useTexts().operator;
  const href = useHref();
  const { record } = entry;
  const { actor, connectionId } = record;
  const path = `/operator/organizations/${record.organizationId}`;
  const outcome = [entry.outcome, entry.why].filter(Boolean).join(': ');
  const by =
    'id' in actor && actor.kind !== 'web_session' ? ('name' in actor && actor.name) || actor.id : undefined;
  return (
    <tr role="row">
      <td role="cell" class="cell-name">
        <b title={record.action}>{entry.title}</b>
        {outcome && <span class={entry.look === 'danger' ? 'reason' : 'note'}>{outcome}</span>}
        {entry.details && <span class="note break">{entry.details}</span>}
      </td>
      {organizations && <OrganizationCell organization={organizations.get(record.organizationId)} />}
      <td role="cell" data-label={texts.connection} data-empty={connectionId ? undefined : ''}>
        {connectionId && (
          <a href={href(`${path}/audit?connection=${connectionId}`)}>{connection?.name ?? connectionId}</a>
        )}
      </td>
      <td role="cell" data-label={texts.by}>
        {texts.who[actor.kind]}
        {(entry.person ?? by) && <div class="break faint">{entry.person ?? by}</div>}
      </td>
      <td role="cell" data-label={texts.time}>
        <Time iso={record.at} />
      </td>
    </tr>
  );
}
