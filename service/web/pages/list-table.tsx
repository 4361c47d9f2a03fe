import { type Connection, permissionSetOf } from '../../domain/connection.js';
import { mayOpen } from '../access.js';
import { ButtonLink, Link } from '../components/basics.js';
import { AccountCell, CheckedCell, Reason, StatusCell } from '../components/connection-cells.js';
import { ScopePath } from '../components/scope.js';
import { Cell, Table } from '../components/table.js';
import { usePage, useTexts } from '../page-context.js';
import { addressOf, type Sort, type Wanted } from './list-query.js';

export function ConnectionTable(props: {
  wanted: Wanted;
  connections: readonly Connection[];
  isTwice: (name: string) => boolean;
}) {
  const { connections, columns } = useTexts().list;
  const hasSets = props.connections.some((connection) => permissionSetOf(connection) !== undefined);
  const sorted = (sort: Sort) => ({
    title: columns[sort],
    path: addressOf(props.wanted, { sort }),
    isSorted: sort === props.wanted.sort,
  });
  const titles = [
    ...(['name', 'status', 'account'] as const).map(sorted),
    columns.scope,
    ...(hasSets ? [columns.permissions] : []),
    sorted('checked'),
  ];
  return (
    <Table label={connections} titles={titles} hasAction>
      {props.connections.map((connection) => (
        <tr role="row">
          <NameCell connection={connection} isTwice={props.isTwice(connection.name)} />
          <StatusCell connection={connection} />
          <AccountCell connection={connection} />
          <ScopeCell connection={connection} />
          {hasSets && <PermissionsCell connection={connection} />}
          <CheckedCell connection={connection} />
          <ActionCell connection={connection} />
        </tr>
      ))}
    </Table>
  );
}

const useMayConnect = () => mayOpen(usePage().session, 'GET /connections/:id/setup');

function NameCell({ connection, isTwice }: { connection: Connection; isTwice: boolean }) {
  const { id, name, status } = connection;
  const leadsToSetup = status === 'pending' && useMayConnect();
  return (
    <Cell kind="name">
      <Link kind="row-link" path={leadsToSetup ? `/connections/${id}/setup` : `/connections/${id}`}>
        {name}
      </Link>
      <Reason connection={connection} />
      {isTwice && <span class="note">{useTexts().list.sameName}</span>}
    </Cell>
  );
}

function ScopeCell({ connection: { scopes } }: { connection: Connection }) {
  const { columns, noScope } = useTexts().list;
  return (
    <Cell label={columns.scope}>
      {scopes.length === 0 && <span class="faint">{noScope}</span>}
      {scopes.slice(0, 3).map((scope) => (
        <ScopePath scope={scope} />
      ))}
      {scopes.length > 3 && <span class="faint">+{scopes.length - 3}</span>}
    </Cell>
  );
}

/** The permission set, and whether there is a newer version. */
function PermissionsCell({ connection }: { connection: Connection }) {
  const { list, sets } = useTexts();
  const set = permissionSetOf(connection);
  return (
    <Cell label={list.columns.permissions}>
      {set && sets.label(set.name, set.version)}
      {set?.newest !== undefined && (
        <span class="badge badge-plain badge-accent">{list.newer(set.newest)}</span>
      )}
    </Cell>
  );
}

/** The one thing to do next, where there is one. */
function ActionCell({ connection }: { connection: Connection }) {
  const texts = useTexts().list;
  const { status, name, id, method } = connection;
  const path = `/connections/${id}`;
  const isBehind = status === 'connected' && permissionSetOf(connection)?.newest !== undefined;
  const [to, title, label] =
    status === 'pending'
      ? [`${path}/setup`, texts.continue, texts.continueThe(name)]
      : status === 'failed'
        ? [method === 'access_key' ? path : `${path}/setup`, texts.fix, texts.fixThe(name)]
        : isBehind
          ? [path, texts.review, texts.reviewThe(name)]
          : [];
  return (
    <Cell kind="wide">
      {useMayConnect() && to && (
        <ButtonLink path={to} size="sm" label={label}>
          {title}
        </ButtonLink>
      )}
    </Cell>
  );
}
