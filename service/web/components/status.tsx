import { type Connection, verificationOf } from '../../domain/connection.js';
import { useTexts } from '../page-context.js';
import { Icon } from './icon.js';
import type { PairState } from './pair.js';

/** The statuses, the most urgent first. */
export const statuses = ['failed', 'pending', 'connected', 'disconnected'] as const;

const looks = { connected: 'ok', failed: 'danger', pending: 'warn', disconnected: 'off' } as const;

/** A connection's status in one word; beside a connected one how sure that is. */
export function Status({ connection }: { connection: Connection }) {
  const texts = useTexts().status;
  const assurance = assuranceOf(connection);
  return (
    <span class="status">
      <span class={`badge badge-${looks[connection.status]}`}>{texts[connection.status]}</span>
      {assurance && connection.status === 'connected' && (
        <span class="assurance" data-level={assurance}>
          <Icon name={assurance === 'proven' ? 'proven' : 'shield'} small />
          {texts[assurance]}
        </span>
      )}
    </span>
  );
}

export const assurances = ['proven', 'tested'] as const;
export type Assurance = (typeof assurances)[number];

/** How sure the service is that the role is safe; undefined for an access key. */
export function assuranceOf(connection: Connection): Assurance | undefined {
  const found: unknown = 'assurance' in connection ? connection.assurance : undefined;
  return assurances.find((each) => each === found);
}

export const pairStateOf = (connection: Connection): PairState =>
  connection.status === 'connected' ? (assuranceOf(connection) ?? 'tested') : connection.status;

export const accountOf = (connection: Connection): string =>
  ('accountId' in connection && connection.accountId) ||
  ('roleArn' in connection && connection.roleArn?.split(':')[4]) ||
  connection.expectedAccountId ||
  '';

/** The account's alias, where the role may list it. */
export const aliasOf = (connection: Connection): string | undefined =>
  verificationOf(connection)?.accountAlias;
