import { permissionSetOf } from '../../domain/connection.js';
import { Link } from '../components/basics.js';
import { AccountCell, CheckedCell, Reason, StatusCell } from '../components/connection-cells.js';
import { Cell, Table } from '../components/table.js';
import { useTexts } from '../page-context.js';
import { connectionPath, type Owned } from './query.js';

/** Connections as the vendor's staff sees them. */
export function OperatorTable(props: {
  rows: readonly Owned[];
  /** The path of the list in the order of the last checks. */
  sorting?: { readonly path: string; readonly isSorted: boolean };
  hidesOrganization?: boolean;
}) {
  const { rows, sorting, hidesOrganization } = props;
  const { operator: texts, list, sets } = useTexts();
  const { columns } = list;
  const hasSets = rows.some(({ connection }) => permissionSetOf(connection) !== undefined);
  const titles = [
    columns.name,
    ...(hidesOrganization ? [] : [texts.organization]),
    columns.status,
    columns.account,
    ...(hasSets ? [columns.permissions] : []),
    sorting ? { title: columns.checked, ...sorting } : columns.checked,
  ];
  return (
    <Table label={list.connections} titles={titles}>
      {rows.map(({ connection, organization }) => {
        const { id, organizationId } = connection;
        const set = permissionSetOf(connection);
        const path = `/operator/organizations/${organizationId}`;
        return (
          <tr role="row" id={id}>
            <Cell kind="name">
              <Link kind="row-link" path={connectionPath(connection)}>
                {connection.name}
              </Link>
              <Reason connection={connection} isOperator />
            </Cell>
            {hidesOrganization || (
              <Cell label={texts.organization}>
                <Link path={path}>{organization?.name ?? organizationId}</Link>
              </Cell>
            )}
            <StatusCell connection={connection} />
            <AccountCell connection={connection} />
            {hasSets && (
              <Cell label={columns.permissions}>
                {set && sets.label(set.name, set.version)}{' '}
                {set?.newest !== undefined && <span class="badge badge-plain">v{set.newest}</span>}
              </Cell>
            )}
            <CheckedCell connection={connection} />
          </tr>
        );
      })}
    </Table>
  );
}
