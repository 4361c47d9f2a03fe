import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Accounts, Caller } from './accounts.js';
import { authorizeIam } from './authorize.js';
import { AwsError } from './aws-error.js';
import type { Action, Call } from './call.js';
import { type Fault, type FaultList, faultError } from './faults.js';
import { entityPolicyActions } from './iam-entity-policies.js';
import { policyActions } from './iam-policies.js';
import { roleActions } from './iam-roles.js';
import { userActions } from './iam-users.js';
import { Parameters } from './parameters.js';
import {
  errorXml,
  type QueryRequest,
  readQueryRequest,
  type ServiceName,
  serviceOf,
  successXml,
} from './query-protocol.js';
import { requestDetails, type SandboxRequest } from './requests.js';
import { simulateCustomPolicy, simulatePrincipalPolicy } from './simulate.js';
import { stsActions } from './sts.js';

/** The parts of the sandbox that handlers use. */
export interface Environment {
  accounts: Accounts;
  faults: FaultList;
  requests: SandboxRequest[];
  now: () => number;
  propagationDelayMs: () => number;
  /** Ends delays when the sandbox closes. */
  closing: AbortSignal;
}

const ACTIONS: Record<ServiceName, Map<string, Action>> = {
  iam: new Map(
    Object.entries({
      ...roleActions,
      ...entityPolicyActions,
      ...policyActions,
      ...userActions,
      SimulatePrincipalPolicy: simulatePrincipalPolicy,
      SimulateCustomPolicy: simulateCustomPolicy,
    }),
  ),
  sts: new Map(Object.entries(stsActions)),
};

/** Answers one HTTP request as IAM or STS would, or as the faults say. */
export async function answer(
  environment: Environment,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const requestId = randomUUID();
  const query = await readQueryRequest(request).catch((error: unknown) => error);
  if (query instanceof Error) {
    const error = query instanceof AwsError ? query : new AwsError('MalformedInput', query.message);
    return send(response, error.status, errorXml('sts', error, requestId), requestId);
  }
  await answerQuery(environment, query as QueryRequest, requestId, response);
}

async function answerQuery(
  environment: Environment,
  query: QueryRequest,
  requestId: string,
  response: ServerResponse,
): Promise<void> {
  const service = serviceOf(query);
  const action = query.params.get('Action') ?? '';
  const record = recordOf(environment, query, requestId);
  environment.requests.push(record);
  try {
    const caller = environment.accounts.authenticate(
      query.accessKeyId,
      query.sessionToken,
      environment.now(),
      (secret) => requireSignature(query, secret),
    );
    record.callerArn = caller.arn;
    const fault = environment.faults.take(record);
    if (fault && (await faultTakesOver(environment, fault, record, caller, response))) return;
    const result = perform(environment, query, caller);
    record.outcome = 'ok';
    send(response, 200, successXml(service, action, result, requestId), requestId);
  } catch (error) {
    const known = error instanceof AwsError ? error : internalFailure(error);
    record.outcome = known.code;
    send(response, known.status, errorXml(service, known, requestId), requestId);
  }
}

/** GetCallerIdentity proves who signed it, so it is never answered without a signature. */
function requireSignature(query: QueryRequest, secretAccessKey: string): void {
  if (query.checkSignature(secretAccessKey) || query.params.get('Action') !== 'GetCallerIdentity') return;
  throw new AwsError('IncompleteSignature', 'Authorization header requires a Signature parameter.');
}

function perform(environment: Environment, query: QueryRequest, caller: Caller) {
  const service = serviceOf(query);
  const name = query.params.get('Action');
  const action = ACTIONS[service].get(name ?? '');
  if (!action) {
    throw new AwsError(
      'InvalidAction',
      `Could not find operation ${name} for version ${query.params.get('Version')}`,
    );
  }
  if (service === 'iam' && caller.session?.kind === 'user') {
    // IAM takes no session token of GetSessionToken without MFA, and there is no MFA here.
    throw new AwsError('InvalidClientTokenId', 'The security token included in the request is invalid');
  }
  const call: Call = {
    params: new Parameters(query.params),
    caller,
    account: caller.account,
    accounts: environment.accounts,
    now: environment.now(),
    region: query.region ?? 'us-east-1',
    origin: query.origin,
    propagationDelayMs: environment.propagationDelayMs(),
  };
  if (service === 'iam') authorizeIam(call, name ?? '');
  return action(call);
}

/** Lets a fault do its work; true when nothing is left to answer. */
async function faultTakesOver(
  environment: Environment,
  fault: Fault,
  record: SandboxRequest,
  caller: Caller,
  response: ServerResponse,
): Promise<boolean> {
  const error = faultError(fault, record, { arn: caller.arn, accountId: caller.account.accountId });
  if (error) throw error;
  switch (fault.kind) {
    case 'delay':
      await sleep(fault.delayMs, undefined, { signal: environment.closing }).catch(() => undefined);
      return false;
    case 'timeout':
      record.outcome = 'timeout';
      return true;
    case 'reset':
      record.outcome = 'reset';
      response.socket?.resetAndDestroy();
      return true;
    default:
      record.outcome = 'garbage';
      send(response, 200, garbageOf(fault), record.requestId);
      return true;
  }
}

function garbageOf(fault: Fault): string {
  return (fault.kind === 'garbage' && fault.body) || '<!doctype html><title>502 Bad Gateway</title><p>nginx';
}

function recordOf(environment: Environment, query: QueryRequest, requestId: string): SandboxRequest {
  return {
    time: new Date(environment.now()),
    service: serviceOf(query),
    action: query.params.get('Action') ?? '',
    requestId,
    outcome: 'pending',
    ...(query.region && { region: query.region }),
    ...(query.accessKeyId && { accessKeyId: query.accessKeyId }),
    ...requestDetails(new Parameters(query.params)),
  };
}

function internalFailure(error: unknown): AwsError {
  const reason = error instanceof Error ? error.stack : String(error);
  return new AwsError('InternalFailure', `A bug of the sandbox: ${reason}`);
}

function send(response: ServerResponse, status: number, body: string, requestId: string): void {
  response.writeHead(status, {
    'content-type': 'text/xml',
    'content-length': Buffer.byteLength(body),
    'x-amzn-requestid': requestId,
  });
  response.end(body);
}
