import type { Resolution } from '../actions/resolve-target.js';
import type { Connection } from '../domain/connection.js';
import { consoleLink } from '../domain/console-link.js';
import type { Partition } from '../domain/role-arn.js';
import type { Dependencies } from '../domain/service-dependencies.js';
import { trustPolicy } from '../domain/trust-policy.js';
import { constructSnippet } from './construct-snippet.js';

/** A connection as the API shows it: no secret, no inner number. */
export function connectionView(connection: Connection) {
  const { id, name, method, status, externalId, partition, expectedAccountId, scopes, createdAt, updatedAt } =
    connection;
  const view = {
    id,
    name,
    method,
    status,
    externalId,
    partition,
    expectedAccountId,
    scopes,
    createdAt,
    updatedAt,
  };
  switch (connection.status) {
    case 'pending':
      return view;
    case 'connected':
      return {
        ...view,
        accountId: connection.accountId,
        roleArn: connection.roleArn,
        verification: connection.verification,
      };
    case 'failed':
      return { ...view, roleArn: connection.roleArn, verification: connection.verification };
    case 'disconnected':
      return { ...view, reason: connection.reason, disconnectedAt: connection.disconnectedAt };
  }
}

/** Enough to act on; the rest is at `GET /v1/connections/{id}`. */
export function connectionSummary(connection: Connection) {
  return {
    id: connection.id,
    name: connection.name,
    status: connection.status,
    ...((connection.status === 'connected' || connection.status === 'failed') && {
      roleArn: connection.roleArn,
    }),
    ...(connection.status === 'connected' && { accountId: connection.accountId }),
    ...(connection.status === 'failed' &&
      connection.verification.result === 'failed' && { code: connection.verification.code }),
  };
}

export function resolutionView({ connection, matchedScope, path, shadows }: Resolution) {
  return {
    connection: connectionSummary(connection),
    matchedScope,
    path,
    shadows: shadows.map((wider) => ({
      scope: wider.scope,
      connection: connectionSummary(wider.connection),
    })),
  };
}

/** The answer to the creation of a connection: the only one with the callback's secret. */
export function createdConnectionView(deps: Dependencies, connection: Connection, callbackSecret: string) {
  const partition = connection.partition as Partition;
  const principal = deps.principals.get(partition) ?? '';
  const callbackUrl = `${deps.publicUrl}/v1/callbacks`;
  const { externalId } = connection;
  return {
    ...connectionView(connection),
    principal,
    callbackUrl,
    callbackSecret,
    trustPolicy: trustPolicy({ principal, externalId }),
    waysToCreateTheRole: {
      console: consoleLink({ partition, principal, externalId }),
      cdktf: constructSnippet({ connection, principal, callbackUrl }),
    },
  };
}
