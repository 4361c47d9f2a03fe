import type { ErrorCode } from '../../domain/errors.js';
import { rotateAccessKeyRequest } from '../access-key-schema.js';
import { roleTemplatesQuery } from '../role-templates-schema.js';
import {
  createConnectionRequest,
  listQuery,
  renameRequest,
  rotateCallbackSecretRequest,
  rotateExternalIdRequest,
  setRoleRequest,
  setScopesRequest,
} from '../schemas.js';
import * as answers from './answers.js';
import { accessKey, connectionId, roleArn } from './example-values.js';
import type { Operation } from './operation.js';

const tag = 'Connections';
const path = { id: connectionId };
const proof = 'api_key';
const connectionAnswer = { status: 200, description: 'The connection.', schema: answers.connection } as const;

const inconclusive: readonly ErrorCode[] = [
  'verification_in_progress',
  'aws_unavailable',
  'vendor_credentials_invalid',
  'vendor_not_allowed',
  'trust_policy_unsafe',
  'proof_required',
];

/** What the verification of a role can come to. */
export const roleVerificationCodes: readonly ErrorCode[] = [
  'role_arn_invalid',
  'partition_not_supported',
  'role_in_vendor_account',
  'role_already_connected',
  'role_not_assumable',
  'account_mismatch',
  'external_id_not_required',
  'external_id_not_enforced',
  'previous_external_id_accepted',
  'scope_taken',
  'connection_disconnected',
  ...inconclusive,
];

const accessKeyCodes: readonly ErrorCode[] = [
  'access_key_invalid',
  'access_key_expired',
  'access_key_not_available',
  'root_access_key',
  'key_in_vendor_account',
  'account_mismatch',
  'partition_not_supported',
  'aws_unavailable',
];

const found: readonly ErrorCode[] = ['connection_not_found'];
const changed: readonly ErrorCode[] = [...found, 'connection_changed'];

