import type { Request, Router } from 'express';
import type { Connection } from '../../domain/connection.js';
import { RolebridgeError } from '../../domain/errors.js';
import { isConnectionId, isOrganizationId } from '../../domain/ids.js';
import { isListed, type Organization } from '../../domain/organization.js';
import type { Store } from '../../domain/ports.js';
import { ButtonLink, Crumbs, Time } from '../components/basics.js';
import { CopyRows } from '../components/code.js';
import { Timeline } from '../components/timeline.js';
import { type HistoryEntry, historyOf } from '../history.js';
import { PageHead } from '../layout.js';
import { usePage, useTexts } from '../page-context.js';
import { queried, type Site, sendPage, textsOf } from '../site.js';
import { OrganizationStatus } from './organizations.js';
import { OperatorTable } from './table.js';

/** One organization: its connections, and what happened there last. */
export function addOrganizationPage(pages: Router, site: Site): void {
  const { store } = site.deps;
  pages.get('/organizations/:id', async (request: Request<{ id: string }>, response) => {
    const organization = await listedOrganization(store, request.params.id);
    const asked = queried(request, 'connection');
    const connectionId = isConnectionId(asked) ? asked : undefined;
    const { connections, hasMore } = await store.connections(organization.id, {
      limit: 100,
      withoutReports: true,
    });
    const { records } = await store.auditRecords(organization.id, { limit: 20, connectionId });
    return sendPage(
      site,
      response,
      { title: organization.name, isOperator: true },
      <OrganizationView
        organization={organization}
        connections={connections}
        hasMore={hasMore}
        history={historyOf(records, textsOf(site, response))}
      />,
    );
  });
}

/** @throws RolebridgeError `not_found` */
export async function listedOrganization(store: Store, id: string): Promise<Organization> {
  const organization = isOrganizationId(id) ? await store.organization(id) : undefined;
  if (organization !== undefined && isListed(organization)) return organization;
  throw new RolebridgeError('not_found', 'There is no organization with this id.');
}

function OrganizationView(props: {
  organization: Organization;
  connections: readonly Connection[];
  hasMore: boolean;
  history: readonly HistoryEntry[];
}) {
  const { operator: texts } = useTexts();
  const { operator: session } = usePage();
  const { organization, connections } = props;
  return (
    <>
      <Crumbs links={[['/operator/organizations', texts.organizations]]} here={organization.name} />
      <PageHead
        title={organization.name}
        beside={<OrganizationStatus isSuspended={organization.suspendedAt !== undefined} />}
        lead={
          <>
            {texts.since} <Time iso={organization.createdAt} />
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
        <section class="card" aria-labelledby="connections">
          <div class="card-head">
            <h2 id="connections">{texts.title}</h2>
          </div>
          {connections.length === 0 ? (
            <p class="section muted">{texts.noConnections}</p>
          ) : (
            <OperatorTable
              rows={connections.map((connection) => ({ connection, organization }))}
              hidesOrganization
            />
          )}
          {props.hasMore && <p class="card-foot">{texts.first100}</p>}
        </section>
        <section class="card" aria-labelledby="history">
          <div class="card-head">
            <h2 id="history">{texts.history}</h2>
          </div>
          <div class="section">
            <Timeline entries={props.history} />
          </div>
        </section>
      </div>
    </>
  );
}
