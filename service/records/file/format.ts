import { z } from 'zod';
import type { ApiKey, Connection, Organization } from '../../domain/connection.js';
import type { IdempotencyRecord, Job, OutboxMessage, Token } from '../../domain/ports.js';
import { type RetiredExternalId, recordSchemas, takeText } from '../records/index.js';

export const schemaVersion = 1;

/** What one organization's file holds. */
export interface OrganizationData {
  readonly schemaVersion: typeof schemaVersion;
  /** The number of the journal with what came after; absent in what was written before there were journals. */
  readonly journal?: number | undefined;
  readonly organization: Organization;
  readonly apiKeys: readonly ApiKey[];
  readonly connections: readonly Connection[];
  readonly receipts: readonly IdempotencyRecord[];
  readonly watches: readonly Job[];
  readonly messages: readonly OutboxMessage[];
  readonly tokens: readonly Token[];
  readonly retiredExternalIds: readonly RetiredExternalId[];
}

const { organization, apiKey, connection, receipt, watch, message, token, retiredExternalId } = recordSchemas;

const organizationData = z.strictObject({
  schemaVersion: z.literal(schemaVersion),
  journal: z.int().optional(),
  organization,
  apiKeys: z.array(apiKey),
  connections: z.array(connection),
  receipts: z.array(receipt),
  watches: z.array(watch).default([]),
  messages: z.array(message).default([]),
  tokens: z.array(token).default([]),
  retiredExternalIds: z.array(retiredExternalId).default([]),
});

const members = [
  'apiKeys',
  'connections',
  'receipts',
  'watches',
  'messages',
  'tokens',
  'retiredExternalIds',
] as const;

/** The file in pieces, one record a line. */
export function* writeFormat(data: OrganizationData): Generator<string> {
  yield `{"schemaVersion":${data.schemaVersion},\n"journal":${data.journal},\n"organization":${takeText(data.organization)}`;
  for (const member of members) {
    // The version before, which does not know them, reads what has none.
    if (member === 'retiredExternalIds' && data[member].length === 0) continue;
    yield `,\n"${member}":[`;
    let separator = '\n';
    for (const record of data[member]) {
      yield separator + takeText(record);
      separator = ',\n';
    }
    yield ']';
  }
  yield '}\n';
}

/** @throws Error whose message says what is wrong, for a person */
export function readFormat(text: string): OrganizationData {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    throw new Error(text === '' ? 'it is empty' : 'it is damaged or cut off: it is not valid JSON');
  }
  const version = z.looseObject({ schemaVersion: z.unknown() }).safeParse(json).data?.schemaVersion;
  if (version !== undefined && version !== schemaVersion)
    throw new Error(
      `its schemaVersion is ${JSON.stringify(version)}, and this version of Rolebridge reads ${schemaVersion}`,
    );
  const checked = organizationData.safeParse(json);
  if (checked.success) return checked.data as unknown as OrganizationData;
  const [issue] = checked.error.issues;
  throw new Error(`it is damaged at ${issue?.path.join('.') || 'its top'}: ${issue?.message ?? 'not valid'}`);
}
