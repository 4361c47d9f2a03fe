import { z } from 'zod';
import type { AuditRecord } from '../../domain/audit.js';
import type { ApiKey, Connection, Organization } from '../../domain/connection.js';
import type { Job, OutboxMessage, Token } from '../../domain/ports.js';
import { readRecord } from '../records/index.js';

/** Rows that hold one record: checked as they are read, so that a damaged one is an error and never an answer. */
const rowOf = <Kept>(kind: Parameters<typeof readRecord>[0]) =>
  z.object({ record: z.string() }).transform(({ record }) => readRecord(kind, record) as Kept);

export const organizationRow = rowOf<Organization>('organization');
export const apiKeyRow = rowOf<ApiKey>('apiKey');
export const connectionRow = rowOf<Connection>('connection');
export const watchRow = rowOf<Job>('watch');
export const messageRow = rowOf<OutboxMessage>('message');
export const tokenRow = rowOf<Token>('token');
export const auditRow = rowOf<AuditRecord>('auditRecord');

/** That a row was written: its columns do not matter. */
export const anyRow = z.object({});

/** BIGINT comes as text, since it may be larger than a number of JavaScript's. */
export const milliseconds = z.coerce.number();

export const asTime = (ms: number): string => new Date(ms).toISOString();

/** A page was asked for with one more than its limit, to know whether another follows. */
export const pageOf = <Item>(found: Item[], limit: number): { items: Item[]; hasMore: boolean } => ({
  items: found.slice(0, limit),
  hasMore: found.length > limit,
});
