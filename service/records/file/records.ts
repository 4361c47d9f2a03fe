import {
  type ApiKey,
  type Connection,
  claimedRole,
  externalIdsOf,
  isDeleted,
  type Organization,
} from '../../domain/connection.js';
import type { ApiKeyId, ConnectionId, ExternalId, OrganizationId } from '../../domain/ids.js';
import type { IdempotencyRecord, Job, OutboxMessage, Token } from '../../domain/ports.js';
import type { RoleArn } from '../../domain/role-arn.js';
import { scopeKey } from '../../domain/scope.js';
import type { RetiredExternalId } from '../records/index.js';
import { JobList } from './due-list.js';
import { type OrganizationData, schemaVersion } from './format.js';

/** One record as it shall be; `next` undefined removes it. */
export type RecordChange =
  | { readonly kind: 'organization'; readonly id: OrganizationId; readonly next: Organization | undefined }
  | { readonly kind: 'apiKey'; readonly id: ApiKeyId; readonly next: ApiKey | undefined }
  | { readonly kind: 'connection'; readonly id: ConnectionId; readonly next: Connection | undefined }
  | { readonly kind: 'receipt'; readonly id: string; readonly next: IdempotencyRecord | undefined }
  | { readonly kind: 'watch'; readonly id: string; readonly next: Job | undefined }
  | { readonly kind: 'message'; readonly id: string; readonly next: OutboxMessage | undefined }
  | { readonly kind: 'token'; readonly id: string; readonly next: Token | undefined }
  | {
      readonly kind: 'retiredExternalId';
      readonly id: ExternalId;
      readonly next: RetiredExternalId | undefined;
    };

interface OrganizationRecords {
  organization: Organization | undefined;
  readonly apiKeys: Map<ApiKeyId, ApiKey>;
  readonly connections: Map<ConnectionId, Connection>;
  /** Not deleted, by creation then id. */
  readonly listed: Connection[];
  readonly holders: Map<string, ConnectionId>;
  readonly receipts: Map<string, IdempotencyRecord>;
  readonly watches: Map<string, Job>;
  readonly messages: Map<string, OutboxMessage>;
  readonly tokens: Map<string, Token>;
  readonly retiredExternalIds: Map<ExternalId, RetiredExternalId>;
}

/** `\n` can't be part of an HTTP header's value, so two pairs never give the same text. */
export const receiptId = (connectionId: ConnectionId, webhookId: string): string =>
  `${connectionId}\n${webhookId}`;

export const watchId = ({ connectionId, purpose }: Pick<Job, 'connectionId' | 'purpose'>): string =>
  `${connectionId}\n${purpose}`;
export const messageId = ({ id, endpoint }: Pick<OutboxMessage, 'id' | 'endpoint'>): string =>
  `${id}\n${endpoint}`;
export const tokenId = (kind: Token['kind'], hash: string): string => `${kind}\n${hash}`;

/** All records in memory with the indexes that questions need. It checks nothing. */
export class Records {
  readonly organizations = new Map<OrganizationId, OrganizationRecords>();
  readonly apiKeys = new Map<ApiKeyId, ApiKey>();
  readonly connections = new Map<ConnectionId, Connection>();
  readonly claimedRoles = new Map<RoleArn, ConnectionId>();
  readonly externalIds = new Map<ExternalId, ConnectionId>();
  readonly tokens = new Map<string, Token>();

  of(organizationId: OrganizationId): OrganizationRecords {
    let records = this.organizations.get(organizationId);
    if (records === undefined) {
      records = {
        organization: undefined,
        apiKeys: new Map(),
        connections: new Map(),
        listed: [],
        holders: new Map(),
        receipts: new Map(),
        watches: new Map(),
        messages: new Map(),
        tokens: new Map(),
        retiredExternalIds: new Map(),
      };
      this.organizations.set(organizationId, records);
    }
    return records;
  }

  snapshot(organizationId: OrganizationId): OrganizationData {
    const records = this.of(organizationId);
    const { organization, apiKeys, connections, receipts, watches, messages, tokens } = records;
    if (organization === undefined) throw new Error(`No organization ${organizationId}.`);
    return {
      schemaVersion,
      organization,
      apiKeys: [...apiKeys.values()],
      connections: [...connections.values()],
      receipts: [...receipts.values()],
      watches: [...watches.values()],
      messages: [...messages.values()],
      tokens: [...tokens.values()],
      retiredExternalIds: [...records.retiredExternalIds.values()],
    };
  }

