/**
 * A typed client of the service's API. Its types are those of the schemas that the service validates with; it loads
 * neither them nor anything else but Node's own HTTP.
 */
import type { Operations } from '../api/openapi/operations.js';
import { type CallOptions, send } from './send.js';
import { serviceUrl } from './service-url.js';
import type {
  Answer,
  Connection,
  CreateAccessKeyConnectionRequest,
  CreatedConnection,
  CreateRoleConnectionRequest,
  RequestBody,
  RequestQuery,
} from './types.js';

export { type ApiErrorCode, RolebridgeApiError, RolebridgeUnreachableError } from './errors.js';
export type { CallOptions } from './send.js';
export { ServiceUrlError } from './service-url.js';
export type * from './types.js';

/** What a client is made with. */
export interface RolebridgeClientOptions {
  /** Where the service is, such as `https://connect.vendor.example`. */
  readonly url: string;
  /** An API key of one organization; the operator's token for `createOrganization` and `reencrypt`. */
  readonly apiKey?: string | undefined;
  /** For one attempt, in milliseconds; a verification may wait half a minute for AWS. @default 45,000 */
  readonly timeoutMs?: number | undefined;
  /** How long to wait in all when answers say Retry-After, in milliseconds; 0 never waits. @default 30,000 */
  readonly maxRetryWaitMs?: number | undefined;
  /** Allows `http:` to another machine, where everybody on the way can read keys. @default false */
  readonly allowHttp?: boolean | undefined;
}

/**
 * Every call throws {@link RolebridgeApiError} when the service refuses, and {@link RolebridgeUnreachableError} when it
 * gives no answer. What may be repeated without doing it twice is repeated when the answer says Retry-After.
 *
 * @example
 * const rolebridge = createRolebridgeClient({ url: 'https://connect.vendor.example', apiKey });
 * const { accessKeyId } = await rolebridge.issueCredentials({ project: 'shop', environment: 'production' });
 * @throws ServiceUrlError
 */
