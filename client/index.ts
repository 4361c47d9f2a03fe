/**
 * A typed client of the service's API. Its calls and types are generated from the service's table of operations
 * (`api.ts`). It has no dependencies.
 */
import type { Agent } from 'node:http';
import type {
  Connection,
  CreateAccessKeyConnectionRequest,
  CreatedConnection,
  CreateRoleConnectionRequest,
} from './api.js';
import { type Call, type Calls, createCalls, type RequestQuery } from './calls.js';
import { type CallOptions, send } from './send.js';
import { serviceUrl } from './service-url.js';

export type * from './api.js';
export type { Answer, Calls, RequestBody, RequestQuery } from './calls.js';
export { type ApiErrorCode, RolebridgeApiError, RolebridgeUnreachableError } from './errors.js';
export type { CallOptions } from './send.js';
export { ServiceUrlError } from './service-url.js';

/** Options of a client. */
export interface RolebridgeClientOptions {
  /** Where the service is, such as `https://connect.vendor.example`. */
  readonly url: string;
  /** An API key of one organization, or the operator's token. */
  readonly apiKey?: string | undefined;
  /** With an operator's token: the id or reference of the organization to act for. */
  readonly organization?: string | undefined;
  /** The timeout of one attempt, in milliseconds; a verification may wait half a minute for AWS. @default 45,000 */
  readonly timeoutMs?: number | undefined;
  /** Total time to wait for Retry-After, in milliseconds; 0 never retries. @default 30,000 */
  readonly maxRetryWaitMs?: number | undefined;
  /** Allows `http:` to another machine, which exposes keys on the network. @default false */
  readonly allowHttp?: boolean | undefined;
  /** Sends the requests through a proxy: an agent of a package such as `https-proxy-agent`. @default directly */
  readonly agent?: Agent | undefined;
}

/** One line of an organization's export. */
export interface ExportedRecord {
  readonly kind: string;
  readonly value: unknown;
}

type SentCall = Call & { readonly isLines?: boolean };

/** Every operation of the API, with shortcuts for some. */
export interface RolebridgeClient extends Omit<Calls, 'createConnection'> {
  /** Creates a connection with a role. The answer shows the callback secret, once. */
  createConnection(body: CreateRoleConnectionRequest, options?: CallOptions): Promise<CreatedConnection>;
  /** Creates a connection with an access key, which is verified first. */
  createAccessKeyConnection(
    body: CreateAccessKeyConnectionRequest,
    options?: CallOptions,
  ): Promise<Connection>;
  /** All data of an organization, for the operator. @throws when the export was cut off */
  exportOrganization(id: string, options?: CallOptions): Promise<ExportedRecord[]>;
  /** Iterates over all connections, a page at a time. */
  connections(
    query?: Omit<RequestQuery<'listConnections'>, 'limit' | 'after'>,
    options?: CallOptions,
  ): AsyncGenerator<Connection>;
}

/**
 * Every call throws {@link RolebridgeApiError} when the service refuses, and {@link RolebridgeUnreachableError} when it
 * gives no answer. The client retries idempotent requests after the time in Retry-After.
 *
 * @example
 * const rolebridge = createRolebridgeClient({ url: 'https://connect.vendor.example', apiKey });
 * const { accessKeyId } = await rolebridge.issueCredentials({ project: 'shop', environment: 'production' });
 * @throws ServiceUrlError
 */
export function createRolebridgeClient(options: RolebridgeClientOptions): RolebridgeClient {
  const base = serviceUrl(options.url, options.allowHttp ?? false);
  const sendCall = ({ method, path, query, body, isIdempotent, options: its, isLines }: SentCall) => {
    const url = new URL(base.pathname.replace(/\/$/, '') + path, base);
    for (const [name, value] of Object.entries(query ?? {}))
      if (value !== undefined) url.searchParams.set(name, String(value));
    return send({
      url,
      method,
      token: options.apiKey,
      organization: options.organization,
      body,
      isLines,
      signal: its?.signal,
      agent: options.agent,
      idempotencyKey: its?.idempotencyKey,
      isIdempotent: isIdempotent || its?.idempotencyKey !== undefined,
      timeoutMs: options.timeoutMs ?? 45_000,
      maxRetryWaitMs: options.maxRetryWaitMs ?? 30_000,
    });
  };
  const calls = createCalls(sendCall);
  return {
    ...calls,
    // The request decides which of the two types the answer has.
    createConnection: (body, its) => calls.createConnection(body, its) as Promise<CreatedConnection>,
    createAccessKeyConnection: (body, its) => calls.createConnection(body, its) as Promise<Connection>,
    async exportOrganization(id, its) {
      const path = `/v1/organizations/${encodeURIComponent(id)}/export`;
      const call = { method: 'GET', path, isIdempotent: true, isLines: true, options: its } as const;
      // The service's format of a line.
      return (await sendCall(call)) as ExportedRecord[];
    },
    async *connections(query = {}, its) {
      for (let after: string | undefined; ; ) {
        const page = await calls.listConnections({ ...query, limit: 100, after }, its);
        yield* page.connections;
        after = page.next;
        if (after === undefined) return;
      }
    },
  };
}
