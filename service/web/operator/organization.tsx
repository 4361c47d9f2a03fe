import type { Connection } from '../../domain/connection.js';
import { RolebridgeError } from '../../domain/errors.js';
import { type ConnectionId, isConnectionId, isOrganizationId } from '../../domain/ids.js';
import type { OperatorPermission } from '../../domain/operator.js';
import { isListed, type Organization } from '../../domain/organization.js';
import type { Store } from '../../domain/ports.js';
import { ButtonLink, Card, Link, Time } from '../components/basics.js';
import { CopyRows } from '../components/code.js';
import { historyOf, personsOf } from '../history.js';
import { Crumbs, PageHead } from '../layout.js';
import { usePage, useTexts } from '../page-context.js';
import { type Routes, type Visit, withQuery } from '../site.js';
import { AuditTable, type AuditTableProps, connectionsOf } from './audit-table.js';
import { OrganizationStatus } from './organizations.js';
import { OperatorTable } from './table.js';

/** One organization: its connections, and what happened there last. */
export function addOrganizationPage(routes: Routes): void {
  const { deps } = routes.site;
  routes.get('/organizations/:id', async (visit) => {
    const organization = await listedOrganization(deps.store, visit.id);
    const connectionId = [visit.queried('connection')].find(isConnectionId);
    const may = (permission: OperatorPermission) => visit.operator.permissions.includes(permission);
    const found = may('connections:read')
      ? await firstConnections(deps.store, organization, connectionId)
      : undefined;
    return visit.send(
      <OrganizationView
        organization={organization}
        found={found}
        history={may('audit:read') ? await newestEvents(visit, organization, connectionId) : undefined}
        auditPath={withQuery(`/operator/organizations/${organization.id}/audit`, {
          connection: connectionId,
        })}
      />,
    );
  });
}

/** The first connections; the one that the address names is always among them. */
async function firstConnections(
  store: Store,
  { id }: Organization,
  named: ConnectionId | undefined,
): Promise<{ readonly connections: readonly Connection[]; readonly hasMore: boolean }> {
  const { connections, hasMore } = await store.connections(id, { limit: 100, withoutReports: true });
  const isListed = connections.some((connection) => connection.id === named);
  const missing = named && !isListed ? await store.connection(id, named) : undefined;
  return { connections: missing ? [missing, ...connections] : connections, hasMore };
}

async function newestEvents(
  { site: { deps }, texts }: Visit,
  { id }: Organization,
  connectionId: ConnectionId | undefined,
): Promise<AuditTableProps> {
  const { records } = await deps.store.auditRecords(id, { limit: 20, connectionId });
  const entries = historyOf(records, texts, await personsOf(deps, records));
  return { entries, connections: await connectionsOf(deps.store, entries) };
}

/** @throws RolebridgeError `not_found` */
export async function listedOrganization(store: Store, id: string): Promise<Organization> {
  const organization = isOrganizationId(id) ? await store.organization(id) : undefined;
  if (organization !== undefined && isListed(organization)) return organization;
  throw new RolebridgeError('not_found', 'There is no organization with this id.');
}

/** The way to a page about one thing of an organization. */
export const OrganizationCrumbs = (props: {
  organization: Organization;
  more?: readonly (readonly [string, string])[];
  here: string;
}) => (
  <Crumbs
    links={[
      ['/operator/organizations', useTexts().operator.organizations],
      [`/operator/organizations/${props.organization.id}`, props.organization.name],
      ...(props.more ?? []),
    ]}
    here={props.here}
  />
);

function OrganizationView(props: {
  organization: Organization;
  /** Undefined: the operator may not see them. */
  found: { readonly connections: readonly Connection[]; readonly hasMore: boolean } | undefined;
  history: AuditTableProps | undefined;
  auditPath: string;
}) {
  const { operator: texts, list, connection } = useTexts();
  const { operator: session } = usePage();
  const { organization, found, history } = props;
  return (
    <>
      <Crumbs links={[['/operator/organizations', texts.organizations]]} here={organization.name} />
      <PageHead
        title={organization.name}
        beside={<OrganizationStatus organization={organization} />}
        lead={
          <>
            {connection.created} <Time iso={organization.createdAt} />
          </>
        }
      >
        {session?.operator.permissions.includes('webhooks:write') && (
          <ButtonLink path={`/operator/organizations/${organization.id}/webhooks`}>
            {texts.webhooks.title}
          </ButtonLink>
        )}
      </PageHead>
      <div class="stack stack-6">
        <CopyRows
          rows={[
            [texts.organizationId, organization.id],
            ...(organization.reference ? [[texts.reference, organization.reference] as const] : []),
            ...Object.entries(organization.metadata ?? {}),
          ]}
        />
        {found && (
          <Card id="connections" title={list.connections}>
            {found.connections.length === 0 ? (
              <p class="section muted">{texts.noConnections}</p>
            ) : (
              <OperatorTable
                rows={found.connections.map((connection) => ({ connection, organization }))}
                hidesOrganization
              />
            )}
            {found.hasMore && <p class="card-foot">{texts.first100}</p>}
          </Card>
        )}
        {history && (
          <Card
            id="history"
            title={connection.history}
            beside={
              <Link kind="small" path={props.auditPath}>
                {texts.audit.title}
              </Link>
            }
          >
            <AuditTable {...history} />
          </Card>
        )}
      </div>
    </>
  );
}
