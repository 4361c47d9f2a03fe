import { type Connection, verificationOf } from '../../domain/connection.js';
import { usePage } from '../page-context.js';
import { accountOf } from './status.js';

/** The message to an app that embeds the page, once for each check: the page's script sends it. */
export function EmbedMessage({
  event,
  connection,
  code,
}: {
  event: 'connected' | 'failed';
  connection: Connection;
  code?: string;
}) {
  if (usePage().embedOrigins.length === 0) return null;
  const detail = {
    connectionId: connection.id,
    accountId: accountOf(connection),
    code,
    checkedAt: verificationOf(connection)?.finishedAt,
  };
  return <span hidden data-message={event} data-detail={JSON.stringify(detail)} />;
}