  /** What is stored now, in the form of a change that would bring it back. */
  current(organizationId: OrganizationId, { kind, id }: RecordChange): RecordChange {
    const records = this.organizations.get(organizationId);
    if (kind === 'organization') return { kind, id, next: records?.organization };
    if (kind === 'apiKey') return { kind, id, next: records?.apiKeys.get(id) };
    if (kind === 'connection') return { kind, id, next: records?.connections.get(id) };
    if (kind === 'watch') return { kind, id, next: records?.watches.get(id) };
    if (kind === 'message') return { kind, id, next: records?.messages.get(id) };
    if (kind === 'token') return { kind, id, next: records?.tokens.get(id) };
    if (kind === 'retiredExternalId') return { kind, id, next: records?.retiredExternalIds.get(id) };
    return { kind, id, next: records?.receipts.get(id) };
  }

  /** Old entries of all indexes go first: a scope may move from one connection to another in one change. */
  apply(organizationId: OrganizationId, changes: readonly RecordChange[]): void {
    const records = this.of(organizationId);
    for (const change of changes) if (change.kind === 'connection') this.#unindex(records, change);
    // Before what is new: a connection may take back one of its own.
    for (const change of changes) {
      if (change.kind !== 'retiredExternalId') continue;
      put(records.retiredExternalIds, change.id, change.next);
      put(this.externalIds, change.id, change.next?.connectionId);
    }
    for (const change of changes) {
      if (change.kind === 'organization') records.organization = change.next;
      else if (change.kind === 'apiKey') {
        put(this.apiKeys, change.id, change.next);
        put(records.apiKeys, change.id, change.next);
      } else if (change.kind === 'receipt') put(records.receipts, change.id, change.next);
      else if (change.kind === 'watch') put(records.watches, change.id, change.next);
      else if (change.kind === 'message') put(records.messages, change.id, change.next);
      else if (change.kind === 'token') {
        put(this.tokens, change.id, change.next);
        put(records.tokens, change.id, change.next);
      } else if (change.kind === 'connection') this.#index(records, change);
    }
    if (records.organization === undefined) this.organizations.delete(organizationId);
  }

  #unindex(records: OrganizationRecords, { id }: { id: ConnectionId }): void {
    const old = records.connections.get(id);
    if (old === undefined) return;
    for (const scope of old.scopes) removeOwn(records.holders, scopeKey(scope), id);
    const role = claimedRole(old);
    if (role !== undefined) removeOwn(this.claimedRoles, role, id);
    for (const externalId of externalIdsOf(old)) removeOwn(this.externalIds, externalId, id);
  }

  #index(records: OrganizationRecords, { id, next }: { id: ConnectionId; next: Connection | undefined }) {
    const old = records.connections.get(id);
    put(this.connections, id, next);
    put(records.connections, id, next);
    const oldPlace = old !== undefined && !isDeleted(old) ? placeOf(records.listed, old) : undefined;
    const isListed = next !== undefined && !isDeleted(next);
    if (oldPlace !== undefined && isListed && old?.createdAt === next.createdAt)
      records.listed[oldPlace] = next;
    else {
      if (oldPlace !== undefined) records.listed.splice(oldPlace, 1);
      if (isListed) records.listed.splice(placeOf(records.listed, next), 0, next);
    }
    if (next === undefined) return;
    for (const externalId of externalIdsOf(next)) this.externalIds.set(externalId, id);
    const role = claimedRole(next);
    if (role !== undefined) this.claimedRoles.set(role, id);
    if (isListed) for (const scope of next.scopes) records.holders.set(scopeKey(scope), id);
  }
}

/** Also knows what is due: only what is on the disk is acted on. */
export class DurableRecords extends Records {
  readonly dueWatches = new JobList<Job>();
  readonly dueMessages = new JobList<OutboxMessage>();

  override apply(organizationId: OrganizationId, changes: readonly RecordChange[]): void {
    super.apply(organizationId, changes);
    for (const change of changes) {
      if (change.kind === 'watch') this.dueWatches.put(change.id, change.next);
      if (change.kind === 'message') this.dueMessages.put(change.id, change.next);
    }
  }
}

type Placed = Pick<Connection, 'createdAt' | 'id'>;

const isBefore = (one: Placed, other: Placed): boolean =>
  one.createdAt < other.createdAt || (one.createdAt === other.createdAt && one.id < other.id);

/** Where it stands, or would stand. */
export function placeOf(listed: readonly Placed[], wanted: Placed): number {
  let low = 0;
  let high = listed.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (isBefore(listed[middle] as Placed, wanted)) low = middle + 1;
    else high = middle;
  }
  return low;
}

function put<Key, Value>(map: Map<Key, Value>, key: Key, value: Value | undefined): void {
  if (value === undefined) map.delete(key);
  else map.set(key, value);
}

function removeOwn<Key, Owner>(map: Map<Key, Owner>, key: Key, owner: Owner): void {
  if (map.get(key) === owner) map.delete(key);
}
