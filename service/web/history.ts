import type { AuditAction, AuditRecord } from '../domain/audit.js';

/** One thing that happened to a connection, for people. */
export interface HistoryEntry {
  readonly at: string;
  readonly title: string;
  readonly outcome: string;
  readonly code?: string | undefined;
  readonly who: string;
  readonly details?: string | undefined;
}

/** Outcomes, and intents that never came to one: what was going on when the service was cut off. */
export function historyOf(records: readonly AuditRecord[]): HistoryEntry[] {
  const ended = new Set(records.map((record) => record.phase === 'outcome' && record.intentId));
  return records.flatMap((record) => {
    if (record.phase === 'intent') {
      if (ended.has(record.id)) return [];
      return [{ ...common(record), outcome: 'not finished' }];
    }
    return [{ ...common(record), outcome: outcomes[record.outcome], code: record.code }];
  });
}

const common = (record: AuditRecord) => ({
  at: record.at,
  title: titles[record.action] ?? record.action,
  who: who[record.actor.kind],
  details: detailsOf(record),
});

const outcomes = {
  succeeded: 'done',
  refused: 'refused',
  inconclusive: 'not decided',
  failed: 'failed',
} as const;

const who: Record<AuditRecord['actor']['kind'], string> = {
  api_key: 'with an API key',
  web_session: 'on this page',
  callback: 'by the stack',
  enrollment: 'by the stack set',
  operator: 'by the operator',
  command_line: 'on the command line',
  service: 'by the service',
};

const titles: Partial<Record<AuditAction, string>> = {
  'connection.create': 'Made',
  'connection.verify': 'Verified',
  'connection.rename': 'Renamed',
  'connection.set_scopes': 'Scopes changed',
  'connection.rotate_access_key': 'Access key exchanged',
  'connection.move_to_role': 'Move to a role begun',
  'connection.rotate_external_id': 'External ID changed',
  'connection.rotate_callback_secret': 'Callback secret changed',
  'connection.deprovision': 'Role taken away',
  'connection.delete': 'Deleted',
  'connection.expire': 'Expired',
  'connection.confirm_revocation': 'Access proved to have ended',
  'connection.reencrypt': 'Secrets encrypted again',
  'credentials.issue': 'Credentials given',
};

function detailsOf({ action, details, target }: AuditRecord): string | undefined {
  if (target) return Object.values(target).filter(Boolean).join(' / ') || "the organization's default";
  if (action === 'connection.rename') return `to “${details?.name}”`;
  if (action === 'connection.set_scopes') return String(details?.scopes ?? '') || 'nowhere';
  return undefined;
}
