import type { ApiKey } from '../../service/domain/api-key.js';
import type { AuditRecord } from '../../service/domain/audit.js';
import type { AccessKeyConnection, Connection, RoleConnection } from '../../service/domain/connection.js';
import {
  firstAuditIdAt,
  newApiKeyId,
  newAuditId,
  newConnectionId,
  newExternalId,
  newOrganizationId,
  type OrganizationId,
} from '../../service/domain/ids.js';
import type { Organization } from '../../service/domain/organization.js';
import { permissions } from '../../service/domain/permission.js';
import type { IdempotencyRecord, Job, OutboxMessage, Token } from '../../service/domain/ports.js';
import type { RoleArn } from '../../service/domain/role-arn.js';

export { intent } from './intent.js';

export const at = (seconds: number): string => new Date(Date.UTC(2026, 0, 1) + seconds * 1000).toISOString();

export const anOrganization = (): Organization => ({
  id: newOrganizationId(),
  name: 'Acme',
  createdAt: at(0),
});

export const aConnection = (organizationId: OrganizationId, differences: object = {}): RoleConnection =>
  ({
    id: newConnectionId(),
    organizationId,
    name: 'production',
    method: 'assume_role',
    externalId: newExternalId(),
    encryptedCallbackSecret: 'encrypted',
    partition: 'aws',
    scopes: [],
    version: 1,
    createdAt: at(0),
    updatedAt: at(0),
    status: 'pending',
    ...differences,
  }) as RoleConnection;

export const anAccessKeyConnection = (organizationId: OrganizationId, differences: object = {}) =>
  ({
    id: newConnectionId(),
    organizationId,
    name: 'production',
    method: 'access_key',
    partition: 'aws',
    scopes: [],
    version: 1,
    createdAt: at(0),
    updatedAt: at(0),
    status: 'connected',
    accountId: '123456789012',
    accessKey: {
      lastFour: 'WXYZ',
      principalArn: 'arn:aws:iam::123456789012:user/deploy',
      encrypted: {
        keyId: 'k1',
        wrappedDataKey: 'wrapped',
        accessKeyId: 'encrypted',
        secretAccessKey: 'encrypted',
      },
    },
    verification: {
      startedAt: at(1),
      finishedAt: at(2),
      checks: [],
      probes: [],
      result: 'passed',
      accountId: '123456789012',
      principalArn: 'arn:aws:iam::123456789012:user/deploy',
    },
    ...differences,
  }) as unknown as AccessKeyConnection;

export const connectedTo = (role: string) => ({
  status: 'connected',
  roleArn: role as RoleArn,
  roleId: 'AROAQUITEANEXAMPLE',
  assurance: 'tested',
  probedAt: at(2),
  accountId: '123456789012',
  verification: {
    startedAt: at(1),
    finishedAt: at(2),
    checks: [],
    probes: [],
    result: 'passed',
    accountId: '123456789012',
    sessionArn: 'arn:aws:sts::123456789012:assumed-role/reader/rolebridge',
  },
});

export const changed = (connection: Connection, differences: object): Connection =>
  ({ ...connection, version: connection.version + 1, updatedAt: at(60), ...differences }) as Connection;

/** An event that was attempted, and not answered. */
export const idempotencyRecordOf = (connection: Connection): IdempotencyRecord => ({
  connectionId: connection.id,
  organizationId: connection.organizationId,
  webhookId: 'msg_1',
  requestHash: 'ab'.repeat(32),
  firstAttemptAt: at(0),
});

export const anApiKey = (organizationId: OrganizationId, differences: object = {}): ApiKey => ({
  id: newApiKeyId(),
  organizationId,
  name: 'ci',
  hash: 'ab'.repeat(32),
  createdAt: at(0),
  permissions: [...permissions],
  ...differences,
});

/** As created by a process that started at that time. */
export const auditIdAt = (time: number) => `${firstAuditIdAt(time)}${newAuditId(0).slice(14)}`;

export const anAuditRecord = (organizationId: OrganizationId, differences: object = {}): AuditRecord =>
  ({
    id: newAuditId(Date.parse(at(0))),
    at: at(0),
    organizationId,
    actor: { kind: 'operator' },
    requestId: 'req_1',
    action: 'connection.rename',
    phase: 'intent',
    ...differences,
  }) as AuditRecord;

export const aJob = (connection: Connection, differences: object = {}): Job => ({
  connectionId: connection.id,
  organizationId: connection.organizationId,
  purpose: 'verify',
  dueAt: at(100),
  attempts: 0,
  ...differences,
});

export const aMessage = (connection: Connection, differences: object = {}): OutboxMessage => ({
  id: 'msg_1',
  endpoint: 'https://vendor.example/hooks',
  organizationId: connection.organizationId,
  connectionId: connection.id,
  body: '{"type":"connection.connected"}',
  createdAt: at(0),
  dueAt: at(100),
  attempts: 0,
  ...differences,
});

export const aToken = (organizationId: OrganizationId, differences: object = {}): Token => ({
  kind: 'web_session',
  hash: 'cd'.repeat(32),
  organizationId,
  createdAt: at(0),
  expiresAt: at(600),
  data: { purpose: 'guide' },
  ...differences,
});
