import type { Connection } from '../../domain/connection.js';
import { useTexts } from '../page-context.js';
import { Account } from './basics.js';
import { accountOf, aliasOf } from './status.js';

/** The account of a row, with its alias below. */
export function AccountCell({ connection }: { connection: Connection }) {
  const { columns, unknownAccount } = useTexts().list;
  const account = accountOf(connection);
  const alias = aliasOf(connection);
  return (
    <td role="cell" data-label={columns.account} data-empty={account === '' ? '' : undefined}>
      {account === '' ? <span class="faint">{unknownAccount}</span> : <Account id={account} />}
      {alias && <div class="break">{alias}</div>}
    </td>
  );
}
