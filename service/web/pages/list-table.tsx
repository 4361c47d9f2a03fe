import { type Connection, permissionSetOf } from '../../domain/connection.js';
import { mayOpen } from '../access.js';
import { AccountCell } from '../components/account-cell.js';
import { ButtonLink, Time, useHref } from '../components/basics.js';
import { Reason } from '../components/reason.js';
import { ScopePath } from '../components/scope.js';
import { Status } from '../components/status.js';
import { TableHead } from '../components/table-head.js';
import { usePage, useTexts } from '../page-context.js';
import { addressOf, checkedAt, type Sort, type Wanted } from './list-query.js';

export function Table(props: {
  wanted: Wanted;
  connections: readonly Connection[];
  isTwice: (name: string) => boolean;
}) {
  const texts = useTexts().list;
  const { columns } = texts;
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
    <table class="table" role="table" aria-label={texts.connections}>
      <TableHead titles={titles} hasAction />
      <tbody role="rowgroup">
        {props.connections.map((connection) => (
          <Row connection={connection} hasSets={hasSets} isTwice={props.isTwice(connection.name)} />
        ))}
      </tbody>
    </table>
  );
}

function Row({
  connection,
  hasSets,
  isTwice,
}: {
  connection: Connection;
  hasSets: boolean;
  isTwice: boolean;
}) {
  const texts = useTexts().list;
  const { columns } = texts;
  const checked = checkedAt(connection);
  const path = `/connections/${connection.id}`;
  const mayConnect = mayOpen(usePage().session, 'GET /connections/:id/setup');
  const setup = mayConnect ? `${path}/setup` : path;
  const { status, name } = connection;
  return (
    <tr role="row">
      <td role="cell" class="cell-name">
        <a class="row-link" href={useHref()(status === 'pending' ? setup : path)}>
          {name}
        </a>
        <Reason connection={connection} />
        {isTwice && <span class="note">{texts.sameName}</span>}
      </td>
      <td role="cell" class="cell-status">
        <Status connection={connection} />
      </td>
      <AccountCell connection={connection} />
      <td role="cell" data-label={columns.scope}>
        {connection.scopes.length === 0 ? (
          <span class="faint">{texts.noScope}</span>
        ) : (
          connection.scopes.slice(0, 3).map((scope) => <ScopePath scope={scope} />)
        )}
        {connection.scopes.length > 3 && <span class="faint">+{connection.scopes.length - 3}</span>}
      </td>
      {hasSets && <PermissionsCell connection={connection} />}
      <td role="cell" data-label={columns.checked} data-empty={checked === '' ? '' : undefined}>
        {checked && <Time iso={checked} />}
      </td>
      <ActionCell connection={connection} />
    </tr>
  );
}

/** The permission set, and whether there is a newer version. */
function PermissionsCell({ connection }: { connection: Connection }) {
  const { list, sets } = useTexts();
  const { columns, newer } = list;
  const set = permissionSetOf(connection);
  return (
    <td role="cell" data-label={columns.permissions} data-empty={set ? undefined : ''}>
      {set && sets.label(set.name, set.version)}
      {set?.newest !== undefined && <span class="badge badge-plain badge-accent">{newer(set.newest)}</span>}
    </td>
  );
}

/** The one thing to do next, where there is one. */
function ActionCell({ connection }: { connection: Connection }) {
  const texts = useTexts().list;
  const { status, name, id, method } = connection;
  const path = `/connections/${id}`;
  const mayConnect = mayOpen(usePage().session, 'GET /connections/:id/setup');
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
    <td role="cell" class="cell-wide" data-empty={mayConnect && to ? undefined : ''}>
      {mayConnect && to && (
        <ButtonLink path={to} size="sm" label={label}>
          {title}
        </ButtonLink>
      )}
    </td>
  );
}
