import type { Dependencies } from '../actions/dependencies.js';
import { openPerson } from '../actions/persons.js';
import type { AuditRecord } from '../domain/audit.js';
import type { OrganizationId } from '../domain/ids.js';
import type { IconName } from './components/icon.js';
import type { Texts } from './texts/index.js';

/** An event in the life of a connection, for people. */
export interface HistoryEntry {
  readonly record: AuditRecord;
  readonly at: string;
  readonly icon: IconName;
  readonly look?: 'ok' | 'danger' | undefined;
  readonly title: string;
  readonly outcome?: string | undefined;
  /** The title of the error. */
  readonly why?: string | undefined;
  readonly who: string;
  /** The name of the person who acted. */
  readonly person: string | undefined;
  readonly details?: string | undefined;
}

/**
 * A page of at most `size` entries: it never ends between the outcome of an action and its intent, which the next page
 * would show as an action without an outcome.
 */
export function pageOf(records: readonly AuditRecord[], size: number): readonly AuditRecord[] {
  const awaited = new Set<string>();
  let [entries, end] = [0, 0];
  for (const [index, record] of records.entries()) {
    if (record.phase === 'outcome' && record.intentId) awaited.add(record.intentId);
    if (record.phase === 'outcome' || !awaited.delete(record.id)) entries++;
    if (entries > size) break;
    if (awaited.size === 0) end = index + 1;
  }
  // More actions at once than a page has entries.
  return end === 0 ? records : records.slice(0, end);
}

/** Outcomes, and intents without one, which were interrupted. */
export function historyOf(
  records: readonly AuditRecord[],
  { history, scope, codes }: Texts,
  personOf: (record: AuditRecord) => string | undefined,
): HistoryEntry[] {
  const ended = new Set(records.map((record) => record.phase === 'outcome' && record.intentId));
  return records.flatMap((record): HistoryEntry[] => {
    if (record.phase === 'intent' && ended.has(record.id)) return [];
    const outcome = record.phase === 'intent' ? 'unfinished' : record.outcome;
    return [
      {
        record,
        at: record.at,
        ...looks[outcome],
        ...(outcome === 'succeeded' && {
          icon: icons[record.action] ?? 'check',
          look: record.action === 'connection.verify' ? ('ok' as const) : undefined,
        }),
        title: titleOf(record),
        outcome: outcome === 'succeeded' ? undefined : history.outcomes[outcome],
        why: record.phase === 'outcome' && record.code ? codes.title(record.code) : undefined,
        who: history.who[record.actor.kind],
        person: personOf(record),
        details: detailsOf(record),
      },
    ];
  });

  function titleOf({ action, details }: AuditRecord): string {
    if (action === 'connection.rotate_external_id')
      return details?.canceled === true ? history.rotationCanceled : history.rotationStarted;
    return history.titles[action];
  }

  function detailsOf({ action, details, target }: AuditRecord): string | undefined {
    if (target) return Object.values(target).filter(Boolean).join(' › ') || scope.organizationDefault;
    if (action === 'connection.rename') return history.to(String(details?.name ?? ''));
    if (action === 'connection.set_scopes') return String(details?.scopes ?? '') || scope.noConnection;
    return undefined;
  }
}

/** The persons who acted through a link, by the names that the vendor gave them. */
export async function personsOf(
  deps: Dependencies,
  records: readonly AuditRecord[],
): Promise<(record: AuditRecord) => string | undefined> {
  const organizations = new Map<string, OrganizationId>();
  for (const { actor, organizationId } of records)
    if (actor.kind === 'web_session' && actor.person !== undefined)
      organizations.set(actor.person, organizationId);
  const names = new Map(
    await Promise.all(
      [...organizations].map(
        async ([person, organizationId]) =>
          [person, (await openPerson(deps, organizationId, person))?.name] as const,
      ),
    ),
  );
  return ({ actor }) => (actor.kind === 'web_session' ? names.get(actor.person ?? '') : undefined);
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
