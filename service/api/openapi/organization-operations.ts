import { auditQuery, createApiKeyRequest, createOrganizationRequest, signInLinkRequest } from '../schemas.js';
import * as answers from './answers.js';
import { apiKeyId, connectionId } from './example-values.js';
import type { Operation } from './operation.js';

export const organizationOperations = {
  createOrganization: {
    method: 'post',
    path: '/v1/organizations',
    tag: 'Organization',
    summary: 'Makes an organization and its first API key.',
    proof: 'operator_token',
    body: createOrganizationRequest,
    answer: {
      status: 201,
      description: 'The organization, and its API key, which is in no other answer.',
      schema: answers.createdOrganization,
    },
    codes: [],
    examples: {
      one: { body: { name: 'acme' }, gives: 201 },
      spaces: { body: { name: ' acme' }, gives: 'request_invalid' },
    },
  },
  reencrypt: {
    method: 'post',
    path: '/v1/reencrypt',
    tag: 'Operations',
    summary:
      'Encrypts all access keys and secrets of callbacks and enrollments again with the first of their keys.',
    proof: 'operator_token',
    answer: { status: 200, description: 'What became of them.', schema: answers.reencryption },
    codes: [],
    examples: { all: { gives: 200 } },
  },
  createApiKey: {
    method: 'post',
    path: '/v1/api-keys',
    tag: 'Organization',
    summary: 'Makes an API key of the organization.',
    proof: 'api_key',
    body: createApiKeyRequest,
    answer: {
      status: 201,
      description: 'The key, which is in no other answer.',
      schema: answers.createdApiKey,
    },
    codes: [],
    examples: { one: { body: { name: 'runner' }, gives: 201 } },
  },
  listApiKeys: {
    method: 'get',
    path: '/v1/api-keys',
    tag: 'Organization',
    summary: "The organization's API keys, revoked ones too, without the keys themselves.",
    proof: 'api_key',
    answer: { status: 200, description: 'All of them, the oldest first.', schema: answers.apiKeyList },
    codes: [],
    examples: { all: { gives: 200 } },
  },
  revokeApiKey: {
    method: 'delete',
    path: '/v1/api-keys/{id}',
    tag: 'Organization',
    summary: 'From now on the key opens nothing.',
    proof: 'api_key',
    answer: { status: 204, description: 'It is revoked.' },
    codes: ['api_key_not_found', 'api_key_in_use'],
    examples: {
      revoke: { path: { id: apiKeyId }, gives: 204 },
      unknown: { path: { id: 'key_aaaaaaaaaaaaaaaa' }, gives: 'api_key_not_found' },
    },
  },
  createSignInLink: {
    method: 'post',
    path: '/v1/sign-in-links',
    tag: 'Organization',
    summary: 'Makes an address that signs in to the site once, for a platform that embeds it.',
    proof: 'api_key',
    body: signInLinkRequest,
    answer: {
      status: 201,
      description: 'The address, which is in no other answer.',
      schema: answers.signInLink,
    },
    codes: ['connection_not_found'],
    examples: {
      aQuarterOfAnHour: { body: {}, gives: 201 },
      toAConnection: { body: { expiresInSeconds: 600, connectionId }, gives: 201 },
      tooLong: { body: { expiresInSeconds: 86_401 }, gives: 'request_invalid' },
    },
  },
  listAuditRecords: {
    method: 'get',
    path: '/v1/audit',
    tag: 'Organization',
    summary: 'Who did what when, the newest first.',
    proof: 'api_key',
    query: auditQuery,
    answer: { status: 200, description: 'A page of records.', schema: answers.auditPage },
    codes: [],
    examples: {
      newest: { query: { limit: '10' }, gives: 200 },
      ofAConnection: { query: { connection: connectionId }, gives: 200 },
      notAnId: { query: { before: 'yesterday' }, gives: 'request_invalid' },
    },
  },
} as const satisfies Record<string, Operation>;

/** Calls that need no key. */
export const openOperations = {
  isAlive: {
    method: 'get',
    path: '/healthz',
    tag: 'Operations',
    summary: 'Is the service up?',
    proof: 'none',
    answer: { status: 200, description: 'It is.', schema: answers.health },
    codes: [],
    examples: { one: { gives: 200 } },
  },
  isReady: {
    method: 'get',
    path: '/readyz',
    tag: 'Operations',
    summary: 'Could a write be stored now?',
    proof: 'none',
    answer: { status: 200, description: 'It could.', schema: answers.readiness },
    codes: [],
    examples: { one: { gives: 200 } },
  },
  explainProblem: {
    method: 'get',
    path: '/problems/{code}',
    tag: 'Operations',
    summary: 'What the code of a problem means, how to see it and how to fix it.',
    description: 'The `type` of every problem is this URL. A browser gets a page.',
    proof: 'none',
    answer: { status: 200, description: 'The explanation.', schema: answers.explanation },
    codes: ['not_found'],
    examples: { one: { path: { code: 'scope_taken' }, gives: 200 } },
  },
  getOpenApiDocument: {
    method: 'get',
    path: '/openapi.json',
    tag: 'Operations',
    summary: 'This document.',
    proof: 'none',
    answer: { status: 200, description: 'OpenAPI 3.1.', schema: answers.openApiDocument },
    codes: [],
    examples: { one: { gives: 200 } },
  },
} as const satisfies Record<string, Operation>;
