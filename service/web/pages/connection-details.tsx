import type { Child } from 'hono/jsx';
import { type Connection, roleRegistrationOf } from '../../domain/connection.js';
import { Link, Time } from '../components/basics.js';
import { CopyButton } from '../components/code.js';
import { Timeline } from '../components/timeline.js';
import type { HistoryEntry } from '../history.js';
import { useTexts } from '../page-context.js';

export function Details({ connection }: { connection: Connection }) {
  const { connection: texts, setup } = useTexts();
  const roleArn = 'roleArn' in connection ? connection.roleArn : undefined;
  const key =
    connection.method === 'access_key' && connection.status !== 'disconnected'
      ? connection.accessKey
      : undefined;
  const trust = roleRegistrationOf(connection);
  return (
    <section class="card card-pad" aria-labelledby="details">
      <h2 id="details" class="sr">
        {texts.details}
      </h2>
      <dl class="kv">
        {roleArn && <CopyFact id="arn" term={setup.arn} value={roleArn} />}
        {trust && <CopyFact id="external-id" term={setup.externalId} value={trust.externalId} />}
        {trust?.pendingExternalId && (
          <CopyFact id="new-external-id" term={setup.newExternalId} value={trust.pendingExternalId} />
        )}
        {key && <CopyFact id="principal" term={texts.belongsTo} value={key.principalArn} />}
        <CopyFact id="id" term={texts.id} value={connection.id} />
      </dl>
      <dl class="kv kv-2">
        <Fact term={texts.method}>{texts.methods[connection.method]}</Fact>
        {connection.defaultRegion && <Fact term={texts.region}>{connection.defaultRegion}</Fact>}
        {connection.lastUsedAt && (
          <Fact term={texts.lastUsed}>
            <Time iso={connection.lastUsedAt} />
          </Fact>
        )}
        <Fact term={texts.created}>
          <Time iso={connection.createdAt} />
        </Fact>
        {key && (
          <Fact term={texts.key}>
            <code>{key.lastFour}</code>
          </Fact>
        )}
        {key?.sessionExpiresAt && (
          <Fact term={texts.keyEnds}>
            <Time iso={key.sessionExpiresAt} />
          </Fact>
        )}
      </dl>
    </section>
  );
}

const Fact = ({ term, children }: { term: string; children?: Child }) => (
  <div>
    <dt>{term}</dt>
    <dd>{children}</dd>
  </div>
);

const CopyFact = ({ id, term, value }: { id: string; term: string; value: string }) => (
  <div>
    <dt>{term}</dt>
    <dd class="mono kv-copy">
      <span id={`v-${id}`}>{value}</span>
      <CopyButton of={`v-${id}`} what={term} />
    </dd>
  </div>
);

export interface HistoryProps {
  readonly connection: Connection;
  readonly history: readonly HistoryEntry[];
  readonly isOlderHistory: boolean;
  readonly olderHistory?: string | undefined;
}

export function History({ history, olderHistory, isOlderHistory, connection }: HistoryProps) {
  const { connection: texts } = useTexts();
  return (
    <section class="card card-pad stack" aria-labelledby="history" data-live="history">
      <h2 id="history">{texts.history}</h2>
      {history.length === 0 && <p class="small muted">{texts.noHistory}</p>}
      <Timeline entries={history} />
      {(olderHistory || isOlderHistory) && (
        <p class="small row">
          {isOlderHistory && <Link path={`/connections/${connection.id}#history`}>{texts.newest}</Link>}
          {olderHistory && <Link path={olderHistory}>{texts.older}</Link>}
        </p>
      )}
    </section>
  );
}
