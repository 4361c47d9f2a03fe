import type { IncomingMessage, ServerResponse } from 'node:http';
import { parse as parseQuery } from 'node:querystring';
import type { Logger } from 'pino';
import { requireActive } from '../actions/require-active.js';
import { invalidRequest, RolebridgeError } from '../domain/errors.js';
import { RateLimitedError } from '../limits/index.js';
import { textIn } from '../unknown-value.js';
import { type AuthOptions, createAuth } from './auth.js';
import { answerOnce, idempotencyKeyIn } from './idempotency.js';
import { parseJsonBody } from './json-body.js';
import {
  type AnswerSpec,
  type ApiDependencies,
  createsSomething,
  isRead,
  type Operation,
  RawAnswer,
} from './operation.js';
import { type Answer, problemAnswer } from './problem.js';
import { readBody } from './read-body.js';
import { createRequestLog, type Exchange, exchangeOf, logFailure } from './request-log.js';
import { send, sendFile, sendLines } from './respond.js';
import { createRouteTable, type Match } from './route-table.js';
import { parse } from './schemas.js';

export interface ApiOptions extends AuthOptions {
  readonly logger: Logger;
  /** False: metrics are disabled. */
  readonly isMeasured: boolean;
  /** The number of proxies in front of the service that set `X-Forwarded-For`. */
  readonly trustedProxies: number;
}

type Handle = (request: IncomingMessage, response: ServerResponse) => void;
type AnswerError = (thrown: unknown, request: IncomingMessage, response: ServerResponse) => Promise<void>;

/**
 * Handles every operation of the table without another router, because each layer of a router costs time in calls that
 * deployed systems make all day. Other requests continue to `next`.
 */
export function mount(
  deps: ApiDependencies,
  options: ApiOptions,
  { next, answerError }: { readonly next: Handle; readonly answerError: AnswerError },
): Handle {
  const routes = createRouteTable(deps.operations);
  const startLog = createRequestLog({
    ...options,
    metrics: deps.metrics,
    addressOf: (request) => clientAddress(request, options.trustedProxies),
  });
  const authenticate = createAuth(deps, options);

  return (request, response) => {
    startLog(request, response);
    answer(request, response).catch((thrown: unknown) => answerError(thrown, request, response));
  };

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const exchange = exchangeOf(response);
    const { path, search } = targetOf(request.url ?? '/');
    const match = routes.find(path);
    const operation = match && operationFor(match, request, options);
    if (!match || operation === 'page') return next(request, response);
    exchange.route = match.route;
    exchange.isHighVolume = operation?.isHighVolume ?? false;
    if (operation === undefined) {
      response.setHeader('allow', match.allow);
      throw new RolebridgeError('method_not_allowed', `This path allows ${match.allow}.`, {
        remedy: 'Use one of these methods.',
      });
    }
    const params = match.params();
    exchange.params = params;
    const caller = await authenticate(operation, request, exchange);
    if (caller)
      await requireActive(deps.store, caller.organizationId, { allowsSuspended: isRead(operation) });
    const bytes = operation.method === 'get' ? noBody : await readBody(request);
    const input = {
      deps,
      params,
      query: queryOf(operation, search),
      body: operation.body && operation.auth !== 'signature' ? bodyOf(operation, request, bytes) : undefined,
      by: { actor: exchange.actor, requestId: exchange.requestId },
      caller,
      request: { headers: request.headers, body: bytes },
    };
    const { answer: given } = operation;
    const key = createsSomething(operation) ? idempotencyKeyIn(request) : undefined;
    if (key !== undefined) {
      const { actor, requestId } = exchange;
      const keyed = { key, actor, caller, operation: `${request.method} ${path}`, body: bytes, requestId };
      const once = await answerOnce(deps, keyed, async () => ({
        status: given.status,
        body: await operation.handler(input),
      }));
      setLocation(response, given, once);
      return send(response, once);
    }
    const value = await operation.handler(input);
    if (value instanceof RawAnswer) return send(response, value.answer);
    if (given.file && isLines(value)) return sendLines(response, value, given);
    if (typeof value === 'string' || Buffer.isBuffer(value)) return sendFile(request, response, value, given);
    const result = { status: given.status, body: value };
    setLocation(response, given, result);
    send(response, result);
  }
}

