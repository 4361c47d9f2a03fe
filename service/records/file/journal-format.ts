import { z } from 'zod';
import { recordSchemas, takeText } from '../records/index.js';
import type { OrganizationData } from './format.js';
import { messageId, type RecordChange, receiptId, tokenId, watchId } from './records.js';

const { organization, apiKey, connection, receipt, watch, message, token, retiredExternalId } = recordSchemas;
const kinds = { organization, apiKey, connection, receipt, watch, message, token, retiredExternalId };

const journalRecord = z.strictObject({
  kind: z.enum(Object.keys(kinds) as (keyof typeof kinds)[]),
  id: z.string(),
  next: z.unknown().optional(),
});

/** The changes as the journal keeps them; of several to one record, the last: what was destroyed at once is never written. */
export function writeChanges(changes: readonly RecordChange[]): string[] {
  const last = new Map<string, RecordChange>();
  for (const change of changes) {
    const key = `${change.kind} ${change.id}`;
    last.delete(key);
    last.set(key, change);
  }
  return [...last.values()].map(({ kind, id, next }) => {
    const name = `{"kind":"${kind}","id":${JSON.stringify(id)}`;
    return next === undefined ? `${name}}` : `${name},"next":${takeText(next)}}`;
  });
}

/** @throws Error whose message says what is wrong, for a person */
export function readChange(record: unknown): RecordChange {
  const change = journalRecord.safeParse(record);
  const checked =
    change.data?.next === undefined ? change : kinds[change.data.kind].safeParse(change.data.next);
  if (!checked.success) {
    const [issue] = checked.error.issues;
    throw new Error(`it is damaged at ${issue?.path.join('.') || 'a record'}: ${issue?.message}`);
  }
  return change.data as unknown as RecordChange;
}

/** What the snapshot would be with these changes. */
export function withChanges(data: OrganizationData, changes: readonly RecordChange[]): OrganizationData {
  if (changes.length === 0) return data;
  let { organization } = data;
  const byId = {
    apiKey: new Map(data.apiKeys.map((record) => [record.id as string, record])),
    connection: new Map(data.connections.map((record) => [record.id as string, record])),
    receipt: new Map(
      data.receipts.map((record) => [receiptId(record.connectionId, record.webhookId), record]),
    ),
    watch: new Map(data.watches.map((record) => [watchId(record), record])),
    message: new Map(data.messages.map((record) => [messageId(record), record])),
    token: new Map(data.tokens.map((record) => [tokenId(record.kind, record.hash), record])),
    retiredExternalId: new Map(
      data.retiredExternalIds.map((record) => [record.externalId as string, record]),
    ),
  };
  for (const { kind, id, next } of changes) {
    if (kind === 'organization') organization = next ?? organization;
    else if (next === undefined) byId[kind].delete(id);
    else (byId[kind] as Map<string, unknown>).set(id, next);
  }
  return {
    ...data,
    organization,
    apiKeys: [...byId.apiKey.values()],
    connections: [...byId.connection.values()],
    receipts: [...byId.receipt.values()],
    watches: [...byId.watch.values()],
    messages: [...byId.message.values()],
    tokens: [...byId.token.values()],
    retiredExternalIds: [...byId.retiredExternalId.values()],
  };
}
