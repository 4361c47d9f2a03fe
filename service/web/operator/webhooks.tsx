import { listDeliveries, replayDelivery } from '../../actions/webhook-deliveries.js';
import { listWebhookEndpoints } from '../../actions/webhook-endpoints.js';
import type { OrganizationId } from '../../domain/ids.js';
import { operatorActor } from '../../domain/operator.js';
import { type Organization, operatorOrganizationId } from '../../domain/organization.js';
import type { OutboxMessage } from '../../domain/ports.js';
import { Chips, NoneFound } from '../components/filters.js';
import { Pages } from '../components/pages.js';
import { PageHead } from '../layout.js';
import { usePage, useTexts } from '../page-context.js';
import { type Routes, type Site, type Visit, withQuery } from '../site.js';
import { type Delivery, DeliveryTable, deliveryOf } from './delivery-table.js';
import { listedOrganization, OrganizationCrumbs } from './organization.js';
import type { Organizations } from './organizations.js';

const pageSize = 50;
const statuses = ['failed', 'pending', 'delivered'] as const;
type Status = (typeof statuses)[number];

/** The filters of the list; the address has all of them. */
interface Wanted {
  /** Undefined: all. */
  readonly status: Status | undefined;
  /** The last delivery of the page before: its id and its endpoint's. */
  readonly after: Pick<OutboxMessage, 'id' | 'endpoint'> | undefined;
}

interface Deliveries extends Wanted {
  readonly rows: readonly Delivery[];
  readonly hasMore: boolean;
  readonly hasEndpoints: boolean;
}

/** Deliveries to the endpoints for all organizations, and to those of one. */
export function addWebhookPages(routes: Routes): void {
  const { site } = routes;
  const { store } = site.deps;

  routes.get('/webhooks', async (visit) => {
    const found = await newestDeliveries(site, operatorOrganizationId, wantedIn(visit));
    const ids = new Set(found.rows.map(({ organizationId }) => organizationId));
    return visit.send(<WebhooksView {...found} organizations={await store.organizationsById([...ids])} />);
  });

  routes.get('/organizations/:id/webhooks', async (visit) => {
    const organization = await listedOrganization(store, visit.id);
    const found = await newestDeliveries(site, organization.id, wantedIn(visit));
    return visit.send(<WebhooksView {...found} organization={organization} />);
  });

  routes.post('/webhooks/replay', (visit) => replay(visit, operatorOrganizationId, '/operator/webhooks'));

  routes.post('/organizations/:id/webhooks/replay', async (visit) => {
    const { id } = await listedOrganization(store, visit.id);
    return replay(visit, id, `/operator/organizations/${id}/webhooks`);
  });

  async function replay(visit: Visit, organizationId: OrganizationId, path: string): Promise<void> {
    const by = { actor: operatorActor(visit.operator), requestId: visit.requestId };
    await replayDelivery(site.deps, by, { organizationId }, visit.field('endpoint'), visit.field('id'));
    return visit.seeOther(`${path}?done=replayed`);
  }
}

function wantedIn(visit: Visit): Wanted {
  const [id, endpoint] = visit.queried('after').split(' ');
  return {
    status: statuses.find((each) => each === visit.queried('status')),
    after: id && endpoint ? { id, endpoint } : undefined,
  };
}

/** The deliveries to all endpoints of the organization, newest first. */
async function newestDeliveries(
  { deps }: Site,
  organizationId: OrganizationId,
  wanted: Wanted,
): Promise<Deliveries> {
  const owner = { organizationId };
  const endpoints = await listWebhookEndpoints(deps, owner);
  const lists = await Promise.all(
    endpoints.map(async (endpoint) => {
      const page = await listDeliveries(deps, owner, endpoint.id, { ...wanted, limit: pageSize });
      return { ...page, deliveries: page.deliveries.map((each) => deliveryOf(each, endpoint)) };
    }),
  );
  // The order of the store, in which the next page starts where this one ends.
  const all = lists
    .flatMap(({ deliveries }) => deliveries)
    .sort(
      (one, other) => other.createdAt.localeCompare(one.createdAt) || (keyOf(one) < keyOf(other) ? -1 : 1),
    );
  return {
    ...wanted,
    rows: all.slice(0, pageSize),
    hasMore: all.length > pageSize || lists.some(({ hasMore }) => hasMore),
    hasEndpoints: endpoints.length > 0,
  };
}

const keyOf = ({ id, endpoint }: Delivery): string => `${id} ${endpoint.id}`;

function WebhooksView({
  organization,
  organizations,
  ...found
}: Deliveries & { organization?: Organization; organizations?: Organizations }) {
  const { operator, list } = useTexts();
  const { webhooks: texts } = operator;
  const { path } = usePage();
  const { hasEndpoints, status } = found;
  return (
    <>
      {organization && <OrganizationCrumbs organization={organization} here={texts.title} />}
      <PageHead title={texts.title} of={organization?.name} lead={organization ? texts.leadOf : texts.lead} />
      <section class="card" aria-label={texts.title}>
        {hasEndpoints && (
          <div class="filters">
            <Chips
              label={texts.filter}
              chosen={status}
              chips={[undefined, ...statuses].map((each) => ({
                status: each,
                path: withQuery(path, { status: each }),
                title: each ? texts.statuses[each] : list.all,
              }))}
            />
          </div>
        )}
        {found.rows.length > 0 ? (
          <DeliveryTable rows={found.rows} organizations={organizations} />
        ) : hasEndpoints && status ? (
          <NoneFound text={texts.noMatch} path={path} />
        ) : (
          <p class="section muted">{hasEndpoints ? texts.noDeliveries : texts.noEndpoints}</p>
        )}
        <DeliveryPages {...found} />
      </section>
    </>
  );
}

function DeliveryPages({ status, after, hasMore, rows }: Deliveries) {
  const texts = useTexts().operator.webhooks;
  const { path } = usePage();
  const last = rows.at(-1);
  if (after === undefined && !hasMore) return null;
  return (
    <div class="card-foot">
      <Pages
        previous={after && withQuery(path, { status })}
        next={hasMore && last ? withQuery(path, { status, after: keyOf(last) }) : undefined}
        titles={[texts.newest, texts.older]}
      />
    </div>
  );
}
