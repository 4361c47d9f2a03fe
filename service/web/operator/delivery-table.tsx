import type { ShownEndpoint } from '../../actions/webhook-endpoints.js';
import { deliveryView } from '../../api/webhooks/shared.js';
import type { OutboxMessage } from '../../domain/ports.js';
import { PostButton, Time } from '../components/basics.js';
import { Cell, Table } from '../components/table.js';
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
    operator.audit.event,
    list.columns.status,
    ...(props.organizations ? [operator.organization] : []),
    texts.endpoint,
    texts.attempts,
    texts.lastAnswer,
    operator.audit.time,
  ];
  return (
    <Table label={texts.title} titles={titles} hasAction>
      {props.rows.map((delivery) => (
        <DeliveryRow {...delivery} organizations={props.organizations} />
      ))}
    </Table>
  );
}

function DeliveryRow(row: Delivery & { organizations: Organizations | undefined }) {
  const { webhooks: texts, audit } = useTexts().operator;
  const { id, type, status, endpoint, lastAttempt, organizations } = row;
  return (
    <tr role="row">
      <Cell kind="name">
        <code class="break" title={id}>
          {type}
        </code>
      </Cell>
      <Cell kind="status">
        <span class={badges[status]}>{texts.statuses[status]}</span>
      </Cell>
      {organizations && <OrganizationCell organization={organizations.get(row.organizationId)} />}
      {/* The rest of an address can be a secret. */}
      <Cell label={texts.endpoint}>{new URL(endpoint.url).host}</Cell>
      <Cell label={texts.attempts}>{row.attempts}</Cell>
      <Cell label={texts.lastAnswer}>
        {lastAttempt && <span lang="en">{lastAttempt.reason ?? `HTTP ${lastAttempt.status}`}</span>}
      </Cell>
      <Cell label={audit.time}>
        <Time iso={row.createdAt} />
      </Cell>
      <Cell kind="wide">
        {status !== 'pending' && (
          <PostButton
            path={`${usePage().path}/replay`}
            fields={{ id, endpoint: endpoint.id }}
            size="sm"
            label={texts.replayThe(type)}
          >
            {texts.replay}
          </PostButton>
        )}
      </Cell>
    </tr>
  );
}