export const connectionOperations = {
  createConnection: {
    method: 'post',
    path: '/v1/connections',
    tag,
    summary: 'Makes a connection.',
    description:
      'With a role: answers, this once, with all that the customer needs to make the role. With an access key: the key is verified before anything is stored, and the answer is the connection.',
    proof,
    body: createConnectionRequest,
    answer: {
      status: 201,
      description: 'The connection; its address is in Location.',
      schema: answers.createdRoleConnection.or(answers.connection),
    },
    codes: [...accessKeyCodes, 'access_key_turned_off', 'access_key_unreadable', 'scope_taken'],
    examples: {
      role: {
        body: { name: 'shop', scope: { project: 'shop', environment: 'production' } },
        gives: 201,
      },
      accessKey: { body: { name: 'archive', method: 'access_key', ...accessKey }, gives: 201 },
      unknownKey: {
        body: { name: 'archive', method: 'access_key', ...accessKey, accessKeyId: 'AKIAI44QH8DHBEXAMPLE' },
        gives: 'access_key_invalid',
      },
      noName: { body: { scope: { project: 'shop' } }, gives: 'request_invalid' },
      takenScope: { body: { name: 'second', scope: { project: 'taken' } }, gives: 'scope_taken' },
      otherPartition: { body: { name: 'beijing', partition: 'aws-cn' }, gives: 'partition_not_supported' },
    },
  },
  listConnections: {
    method: 'get',
    path: '/v1/connections',
    tag,
    summary: 'Lists connections, a page at a time.',
    proof,
    query: listQuery,
    answer: { status: 200, description: 'A page of connections.', schema: answers.connectionList },
    codes: [],
    examples: {
      all: { gives: 200 },
      connected: { query: { status: 'connected', limit: '10' }, gives: 200 },
      tooMany: { query: { limit: '1000' }, gives: 'request_invalid' },
    },
  },
  getConnection: {
    method: 'get',
    path: '/v1/connections/{id}',
    tag,
    summary: 'One connection with its last verification.',
    proof,
    answer: connectionAnswer,
    codes: found,
    examples: {
      one: { path, gives: 200 },
      unknown: { path: { id: 'con_aaaaaaaaaaaaaaaaaaaaaaaa' }, gives: 'connection_not_found' },
    },
  },
  renameConnection: {
    method: 'patch',
    path: '/v1/connections/{id}',
    tag,
    summary: 'Renames a connection.',
    proof,
    body: renameRequest,
    answer: connectionAnswer,
    codes: changed,
    examples: {
      rename: { path, body: { name: 'shop, production' }, gives: 200 },
      empty: { path, body: { name: '' }, gives: 'request_invalid' },
    },
  },
  deleteConnection: {
    method: 'delete',
    path: '/v1/connections/{id}',
    tag,
    summary: 'Forgets a connection, its access key first.',
    proof,
    answer: { status: 204, description: 'It is gone.' },
    codes: changed,
    examples: { delete: { path, gives: 204 } },
  },
  setRole: {
    method: 'put',
    path: '/v1/connections/{id}/role',
    tag,
    summary: 'Gives a role by hand; it is verified on the spot.',
    proof,
    body: setRoleRequest,
    answer: connectionAnswer,
    codes: [...changed, 'method_mismatch', ...roleVerificationCodes],
    examples: {
      role: { path, body: { roleArn }, gives: 200 },
      notARole: {
        path,
        body: { roleArn: 'arn:aws:iam::210987654321:user/somebody' },
        gives: 'role_arn_invalid',
      },
    },
  },
  verifyConnection: {
    method: 'post',
    path: '/v1/connections/{id}/verify',
    tag,
    summary: 'Checks a connection again, now.',
    proof,
    answer: connectionAnswer,
    codes: [...changed, 'role_missing', ...roleVerificationCodes, ...accessKeyCodes, 'access_key_unreadable'],
    examples: {
      verify: { path, gives: 200 },
      noRole: { path, gives: 'role_missing' },
    },
  },
  setScopes: {
    method: 'put',
    path: '/v1/connections/{id}/scopes',
    tag,
    summary: 'Sets where a connection applies.',
    proof,
    body: setScopesRequest,
    answer: connectionAnswer,
    codes: [...changed, 'scope_taken'],
    examples: {
      two: { path, body: { scopes: [{ project: 'shop' }, { project: 'blog' }] }, gives: 200 },
      organization: { path, body: { scopes: [{}] }, gives: 200 },
      taken: { path, body: { scopes: [{ project: 'taken' }] }, gives: 'scope_taken' },
      gap: { path, body: { scopes: [{ environment: 'production' }] }, gives: 'request_invalid' },
    },
  },
  getRoleTemplates: {
    method: 'get',
    path: '/v1/connections/{id}/role-templates',
    tag,
    summary: 'The ways to create the role, with what is chosen of it; no secret is in them.',
    proof,
    query: roleTemplatesQuery,
    answer: { status: 200, description: 'The ways.', schema: answers.roleTemplates },
    codes: [...found, 'method_mismatch'],
    examples: {
      one: { path, gives: 200 },
      chosen: {
        path,
        query: { permissions: 'security-audit', roleName: 'vendor', maxSessionDuration: '7200' },
        gives: 200,
      },
      ownPolicies: {
        path,
        query: { managedPolicies: 'SecurityAudit,job-function/ViewOnlyAccess', allowSessionTags: 'true' },
        gives: 200,
      },
      tooMuch: { path, query: { permissions: 'root' }, gives: 'request_invalid' },
    },
  },
  rotateCallbackSecret: {
    method: 'post',
    path: '/v1/connections/{id}/rotate-callback-secret',
    tag,
    summary: 'Makes another callback secret; the one before signs as well for a while.',
    proof,
    body: rotateCallbackSecretRequest,
    answer: {
      status: 200,
      description: 'The new secret, which is in no other answer.',
      schema: answers.rotatedCallbackSecret,
    },
    codes: [...changed, 'method_mismatch'],
    examples: { hour: { path, body: { previousValidSeconds: 3600 }, gives: 200 } },
  },
  rotateExternalId: {
    method: 'post',
    path: '/v1/connections/{id}/rotate-external-id',
    tag,
    summary:
      'Begins to change the external ID; the connection goes on with the one that it has until the role has the new one.',
    proof,
    body: rotateExternalIdRequest,
    answer: {
      status: 200,
      description:
        'All that the customer needs to change the role. The same again while the change is under way.',
      schema: answers.rotatedExternalId,
    },
    codes: [...changed, 'method_mismatch', 'partition_not_supported'],
    examples: {
      begin: { path, body: {}, gives: 200 },
      withSecret: { path, body: { rotateCallbackSecret: true }, gives: 200 },
    },
  },
  cancelExternalIdRotation: {
    method: 'delete',
    path: '/v1/connections/{id}/rotate-external-id',
    tag,
    summary: 'Leaves the external ID as it is; the new one is never used again.',
    proof,
    answer: connectionAnswer,
    codes: [
      ...changed,
      'method_mismatch',
      'external_id_not_changing',
      'pending_external_id_in_use',
      'aws_unavailable',
      'vendor_credentials_invalid',
    ],
    examples: { notChanging: { path, gives: 'external_id_not_changing' } },
  },
  rotateAccessKey: {
    method: 'put',
    path: '/v1/connections/{id}/access-key',
    tag,
    summary: 'Exchanges the access key of a connection for another of the same account.',
    proof,
    body: rotateAccessKeyRequest,
    answer: connectionAnswer,
    codes: [
      ...changed,
      'method_mismatch',
      'access_key_turned_off',
      'access_key_unreadable',
      ...accessKeyCodes,
    ],
    examples: {
      exchange: { path, body: accessKey, gives: 200 },
      ofARole: { path, body: accessKey, gives: 'method_mismatch' },
    },
  },
  migrateToRole: {
    method: 'post',
    path: '/v1/connections/{id}/migrate-to-role',
    tag,
    summary: 'Begins the move of a connection from an access key to a role.',
    proof,
    answer: {
      status: 200,
      description: 'This once, with all that the customer needs to make the role.',
      schema: answers.startedMigration,
    },
    codes: [...changed, 'method_mismatch', 'partition_not_supported'],
    examples: {
      begin: { path, gives: 200 },
      isARole: { path, gives: 'method_mismatch' },
    },
  },
} as const satisfies Record<string, Operation>;
