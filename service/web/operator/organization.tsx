import type { Request, Router } from 'express';
import type { Connection } from '../../domain/connection.js';
import { RolebridgeError } from '../../domain/errors.js';
import { isConnectionId, isOrganizationId } from '../../domain/ids.js';
import type { OperatorPermission } from '../../domain/operator.js';
import { isListed, type Organization } from '../../domain/organization.js';
import type { Store } from '../../domain/ports.js';
import { ButtonLink, Crumbs, Time, useHref } from '../components/basics.js';
import { CopyRows } from '../components/code.js';
import { Timeline } from '../components/timeline.js';
import { type HistoryEntry, historyOf, personsOf } from '../history.js';
import { PageHead } from '../layout.js';
import { usePage, useTexts } from '../page-context.js';
import { queried, type Site, sendPage, textsOf, withQuery } from '../site.js';
import { OrganizationStatus } from './organizations.js';
import type { OperatorSession } from './session.js';
import { OperatorTable } from './table.js';

/** One organization: its connections, and what happened there last. */
export function addOrganizationPage(pages: Router, site: Site): void {
  const { store } = site.deps;
  pages.get('/organizations/:id', async (request: Request<{ id: string }>, response) => {
    const organization = await listedOrganization(store, request.params.id);
    const connectionId = [queried(request, 'connection')].find(isConnectionId);
    const { operator }: OperatorSession = response.locals.operator;
    const may = (permission: OperatorPermission) => operator.permissions.includes(permission);
    const found = may('connections:read')
      ? await store.connections(organization.id, { limit: 100, withoutReports: true })
      : undefined;
    const history = may('audit:read')
      ? (await store.auditRecords(organization.id, { limit: 20, connectionId })).records
      : undefined;
    return sendPage(
      site,
      response,
      { title: organization.name, isOperator: true },
      <OrganizationView
        organization={organization}
        found={found}
        history={history && historyOf(history, textsOf(site, response), await personsOf(site.deps, history))}
        auditPath={withQuery(`/operator/organizations/${organization.id}/audit`, {
          connection: connectionId,
        })}
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
  history: readonly HistoryEntry[] | undefined;
  auditPath: string;
}) {
  const { operator: texts } = useTexts();
  const { operator: session } = usePage();
  const { organization, found, history } = props;
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
        {found && (
          <section class="card" aria-labelledby="connections">
            <div class="card-head">
              <h2 id="connections">{texts.title}</h2>
            </div>
            {found.connections.length === 0 ? (
              <p class="section muted">{texts.noConnections}</p>
            ) : (
              <OperatorTable
                rows={found.connections.map((connection) => ({ connection, organization }))}
                hidesOrganization
              />
            )}
            {found.hasMore && <p class="card-foot">{texts.first100}</p>}
          </section>
        )}
        {history && (
          <section class="card" aria-labelledby="history">
            <div class="card-head">
              <h2 id="history">{texts.history}</h2>
              <a class="small" href={useHref()(props.auditPath)}>
                {texts.audit.title}
              </a>
            </div>
            <div class="section">
              <Timeline entries={history} />
            </div>
          </section>
        )}
      </div>
    </>
  );
}
