import type { AuditRecord } from '../domain/audit.js';
import type { IconName } from './components/icon.js';
import type { Texts } from './texts/index.js';

/** An event in the life of a connection, for people. */
export interface HistoryEntry {
  readonly at: string;
  readonly icon: IconName;
  readonly look?: 'ok' | 'danger' | undefined;
  readonly title: string;
  readonly outcome?: string | undefined;
  /** The title of the error. */
  readonly why?: string | undefined;
  readonly who: string;
  readonly details?: string | undefined;
}

/** Outcomes, and intents without one, which were interrupted. */
export function historyOf(
  records: readonly AuditRecord[],
  { history, scope, codes }: Texts,
  personOf: (record: AuditRecord) => string | undefined = () => undefined,
): HistoryEntry[] {
  const ended = new Set(records.map((record) => record.phase === 'outcome' && record.intentId));
  return records.flatMap((record) => {
    if (record.phase === 'intent' && ended.has(record.id)) return [];
    const outcome = record.phase === 'intent' ? 'unfinished' : record.outcome;
    return [
      {
        at: record.at,
        ...looks[outcome],
        ...(outcome === 'succeeded' && {
          icon: icons[record.action] ?? 'check',
          look: record.action === 'connection.verify' ? ('ok' as const) : undefined,
        }),
        title: titleOf(record),
        outcome: outcome === 'succeeded' ? undefined : history.outcomes[outcome],
        why: record.phase === 'outcome' && record.code ? codes.title(record.code) : undefined,
        who: personOf(record) ?? history.who[record.actor.kind] ?? record.actor.kind,
        details: detailsOf(record),
      },
    ];
  });

  function titleOf({ action, details }: AuditRecord): string {
    if (action === 'connection.rotate_external_id')
      return details?.canceled === true ? history.rotationCanceled : history.rotationStarted;
    return history.titles[action] ?? action;
  }

  function detailsOf({ action, details, target }: AuditRecord): string | undefined {
    if (target) return Object.values(target).filter(Boolean).join(' › ') || scope.organizationDefault;
    if (action === 'connection.rename') return history.to(String(details?.name ?? ''));
    if (action === 'connection.set_scopes') return String(details?.scopes ?? '') || scope.noConnection;
    return undefined;
  }
}

const looks = {
  succeeded: { icon: 'check' },
  refused: { icon: 'x', look: 'danger' },
  failed: { icon: 'x', look: 'danger' },
  inconclusive: { icon: 'clock' },
  unfinished: { icon: 'clock' },
} as const;

const icons: Partial<Record<AuditRecord['action'], IconName>> = {
  'connection.create': 'plus',
  'connection.rename': 'pen',
  'connection.set_scopes': 'environment',
  'connection.rotate_access_key': 'key',
  'connection.rotate_external_id': 'key',
  'connection.rotate_callback_secret': 'key',
  'connection.deprovision': 'unlink',
  'connection.delete': 'trash',
  'connection.expire': 'clock',
};
