import type { ShownEndpoint } from '../../actions/webhook-endpoints.js';
import { deliveryView } from '../../api/webhooks/shared.js';
import type { OutboxMessage } from '../../domain/ports.js';
import { PostButton, Time } from '../components/basics.js';
import { TableHead } from '../components/table-head.js';
import { usePage, useTexts } from '../page-context.js';
import { OrganizationCell, type Organizations } from './organizations.js';

export const deliveryOf = (message: OutboxMessage, endpoint: ShownEndpoint) => ({
  ...deliveryView(message),
  organizationId: message.organizationId,
  endpoint,
});
export type Delivery = ReturnType<typeof deliveryOf>;

const badges = { failed: 'badge badge-danger', pending: 'badge', delivered: 'badge badge-ok' } as const;

export function DeliveryTable(props: {
  rows: readonly Delivery[];
  organizations: Organizations | undefined;
}) {
  const { operator, list } = useTexts();
  const { webhooks: texts } = operator;
  const titles = [
    texts.event,
    list.columns.status,
    ...(props.organizations ? [operator.organization] : []),
    texts.endpoint,
    texts.attempts,
    texts.lastAnswer,
    texts.created,
  ];
  return (
    <table class="table" role="table" aria-label={texts.title}>
      <TableHead titles={titles} hasAction />
      <tbody role="rowgroup">
        {props.rows.map((delivery) => (
          <DeliveryRow {...delivery} organizations={props.organizations} />
        ))}
      </tbody>
    </table>
  );
}

function DeliveryRow({
  id,
  type,
  organizationId,
  endpoint,
  lastAttempt,
  organizations,
  ...row
}: Delivery & { organizations: Organizations | undefined }) {
  const { webhooks: texts } = useTexts().operator;
  const { path } = usePage();
  return (
    <tr role="row">
      <td role="cell" class="cell-name">
        <code class="break" title={id}>
          {type}
        </code>
      </td>
      <td role="cell" class="cell-status">
        <span class={badges[row.status]}>{texts.statuses[row.status]}</span>
      </td>
      {organizations && <OrganizationCell organization={organizations.get(organizationId)} />}
      {/* The rest of an address can be a secret. */}
      <td role="cell" data-label={texts.endpoint}>
        {new URL(endpoint.url).host}
      </td>
      <td role="cell" data-label={texts.attempts}>
        {row.attempts}
      </td>
      <td role="cell" data-label={texts.lastAnswer} data-empty={lastAttempt ? undefined : ''}>
        {lastAttempt && <span lang="en">{lastAttempt.reason ?? `HTTP ${lastAttempt.status}`}</span>}
      </td>
      <td role="cell" data-label={texts.created}>
        <Time iso={row.createdAt} />
      </td>
      <td role="cell" class="cell-wide" data-empty={row.status === 'pending' ? '' : undefined}>
        {row.status !== 'pending' && (
          <PostButton
            path={`${path}/replay`}
            fields={{ id, endpoint: endpoint.id }}
            size="sm"
            label={texts.replayThe(type)}
          >
            {texts.replay}
          </PostButton>
        )}
      </td>
    </tr>
  );
}
