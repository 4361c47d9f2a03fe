import { findConnection } from '../../actions/find-connection.js';
import type { Connection } from '../../domain/connection.js';
import type { ErrorCode } from '../../domain/error-catalog/index.js';
import { connectionId } from '../example-values.js';
import type { ApiDependencies, Caller } from '../operation.js';
import * as answers from './answers.js';

export const tag = 'Connections';
/** Common members of the operations in this folder. */
export const reading = { tag, auth: 'organization', permission: 'connections:read' } as const;
export const changing = { ...reading, permission: 'connections:write' } as const;
export const path = { id: connectionId };
export const connectionAnswer = {
  status: 200,
  description: 'The connection.',
  schema: answers.connection,
} as const;

/** The connection that the path names. @throws RolebridgeError `connection_not_found` */
export const connectionIn = ({
  deps,
  caller,
  params,
}: {
  readonly deps: ApiDependencies;
  readonly caller: Caller;
  readonly params: { readonly id: string };
}): Promise<Connection> => findConnection(deps.store, caller, params.id);

export const inconclusiveErrors: readonly ErrorCode[] = [
  'verification_in_progress',
  'aws_unavailable',
  'vendor_credentials_invalid',
  'vendor_not_allowed',
];

/** Error codes of a role verification. */
export const roleVerificationErrors: readonly ErrorCode[] = [
  'role_arn_invalid',
  'partition_not_supported',
  'role_in_vendor_account',
  'role_already_connected',
  'role_not_assumable',
  'account_mismatch',
  'external_id_not_required',
  'external_id_not_enforced',
  'previous_external_id_accepted',
  'trust_policy_unsafe',
  'proof_required',
  'permissions_missing',
  'scope_taken',
  'connection_disconnected',
  ...inconclusiveErrors,
];

export const accessKeyErrors: readonly ErrorCode[] = [
  'access_key_invalid',
  'access_key_expired',
  'access_key_not_available',
  'root_access_key',
  'key_in_vendor_account',
  'account_mismatch',
  'partition_not_supported',
  'aws_unavailable',
];

export const findErrors: readonly ErrorCode[] = ['connection_not_found'];
export const changeErrors: readonly ErrorCode[] = [...findErrors, 'connection_changed'];