export function createRolebridgeClient(options: RolebridgeClientOptions) {
  const base = serviceUrl(options.url, options.allowHttp ?? false);

  function call<Id extends keyof Operations>(
    method: Uppercase<Operations[Id]['method']>,
    path: string,
    request: { query?: object | undefined; body?: unknown; isRepeatable?: boolean } & CallOptions = {},
  ): Promise<Answer<Id>> {
    const url = new URL(base.pathname.replace(/\/$/, '') + path, base);
    for (const [name, value] of Object.entries(request.query ?? {}))
      if (value !== undefined) url.searchParams.set(name, String(value));
    return send({
      url,
      method,
      token: options.apiKey,
      body: request.body,
      signal: request.signal,
      isRepeatable: request.isRepeatable ?? method !== 'POST',
      timeoutMs: options.timeoutMs ?? 45_000,
      maxRetryWaitMs: options.maxRetryWaitMs ?? 30_000,
    }) as Promise<Answer<Id>>;
  }
  const connectionPath = (id: string, more = '') => `/v1/connections/${encodeURIComponent(id)}${more}`;

  return {
    /** Makes a connection with a role. The answer has, this once, the callback's secret. */
    createConnection: (body: CreateRoleConnectionRequest, o: CallOptions = {}) =>
      call<'createConnection'>('POST', '/v1/connections', { ...o, body }) as Promise<CreatedConnection>,
    /** Makes a connection with an access key, which is verified first. */
    createAccessKeyConnection: (body: CreateAccessKeyConnectionRequest, o: CallOptions = {}) =>
      call<'createConnection'>('POST', '/v1/connections', { ...o, body }) as Promise<Connection>,
    /** One page; `after` is the `next` of the page before. */
    listConnections: (query: RequestQuery<'listConnections'> = {}, o: CallOptions = {}) =>
      call<'listConnections'>('GET', '/v1/connections', { ...o, query }),
    /** All connections, asked for page by page. */
    async *connections(
      query: Omit<RequestQuery<'listConnections'>, 'limit' | 'after'> = {},
      o: CallOptions = {},
    ): AsyncGenerator<Connection> {
      for (let after: string | undefined; ; ) {
        const page: Answer<'listConnections'> = await call<'listConnections'>('GET', '/v1/connections', {
          ...o,
          query: { ...query, limit: 100, after },
        });
        yield* page.connections as Connection[];
        after = page.next;
        if (after === undefined) return;
      }
    },
    /** One connection, with its last verification. */
    getConnection: (id: string, o: CallOptions = {}) =>
      call<'getConnection'>('GET', connectionPath(id), o) as Promise<Connection>,
    /** Gives the connection another name. */
    renameConnection: (id: string, body: RequestBody<'renameConnection'>, o: CallOptions = {}) =>
      call<'renameConnection'>('PATCH', connectionPath(id), { ...o, body }) as Promise<Connection>,
    /** Forgets the connection; its scopes are free. */
    deleteConnection: (id: string, o: CallOptions = {}) =>
      call<'deleteConnection'>('DELETE', connectionPath(id), o),
    /** Gives a role by hand; it is verified on the spot. */
    setRole: (id: string, body: RequestBody<'setRole'>, o: CallOptions = {}) =>
      call<'setRole'>('PUT', connectionPath(id, '/role'), { ...o, body }) as Promise<Connection>,
    /** Checks the connection again, now. */
    verifyConnection: (id: string, o: CallOptions = {}) =>
      call<'verifyConnection'>('POST', connectionPath(id, '/verify'), {
        ...o,
        isRepeatable: true,
      }) as Promise<Connection>,
    /** The ways to create the role, with what is chosen of it; no secret is in them. */
    getRoleTemplates: (id: string, query: RequestQuery<'getRoleTemplates'> = {}, o: CallOptions = {}) =>
      call<'getRoleTemplates'>('GET', connectionPath(id, '/role-templates'), { ...o, query }),
    /** Lets accounts register themselves. The answer has, this once, the secret. */
    createEnrollment: (body: RequestBody<'createEnrollment'>, o: CallOptions = {}) =>
      call<'createEnrollment'>('POST', '/v1/enrollments', { ...o, body }),
    /** One page, the newest first, without the secrets; `before` is the `next` of the page before. */
    listEnrollments: (query: RequestQuery<'listEnrollments'> = {}, o: CallOptions = {}) =>
      call<'listEnrollments'>('GET', '/v1/enrollments', { ...o, query }),
    /** An enrollment that has not ended, and its accounts. */
    getEnrollment: (id: string, o: CallOptions = {}) =>
      call<'getEnrollment'>('GET', `/v1/enrollments/${encodeURIComponent(id)}`, o),
    /** Lets no further account register itself. */
    endEnrollment: (id: string, o: CallOptions = {}) =>
      call<'endEnrollment'>('DELETE', `/v1/enrollments/${encodeURIComponent(id)}`, o),
    /** Where the connection applies. */
    setScopes: (id: string, body: RequestBody<'setScopes'>, o: CallOptions = {}) =>
      call<'setScopes'>('PUT', connectionPath(id, '/scopes'), { ...o, body }) as Promise<Connection>,
    /** The answer has, this once, the new secret. */
    rotateCallbackSecret: (id: string, body: RequestBody<'rotateCallbackSecret'> = {}, o: CallOptions = {}) =>
      call<'rotateCallbackSecret'>('POST', connectionPath(id, '/rotate-callback-secret'), { ...o, body }),
    /** Begins to change the external ID; the connection goes on with the one that it has until the role has the new one. */
    rotateExternalId: (id: string, body: RequestBody<'rotateExternalId'> = {}, o: CallOptions = {}) =>
      call<'rotateExternalId'>('POST', connectionPath(id, '/rotate-external-id'), { ...o, body }),
    /** Leaves the external ID as it is. */
    cancelExternalIdRotation: (id: string, o: CallOptions = {}) =>
      call<'cancelExternalIdRotation'>(
        'DELETE',
        connectionPath(id, '/rotate-external-id'),
        o,
      ) as Promise<Connection>,
    /** Exchanges the access key for another of the same account. */
    rotateAccessKey: (id: string, body: RequestBody<'rotateAccessKey'>, o: CallOptions = {}) =>
      call<'rotateAccessKey'>('PUT', connectionPath(id, '/access-key'), {
        ...o,
        body,
      }) as Promise<Connection>,
    /** Begins the move to a role. The answer has, this once, the callback's secret. */
    migrateToRole: (id: string, o: CallOptions = {}) =>
      call<'migrateToRole'>('POST', connectionPath(id, '/migrate-to-role'), o),
    /** The connection that applies to a target, healthy or not, and why that one. */
    resolve: (target: RequestQuery<'resolve'> = {}, o: CallOptions = {}) =>
      call<'resolve'>('GET', '/v1/resolve', { ...o, query: target }),
    /** Short-lived credentials for a target. */
    issueCredentials: (body: RequestBody<'issueCredentials'> = {}, o: CallOptions = {}) =>
      call<'issueCredentials'>('POST', '/v1/credentials', { ...o, body, isRepeatable: true }),
    /** The answer has, this once, the key. */
    createApiKey: (body: RequestBody<'createApiKey'>, o: CallOptions = {}) =>
      call<'createApiKey'>('POST', '/v1/api-keys', { ...o, body }),
    /** The organization's API keys, revoked ones too, without the keys themselves. */
    listApiKeys: (o: CallOptions = {}) => call<'listApiKeys'>('GET', '/v1/api-keys', o),
    /** From then on the key opens nothing. */
    revokeApiKey: (id: string, o: CallOptions = {}) =>
      call<'revokeApiKey'>('DELETE', `/v1/api-keys/${encodeURIComponent(id)}`, o),
    /** The answer has, this once, an address that signs in to the site. */
    createSignInLink: (body: RequestBody<'createSignInLink'> = {}, o: CallOptions = {}) =>
      call<'createSignInLink'>('POST', '/v1/sign-in-links', { ...o, body }),
    /** One page, the newest first; `before` is the `next` of the page before. */
    listAuditRecords: (query: RequestQuery<'listAuditRecords'> = {}, o: CallOptions = {}) =>
      call<'listAuditRecords'>('GET', '/v1/audit', { ...o, query }),
    /** With the operator's token. The answer has, this once, the organization's first API key. */
    createOrganization: (body: RequestBody<'createOrganization'>, o: CallOptions = {}) =>
      call<'createOrganization'>('POST', '/v1/organizations', { ...o, body }),
    /** With the operator's token: encrypts all access keys again with the first encryption key. */
    reencrypt: (o: CallOptions = {}) =>
      call<'reencrypt'>('POST', '/v1/reencrypt', { ...o, isRepeatable: true }),
    /** Could the service store a write now? */
    isReady: (o: CallOptions = {}) => call<'isReady'>('GET', '/readyz', o),
  };
}

/** What {@link createRolebridgeClient} makes. */
export type RolebridgeClient = ReturnType<typeof createRolebridgeClient>;
