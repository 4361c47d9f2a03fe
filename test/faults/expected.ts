import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ConnectionId, OrganizationId } from '../../service/domain/ids.js';
import type { Store, Token } from '../../service/domain/ports.js';

/**
 * The acknowledged writes, one per line: of the 32 pairs of connections that pass a scope to and fro; of access
 * keys; of tokens; of the audit log.
 */
export type Acknowledged =
  | { readonly pair: string; readonly organizationId: OrganizationId; readonly ids: readonly ConnectionId[] }
  /** The version of both connections, the scope's job, the message and the idempotency record. */
  | { readonly pair: string; readonly version: number }
  | { readonly key: ConnectionId; readonly encrypted: string; readonly is: 'held' | 'going' | 'destroyed' }
  | { readonly token: string; readonly is: 'saved' | 'going' | 'taken' }
  | { readonly audit: string; readonly organizationId: OrganizationId };

const always = { now: '2100-01-01T00:00:00.000Z', leaseUntil: '2099-01-01T00:00:00.000Z', limit: 1_000_000 };

/** Compares a store with the acknowledged writes. @returns each mismatch as a sentence, and the number of checks */
export async function differences(
  store: Store,
  lines: readonly Acknowledged[],
  directory: string | undefined,
): Promise<{ wrong: string[]; checked: number }> {
  const wrong: string[] = [];
  const pairs = new Map<
    string,
    { organizationId: OrganizationId; ids: readonly ConnectionId[]; version: number }
  >();
  const keys = new Map<ConnectionId, Extract<Acknowledged, { key: ConnectionId }>>();
  const tokens = new Map<string, string>();
  const audit = new Map<OrganizationId, Set<string>>();
  for (const line of lines) {
    if ('ids' in line) pairs.set(line.pair, { ...line, version: 1 });
    else if ('version' in line) Object.assign(pairs.get(line.pair) ?? {}, { version: line.version });
    else if ('key' in line) keys.set(line.key, line);
    else if ('token' in line) tokens.set(line.token, line.is);
    else audit.set(line.organizationId, (audit.get(line.organizationId) ?? new Set()).add(line.audit));
  }

  const jobs = new Map(
    (await store.leaseJobs(always)).map(({ connectionId, attempts }) => [connectionId, attempts]),
  );
  const messages = new Set((await store.leaseMessages(always)).map(({ id }) => id));
  for (const [pair, { organizationId, ids, version }] of pairs) {
    const [one, other] = await Promise.all(ids.map((id) => store.connection(organizationId, id)));
    const stored = one?.version ?? 0;
    const say = (what: string) =>
      wrong.push(`${pair}, acknowledged at ${version}, stored at ${stored}: ${what}`);
    // One more may be stored than was acknowledged: the process was killed in between.
    if (stored !== version && stored !== version + 1) say('the version');
    if (other?.version !== stored) say(`the other connection is at ${other?.version}`);
    const holder = ids[(stored + 1) % 2] as ConnectionId;
    const [held] = await store.scopeHolders(organizationId, [pair]);
    if (held?.connection.id !== holder) say('the scope is with the wrong one');
    if (stored === 1) continue;
    if (jobs.get(holder) !== stored) say(`the job is of ${jobs.get(holder)}`);
    if (!messages.has(`msg_${pair}_${stored}`)) say('the message is missing');
    const webhookId = `msg_${pair}_${stored}`;
    const record = await store.idempotencyRecord(holder, webhookId, '2026-01-01T00:00:00.000Z');
    if (record?.answer?.body !== String(stored)) say('the idempotency record is missing');
  }

  const gone: string[] = [];
  for (const [id, { is, encrypted }] of keys) {
    const connection = await store.connectionForCallback(id);
    const hasKey = JSON.stringify(connection)?.includes(encrypted) ?? false;
    if (is === 'held' && !hasKey) wrong.push(`the access key of ${id} is lost`);
    if (is === 'destroyed' && hasKey) wrong.push(`the access key of ${id} is still there`);
    if (is === 'destroyed') gone.push(encrypted);
  }
  if (directory !== undefined && gone.length > 0) {
    const files = await readdir(join(directory, 'organizations'));
    for (const file of files) {
      const text = await readFile(join(directory, 'organizations', file), 'utf8');
      for (const encrypted of gone)
        if (text.includes(encrypted)) wrong.push(`a destroyed access key (${encrypted}) is in ${file}`);
    }
  }

  for (const [hash, is] of tokens) {
    const found = await store.token('web_session' satisfies Token['kind'], hash);
    if (is === 'saved' && found === undefined) wrong.push(`the token ${hash} is lost`);
    if (is === 'taken' && found !== undefined) wrong.push(`the token ${hash} was taken and is there`);
  }

  for (const [organizationId, ids] of audit) {
    const missing = new Set(ids);
    const shown = new Set<string>();
    let before: Parameters<Store['auditRecords']>[1]['before'];
    for (let hasMore = true; hasMore; ) {
      const page = await store.auditRecords(organizationId, { limit: 1000, before });
      for (const { id } of page.records) {
        if (shown.has(id)) wrong.push(`the audit record ${id} is there twice`);
        shown.add(id);
        missing.delete(id);
      }
      before = page.records.at(-1)?.id;
      hasMore = page.hasMore;
    }
    for (const id of missing) wrong.push(`the audit record ${id} is lost`);
  }
  const audited = [...audit.values()].reduce((sum, ids) => sum + ids.size, 0);
  return { wrong, checked: pairs.size + keys.size + tokens.size + audited };
}