/** Answers a failed request with problem details. */
export const createErrorHandler =
  (deps: ApiDependencies, options: Pick<ApiOptions, 'logger' | 'trustedProxies'>): AnswerError =>
  async (thrown, request, response) => {
    if (response.headersSent) return void response.destroy();
    const exchange = exchangeOf(response);
    const error = await limitUnauthenticated(deps, options, thrown, request, exchange);
    const problem = problemAnswer(error, deps.publicUrl, deps.vendor.inSentence);
    if (error instanceof RateLimitedError) exchange.allowance = error.allowance;
    if (problem.status >= 500) logFailure(options.logger, request, response, error);
    send(response, problem);
  };

/** A client without valid credentials that keeps sending requests is refused at the cost of a look into a map. */
async function limitUnauthenticated(
  { limits }: ApiDependencies,
  { trustedProxies }: Pick<ApiOptions, 'trustedProxies'>,
  error: unknown,
  request: IncomingMessage,
  exchange: Exchange,
): Promise<unknown> {
  if (exchange.isAuthenticated || problemAnswer(error, '').status >= 500) return error;
  return limits.address(clientAddress(request, trustedProxies)).then(
    () => error,
    (limited: unknown) => limited,
  );
}

function setLocation(
  response: ServerResponse,
  { location, status }: AnswerSpec<unknown>,
  answer: Answer,
): void {
  if (location === undefined || answer.status !== status) return;
  response.setHeader('location', location.replace('{id}', textIn(answer.body, 'id') ?? ''));
}

const isLines = (value: unknown): value is AsyncIterable<string> =>
  typeof value === 'object' && value !== null && Symbol.asyncIterator in value;

const noBody = Buffer.alloc(0);

/** The operation for the method of the request; `page` if the site answers instead. */
function operationFor(
  { operations }: Match,
  request: IncomingMessage,
  options: ApiOptions,
): Operation | 'page' | undefined {
  const method = request.method === 'HEAD' ? 'GET' : (request.method ?? '');
  const operation = operations[method];
  if (operation?.auth === 'metrics_token' && options.metricsTokenHash === undefined) return 'page';
  if (operation?.hasPage && prefersHtml(request.headers.accept ?? '')) return 'page';
  return operation;
}

const prefersHtml = (accept: string): boolean =>
  accept.includes('text/html') && !accept.includes('application/json') && !accept.includes('problem+json');

/** The path and the query of a request target, which may be a whole URL (RFC 9112, section 3.2.2). */
function targetOf(target: string): { path: string; search: string } {
  if (!target.startsWith('/')) {
    const url = URL.canParse(target) ? new URL(target) : undefined;
    return { path: url?.pathname ?? '', search: url?.search.slice(1) ?? '' };
  }
  const end = target.indexOf('?');
  return end === -1
    ? { path: target, search: '' }
    : { path: target.slice(0, end), search: target.slice(end + 1) };
}

/** An unknown query is refused: `DELETE …?dryRun=true` must not delete where there is no dry run. */
function queryOf({ auth, query }: Operation, search: string): unknown {
  if (query) return parse(query, parseQuery(search), 'query');
  const isOpen = auth !== 'organization' && auth !== 'operator';
  if (search === '' || isOpen) return undefined;
  throw invalidRequest('query', 'this call has no parameters', 'Leave the query out.');
}

function bodyOf(operation: Operation, request: IncomingMessage, bytes: Buffer): unknown {
  const type = request.headers['content-type'];
  if (type === undefined || !isJson(type))
    throw new RolebridgeError('media_type_not_supported', 'The body must be JSON.', {
      remedy: 'Send "content-type: application/json".',
    });
  return operation.body && parse(operation.body, parseJsonBody(bytes), 'body');
}

const isJson = (type: string): boolean =>
  type === 'application/json' || /^application\/json\s{0,9}(;\s{0,9}charset=utf-8\s{0,9})?$/i.test(type);

/** The address that the last trusted proxy saw, or the peer's. */
function clientAddress(request: IncomingMessage, trustedProxies: number): string | undefined {
  const peer = request.socket.remoteAddress;
  if (trustedProxies === 0) return peer;
  const forwarded = String(request.headers['x-forwarded-for'] ?? '')
    .split(',')
    .map((address) => address.trim())
    .filter((address) => address !== '');
  const addresses = [peer, ...forwarded.reverse()];
  return addresses[Math.min(trustedProxies, addresses.length - 1)];
}
