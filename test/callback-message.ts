import { createHmac, randomBytes } from 'node:crypto';
import { roleIds } from '../aws-sandbox/index.js';

/** A callback as a customer's stack sends it; every part can be made wrong. */
export function callbackMessage(
  secret: string,
  event: object | string,
  options: { id?: string; timestamp?: number | string; signature?: string } = {},
) {
  const body = typeof event === 'string' ? event : JSON.stringify(event);
  const id = options.id ?? `msg_${randomBytes(12).toString('hex')}`;
  const timestamp = String(options.timestamp ?? Math.floor(Date.now() / 1000));
  const signature = options.signature ?? sign(secret, id, timestamp, body);
  return {
    headers: {
      'content-type': 'application/json',
      'webhook-id': id,
      'webhook-timestamp': timestamp,
      'webhook-signature': signature,
    } as Record<string, string>,
    body,
  };
}

export const sign = (secret: string, id: string, timestamp: string, body: string): string =>
  `v1,${createHmac('sha256', Buffer.from(secret.slice('whsec_'.length), 'base64'))
    .update(`${id}.${timestamp}.${body}`)
    .digest('base64')}`;

/** The sandbox knows the id of each role; of one that it never had, any id will do. */
const roleIdOf = (roleArn: string): string => roleIds.get(roleArn) ?? 'AROANOTINTHESANDBOX';

export const provisioned = (
  connectionId: string,
  roleArn: string,
  scope?: object,
  /** Required when the sandbox runs in another process. */
  roleId = roleIdOf(roleArn),
) => ({
  type: 'role.provisioned',
  timestamp: new Date().toISOString(),
  data: { connectionId, roleArn, roleId, ...(scope && { scope }) },
});

export const deprovisioned = (connectionId: string, roleArn: string) => ({
  type: 'role.deprovisioned',
  timestamp: new Date().toISOString(),
  data: { connectionId, roleArn, roleId: roleIdOf(roleArn) },
});

/** The dry run before a role is created. */
export const connectionCheck = (connectionId: string, accountId: string, more: object = {}) => ({
  type: 'connection.check',
  timestamp: new Date().toISOString(),
  data: { connectionId, accountId, ...more },
});
