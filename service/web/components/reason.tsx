import type { Connection } from '../../domain/connection.js';
import { useTexts } from '../page-context.js';
import { useHref } from './basics.js';
import { assuranceOf, verificationOf } from './status.js';

/** The fault of a connection, or its next step, in one sentence. */
export function Reason({ connection, isOperator }: { connection: Connection; isOperator?: boolean }) {
  const { list: texts, codes } = useTexts();
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
          <a class="fix" href={useHref()(`/connections/${connection.id}`)}>
            {texts.switch}
          </a>
        )}
      </span>
    );
  if (connection.status !== 'connected') return null;
  if (connection.permissions === 'incomplete')
    return <span class="reason reason-warn">{texts.incomplete}</span>;
  if (assuranceOf(connection) === 'tested') return <span class="note">{texts.tested}</span>;
  return null;
}
