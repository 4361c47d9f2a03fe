import { randomUUID } from 'node:crypto';
import type { Connection } from '../../service/domain/connection.js';
import type { AccountId } from '../../service/domain/ids.js';
import { newConnectionId, newExternalId, type OrganizationId } from '../../service/domain/ids.js';
import type { RoleArn } from '../../service/domain/role-arn.js';
import type { Scope } from '../../service/domain/scope.js';
import type { CheckName, Probe, Verification } from '../../service/domain/verification.js';

/** The encrypted secret of a callback has about this size; it is never decrypted here. */
const encryptedCallbackSecret = `s1.k1.${'A'.repeat(43)}.${'B'.repeat(88)}`;

/** A connection with everything that a verified one has, so that its record has the size of a real one. */
export function connectedConnection(
  organizationId: OrganizationId,
  number: number,
  scope: Scope,
): Extract<Connection, { status: 'connected' }> {
  const id = newConnectionId();
  const accountId = String(200_000_000_000 + number) as AccountId;
  const at = new Date(Date.now() + number).toISOString();
  const roleName = `rolebridge-${number}`;
  return {
    id,
    organizationId,
    name: `connection ${number}`,
    method: 'assume_role',
    externalId: newExternalId(),
    encryptedCallbackSecret,
    partition: 'aws',
    scopes: [scope],
    version: 1,
    createdAt: at,
    updatedAt: at,
    status: 'connected',
    roleArn: `arn:aws:iam::${accountId}:role/${roleName}` as RoleArn,
    roleId: 'AROAQUITEANEXAMPLE',
    accountId,
    assurance: 'tested',
    probedAt: at,
    verification: verification(at, accountId, roleName, id),
  };
}

/** A connection whose stack has not called back yet. */
export function pendingConnection(
  organizationId: OrganizationId,
  number: number,
  scopes: Scope[],
): Extract<Connection, { status: 'pending' }> {
  const { id, name, method, externalId, partition, version, createdAt, updatedAt } = connectedConnection(
    organizationId,
    number,
    {},
  );
  const common = { id, organizationId, name, method, externalId, partition, version, createdAt, updatedAt };
  return { ...common, encryptedCallbackSecret, scopes, status: 'pending' };
}

/** One default, a tenth of projects, the rest environments in them: every target of an environment shadows two. */
export function scopesOf(connections: number): Scope[] {
  const projects = Math.max(1, Math.floor(connections / 10));
  return [
    {},
    ...Array.from({ length: projects }, (_, number) => ({ project: `project-${number}` })),
    ...Array.from({ length: connections - 1 - projects }, (_, number) => ({
      project: `project-${number % projects}`,
      environment: `environment-${Math.floor(number / projects)}`,
    })),
  ];
}

function verification(at: string, accountId: string, roleName: string, id: string): Verification {
  const passed = (name: CheckName, message: string) => ({ name, outcome: 'passed' as const, message, at });
  const probe = (name: Probe['probe'], outcome: Probe['outcome']): Probe => ({
    probe: name,
    at,
    outcome,
    requestId: randomUUID(),
  });
  return {
    startedAt: at,
    finishedAt: at,
    result: 'passed',
    accountId,
    sessionArn: `arn:aws:sts::${accountId}:assumed-role/${roleName}/rolebridge.callback.${id}`,
    checks: [
      passed('role_arn', `arn:aws:iam::${accountId}:role/${roleName} is the ARN of a role.`),
      passed('not_vendor_account', `Account ${accountId} is not the vendor's.`),
      passed('assumable', 'The role can be assumed with the external ID.'),
      passed('account', `The session is in account ${accountId}, and GetCallerIdentity agrees.`),
      passed('external_id_required', 'AWS denies the role without the external ID.'),
      passed('external_id_exact', 'AWS denies the role with another external ID.'),
      passed('not_already_connected', 'No other connection has this role.'),
    ],
    probes: [
      probe('with_external_id', 'allowed'),
      probe('caller_identity', 'allowed'),
      probe('without_external_id', 'denied'),
      probe('wrong_external_id', 'denied'),
    ],
  };
}
