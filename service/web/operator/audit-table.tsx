import type { Connection } from '../../domain/connection.js';
import type { Store } from '../../domain/ports.js';
import { Link, Time } from '../components/basics.js';
import { Cell, Table } from '../components/table.js';
import type { HistoryEntry } from '../history.js';
import { useTexts } from '../page-context.js';
import { OrganizationCell, type Organizations } from './organizations.js';

export interface AuditTableProps {
  readonly entries: readonly HistoryEntry[];
  /** The organizations of the records, where they are of all. */
  readonly organizations?: Organizations | undefined;
  readonly connections: ReadonlyMap<string, Connection>;
}

/** The audit log as rows. */
export function AuditTable({ entries, organizations, connections }: AuditTableProps) {
  const { audit: texts, organization } = useTexts().operator;
  const titles = [
    texts.event,
    ...(organizations ? [organization] : []),
    texts.connection,
    texts.by,
    texts.time,
  ];
  if (entries.length === 0) return <p class="section muted">{texts.none}</p>;
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

/** The connections that the entries are about. */
export async function connectionsOf(
  store: Store,
  entries: readonly HistoryEntry[],
): Promise<Map<string, Connection>> {
  const ids = new Set(entries.map(({ record }) => record.connectionId).filter((id) => id !== undefined));
  const found = await Promise.all([...ids].map((id) => store.connectionForCallback(id)));
  return new Map(found.flatMap((connection) => (connection ? [[connection.id, connection]] : [])));
}
