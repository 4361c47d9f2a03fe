/**
 * A misspelled state or member does not compile, nor does a handler that returns another answer than it declares.
 * `npm run typecheck` fails where a marked line compiles, and where another one doesn't. Nothing here runs.
 */
import type { RolebridgeClient } from '../../client/index.js';
import { defineOperation } from '../../service/api/operation.js';
import { problem } from '../../service/api/problem-schema.js';
import type {
  ConnectedConnection,
  Connection,
  FailedConnection,
  PendingConnection,
} from '../../service/domain/connection.js';
import { connected, failed, type VerifiedRole } from '../../service/domain/connection-transitions.js';
import type { ConnectionId } from '../../service/domain/ids.js';

export function states(connection: Connection, waiting: PendingConnection) {
  const pending: Connection = { ...waiting, status: 'pending' };
  // @ts-expect-error a misspelled state
  const misspelled: Connection = { ...waiting, status: 'conected' };
  // @ts-expect-error a connected connection has a role
  const withoutRole: ConnectedConnection = { ...waiting, status: 'connected' };
  // @ts-expect-error a comparison with a misspelled state
  const isConnected = connection.status === 'conected';
  return [pending, misspelled, withoutRole, isConnected, connection.status === 'connected'];
}

export function members(connection: Connection, waiting: PendingConnection, up: ConnectedConnection) {
  // @ts-expect-error a misspelled member
  const misspelled = up.rolArn;
  // @ts-expect-error a pending connection has no role
  const ofAnotherState = waiting.roleArn;
  // @ts-expect-error the id of an organization
  const ofAnotherKind: ConnectionId = connection.organizationId;
  // @ts-expect-error a connection changes by a transition
  up.status = 'failed';
  return [misspelled, ofAnotherState, ofAnotherKind];
}

export function transitions(connection: Connection, down: FailedConnection, verified: VerifiedRole) {
  const next: Connection = connected(connection, verified);
  const { roleId, ...rest } = verified;
  // @ts-expect-error `roleId` is left out
  connected(connection, rest);
  // @ts-expect-error a misspelled member
  failed(down, { roleArn: down.roleArn, verificaton: down.verification });
  return [next, roleId];
}

const call = {
  method: 'get',
  path: '/v1/things',
  tag: 'Things',
  summary: '',
  auth: 'none',
  errors: [],
  examples: {},
  answer: {
    status: 200,
    description: '',
    schema: problem.pick({ type: true, title: true, errors: true }),
  },
} as const;
const good = { type: 'about:blank', title: 'shop' };

export const operations = [
  defineOperation({ ...call, handler: async () => ({ ...good, errors: [{ at: 'body', message: '' }] }) }),
  // @ts-expect-error a member is left out
  defineOperation({ ...call, handler: () => ({ type: '' }) }),
  // @ts-expect-error a member has another type
  defineOperation({ ...call, handler: async () => ({ ...good, title: 1 }) }),
  // @ts-expect-error a member is not in the answer
  defineOperation({ ...call, handler: async () => ({ ...good, hash: '9f' }) }),
  // @ts-expect-error a member further in is not in the answer
  defineOperation({
    ...call,
    handler: async () => ({ ...good, errors: [{ at: '', message: '', txet: '' }] }),
  }),
];

/** The client's types are those of the service's schemas. */
export async function program(rolebridge: RolebridgeClient) {
  const made = await rolebridge.createConnection({ name: 'shop', expectedAccountId: '210987654321' });
  const connection = await rolebridge.getConnection(made.id);
  if (connection.status === 'connected') return `${connection.accountId} ${made.callbackSecret}`;
  // @ts-expect-error a pending connection has no role
  if (connection.status === 'pending') return connection.roleArn;
  // @ts-expect-error there is no such level
  await rolebridge.resolve({ region: 'x' });
  // @ts-expect-error an access key needs its secret
  await rolebridge.createAccessKeyConnection({ name: 'x', method: 'access_key', accessKeyId: 'AKIA' });
  return undefined;
}
