import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { findOrganization } from '../actions/find-organization.js';
import { createOperatorOrganization, operatorOf } from '../actions/operator-tokens.js';
import { createUsageRecorder } from '../actions/usage-recorder.js';
import { type ApiKey, apiKeyIdOf, isValid, matchesApiKey } from '../domain/api-key.js';
import { invalidRequest, RolebridgeError } from '../domain/errors.js';
import { type Operator, operatorActor } from '../domain/operator.js';
import { operatorOrganizationId } from '../domain/organization.js';
import { denied, permissions, requirePermission, requireWholeOrganization } from '../domain/permission.js';
import type { Clock, Store } from '../domain/ports.js';
import type { ApiDependencies, Caller, Operation } from './operation.js';
import type { Exchange } from './request-log.js';

export interface AuthOptions {
  /** SHA-256 (hexadecimal) of the operator's token; without one, the operator's calls are refused. */
  readonly operatorTokenHash?: string | undefined;
  /** SHA-256 (hexadecimal) of the token for `/metrics`; without one the path does not exist. */
  readonly metricsTokenHash?: string | undefined;
}

/** Authenticates and authorizes a caller. @throws RolebridgeError `unauthorized`, `rate_limited`, `permission_denied` */
export function createAuth(deps: ApiDependencies, options: AuthOptions) {
  const { store, clock, limits } = deps;
  const markUsed = createUsageRecorder<ApiKey>(clock, useMarkMs, (key, at) => store.markApiKeyUsed(key, at));

  async function asOrganization(
    operation: Operation,
    request: IncomingMessage,
    exchange: Exchange,
  ): Promise<Caller> {
    const { permission, isOrganizationWide } = operation;
    const key = await apiKeyOf({ store, clock }, bearerToken(request));
    if (key === undefined) return asOperatorFor(operation, request, exchange);
    exchange.apiKey = key;
    exchange.isAuthenticated = true;
    exchange.actor = { kind: 'api_key', id: key.id };
    exchange.allowance = await limits.key(key.id);
    await limits.organization(key.organizationId);
    if (request.headers[organizationHeader] !== undefined)
      throw invalidRequest(
        `header.${organizationHeader}`,
        "is for operators' tokens",
        'Leave it out: an API key is of one organization.',
      );
    markUsed(key);
    requirePermission(key, permission);
    if (isOrganizationWide) requireWholeOrganization(key);
    return { organizationId: key.organizationId, authority: key, key };
  }

  /** An operator's token acts for any organization, so that the vendor's backend keeps one secret. */
  async function asOperatorFor(
    { permission, isForAllOrganizations }: Operation,
    request: IncomingMessage,
    exchange: Exchange,
  ): Promise<Caller> {
    const detail = 'The request has no valid API key: it is missing, unknown, expired or revoked.';
    const operator = await requireOperator(request, exchange, detail, {
      remedy: 'Send "Authorization: Bearer" with an API key of your organization.',
    });
    const named = request.headers[organizationHeader];
    const authority = { permissions: permissions.filter((one) => operator.permissions.includes(one)) };
    if (isForAllOrganizations && named === undefined) {
      requirePermission(authority, permission);
      await createOperatorOrganization(deps);
      return { organizationId: operatorOrganizationId, authority };
    }
    if (typeof named !== 'string' || named === '')
      throw invalidRequest(
        `header.${organizationHeader}`,
        'is missing: this call is for one organization',
        'Name the organization: "Rolebridge-Organization: ID or reference".',
      );
    const { id } = await findOrganization(store, named);
    await limits.organization(id);
    requirePermission(authority, permission);
    return { organizationId: id, authority };
  }

  /** @throws RolebridgeError `unauthorized` with this detail and remedy */
  async function requireOperator(
    request: IncomingMessage,
    exchange: Exchange,
    ...unauthorized: [detail: string, more: { remedy: string }]
  ): Promise<Operator> {
    const operator = await operatorOf(deps, options.operatorTokenHash, bearerToken(request));
    if (operator === undefined) throw new RolebridgeError('unauthorized', ...unauthorized);
    exchange.isAuthenticated = true;
    exchange.actor = operatorActor(operator);
    return operator;
  }

  async function asOperator(
    { operatorPermission }: Operation,
    request: IncomingMessage,
    exchange: Exchange,
  ): Promise<void> {
    const detail = "This call takes an operator's token, and the request has no valid one.";
    const operator = await requireOperator(request, exchange, detail, {
      remedy:
        'Start the service with ROLEBRIDGE_OPERATOR_TOKEN and send that as "Authorization: Bearer", or create a token with "rolebridge operator-token create".',
    });
    if (operatorPermission !== undefined && !operator.permissions.includes(operatorPermission))
      throw denied(
        `This call needs the permission ${operatorPermission}.`,
        'Use a token with this permission.',
      );
  }

  return async (
    operation: Operation,
    request: IncomingMessage,
    exchange: Exchange,
  ): Promise<Caller | undefined> => {
    switch (operation.auth) {
      case 'organization':
        return asOrganization(operation, request, exchange);
      case 'operator':
        await asOperator(operation, request, exchange);
        return undefined;
      case 'metrics_token':
        requireToken(request, options.metricsTokenHash, {
          detail: 'The metrics take their own token.',
          remedy: 'Send the value of ROLEBRIDGE_METRICS_TOKEN as "Authorization: Bearer".',
        });
        return undefined;
      // The operation checks its own signature or token; the others are open.
      case 'signature':
        exchange.actor = { kind: 'callback' };
        return undefined;
      case 'status_token':
      case 'setup_code':
      case 'none':
        return undefined;
    }
  };
}

const useMarkMs = 5 * 60_000;

const organizationHeader = 'rolebridge-organization';

/** The valid API key with this text; undefined if it is unknown, expired or revoked. */
export async function apiKeyOf(
  { store, clock }: { readonly store: Store; readonly clock: Clock },
  text: string,
): Promise<ApiKey | undefined> {
  const id = apiKeyIdOf(text);
  const key = id && (await store.apiKey(id));
  return matchesApiKey(text, key) && isValid(key, clock.now()) ? key : undefined;
}

function requireToken(
  request: IncomingMessage,
  expectedHash: string | undefined,
  { detail, remedy }: { detail: string; remedy: string },
): void {
  const hash = createHash('sha256').update(bearerToken(request)).digest();
  if (expectedHash === undefined || !timingSafeEqual(hash, Buffer.from(expectedHash, 'hex')))
    throw new RolebridgeError('unauthorized', detail, { remedy });
}

/** The bearer token, or an empty text. */
export const bearerToken = ({ headers }: Pick<IncomingMessage, 'headers'>): string =>
  /^Bearer ([\x21-\x7e]{1,200})$/i.exec(headers.authorization ?? '')?.[1] ?? '';
