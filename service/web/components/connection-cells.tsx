/** Cells of the tables of connections. */

import { type Connection, verificationOf } from '../../domain/connection.js';
import { useTexts } from '../page-context.js';
import { Account, Link, Time } from './basics.js';
import { accountOf, aliasOf, assuranceOf, Status } from './status.js';
import { Cell } from './table.js';

/** The account, with its alias below. */
export function AccountCell({ connection }: { connection: Connection }) {
  const { columns, unknownAccount } = useTexts().list;
  const account = accountOf(connection);
  const alias = aliasOf(connection);
  return (
    <Cell label={columns.account} isEmpty={account === ''}>
      {account === '' ? <span class="faint">{unknownAccount}</span> : <Account id={account} />}
      {alias && <div class="break">{alias}</div>}
    </Cell>
  );
}

export const StatusCell = ({ connection }: { connection: Connection }) => (
  <Cell kind="status">
    <Status connection={connection} />
  </Cell>
);

/** The time of the last check. */
export function CheckedCell({ connection }: { connection: Connection }) {
  const checked = verificationOf(connection)?.finishedAt;
  return <Cell label={useTexts().list.columns.checked}>{checked && <Time iso={checked} />}</Cell>;
}

/** The fault of a connection, or its next step, in one sentence. */
export function Reason({ connection, isOperator }: { connection: Connection; isOperator?: boolean }) {
  const { list: texts, codes, setup } = useTexts();
  const verification = verificationOf(connection);
  if (verification?.result === 'failed') return <span class="reason">{codes.title(verification.code)}.</span>;
  if (connection.status === 'pending') return <span class="note">{texts.waiting}</span>;
  if (connection.status === 'disconnected')
    return <span class="note">{isOperator ? texts.endedByThem : texts.ended}</span>;
  if (connection.method === 'access_key')
    return (
      <span class="note">
        {texts.accessKey}{' '}
        {isOperator || (
          <Link kind="fix" path={`/connections/${connection.id}`}>
            {setup.migrateTitle}
          </Link>
        )}
      </span>
    );
  if (connection.status !== 'connected') return null;
  if (connection.permissions === 'incomplete')
    return <span class="reason reason-warn">{texts.incomplete}</span>;
  return assuranceOf(connection) === 'tested' ? <span class="note">{texts.tested}</span> : null;
}
