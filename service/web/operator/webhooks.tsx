import type { Request, Response, Router } from 'express';
import { listDeliveries, replayDelivery } from '../../actions/webhook-deliveries.js';
import { listWebhookEndpoints } from '../../actions/webhook-endpoints.js';
import type { OrganizationId } from '../../domain/ids.js';
import { operatorActor } from '../../domain/operator.js';
import { type Organization, operatorOrganizationId } from '../../domain/organization.js';
import type { OutboxMessage } from '../../domain/ports.js';
import { useHref } from '../components/basics.js';
import { Pages } from '../components/pages.js';
import { PageHead } from '../layout.js';
import { usePage, useTexts } from '../page-context.js';
import { field, noticeOf, queried, type Site, seeOther, sendPage, textsOf, withQuery } from '../site.js';
import { type Delivery, DeliveryTable, deliveryOf } from './delivery-table.js';
import { listedOrganization, OrganizationCrumbs } from './organization.js';
import type { Organizations } from './organizations.js';
import type { OperatorSession } from './session.js';

const pageSize = 50;
const statuses = ['failed', 'pending', 'delivered'] as const;
type Status = (typeof statuses)[number];

/** Which deliveries are shown; the address says all of it. */
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
export function addWebhookPages(pages: Router, site: Site): void {
  const { store } = site.deps;

  pages.get('/webhooks', async (request, response) => {
    const found = await newestDeliveries(site, operatorOrganizationId, wantedIn(request));
    const ids = found.rows.map(({ organizationId }) => organizationId);
    const { title } = textsOf(site, response).operator.webhooks;
    return sendPage(
      site,
      response,
      { title, isOperator: true, notice: noticeOf(site, request, response) },
      <WebhooksView {...found} organizations={await store.organizationsById([...new Set(ids)])} />,
    );
  });

  pages.get('/organizations/:id/webhooks', async (request: OfOrganization, response) => {
    const organization = await listedOrganization(store, request.params.id);
    const found = await newestDeliveries(site, organization.id, wantedIn(request));
    const { title } = textsOf(site, response).operator.webhooks;
    return sendPage(
      site,
      response,
      {
        title: `${title}, ${organization.name}`,
        isOperator: true,
        notice: noticeOf(site, request, response),
      },
      <WebhooksView {...found} organization={organization} />,
    );
  });

  pages.post('/webhooks/replay', (request, response) =>
    replay(request, response, operatorOrganizationId, '/operator/webhooks'),
  );

  pages.post('/organizations/:id/webhooks/replay', async (request: OfOrganization, response) => {
    const { id } = await listedOrganization(store, request.params.id);
    return replay(request, response, id, `/operator/organizations/${id}/webhooks`);
  });

  async function replay(
    request: Request,
    response: Response,
    organizationId: OrganizationId,
    path: string,
  ): Promise<void> {
    const { operator }: OperatorSession = response.locals.operator;
    const by = { actor: operatorActor(operator), requestId: response.locals.requestId };
    const owner = { organizationId };
    await replayDelivery(site.deps, by, owner, field(request, 'endpoint'), field(request, 'id'));
    return seeOther(site, response, `${path}?done=replayed`);
  }
}

type OfOrganization = Request<{ id: string }>;

function wantedIn(request: OfOrganization | Request): Wanted {
  const [id, endpoint] = queried(request, 'after').split(' ');
  return {
    status: statuses.find((each) => each === queried(request, 'status')),
    after: id && endpoint ? { id, endpoint } : undefined,
  };
}

/** Of all endpoints of the organization together. */
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
  // As the store has them, so that the next page begins where this one ends.
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
  const href = useHref();
  const { path } = usePage();
  const none = found.hasEndpoints ? (found.status ? texts.noMatch : texts.noDeliveries) : texts.noEndpoints;
  return (
    <>
      {organization && <OrganizationCrumbs organization={organization} here={texts.title} />}
      <PageHead title={texts.title} lead={organization ? texts.leadOf : texts.lead} />
      <section class="card" aria-label={texts.title}>
        {found.hasEndpoints && <StatusChips status={found.status} />}
        {found.rows.length === 0 ? (
          <p class="section none">
            {none} {found.hasEndpoints && found.status && <a href={href(path)}>{list.showAll}</a>}
          </p>
        ) : (
          <DeliveryTable rows={found.rows} organizations={organizations} />
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

function StatusChips({ status }: { status: Status | undefined }) {
  const { operator, list } = useTexts();
  const { webhooks: texts } = operator;
  const { path } = usePage();
  const href = useHref();
  return (
    <div class="filters">
      <nav aria-label={texts.filter}>
        <ul class="chips">
          {[undefined, ...statuses].map((each) => (
            <li>
              <a
                href={href(withQuery(path, { status: each }))}
                aria-current={each === status ? 'page' : undefined}
              >
                {each ? texts.statuses[each] : list.all}
              </a>
            </li>
          ))}
        </ul>
      </nav>
    </div>
  );
}
