import { permissionSetOf } from '../../domain/connection.js';
import { AccountCell } from '../components/account-cell.js';
import { Time, useHref } from '../components/basics.js';
import { Reason } from '../components/reason.js';
import { Status, verificationOf } from '../components/status.js';
import { TableHead } from '../components/table-head.js';
import { useTexts } from '../page-context.js';
import type { Owned } from './owned.js';

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
  const href = useHref();
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
    <table class="table" role="table" aria-label={texts.title}>
      <TableHead titles={titles} />
      <tbody role="rowgroup">
        {rows.map(({ connection, organization }) => {
          const set = permissionSetOf(connection);
          const checked = verificationOf(connection)?.finishedAt;
          const path = href(`/operator/organizations/${connection.organizationId}`);
          return (
            <tr role="row" id={connection.id}>
              <td role="cell" class="cell-name">
                <a class="row-link" href={`${path}?connection=${connection.id}#${connection.id}`}>
                  {connection.name}
                </a>
                <Reason connection={connection} isOperator />
              </td>
              {hidesOrganization || (
                <td role="cell" data-label={texts.organization}>
                  <a href={path}>{organization?.name ?? connection.organizationId}</a>
                </td>
              )}
              <td role="cell" class="cell-status">
                <Status connection={connection} />
              </td>
              <AccountCell connection={connection} />
              {hasSets && (
                <td role="cell" data-label={columns.permissions} data-empty={set ? undefined : ''}>
                  {set && sets.label(set.name, set.version)}{' '}
                  {set?.newest !== undefined && <span class="badge badge-plain">v{set.newest}</span>}
                </td>
              )}
              <td role="cell" data-label={columns.checked} data-empty={checked ? undefined : ''}>
                {checked && <Time iso={checked} />}
              </td>
            </tr>
          );
        })}
      </tbody>
    </table>
  );
}
