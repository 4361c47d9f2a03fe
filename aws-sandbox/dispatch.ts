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
import {
  errorXml,
  type QueryRequest,
  readQueryRequest,
  type ServiceName,
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
  let query: QueryRequest;
  try {
    query = await readQueryRequest(request);
  } catch (thrown) {
    const reason = thrown instanceof Error ? thrown.message : String(thrown);
    const error = thrown instanceof AwsError ? thrown : new AwsError('MalformedInput', reason);
    return send(response, error.status, errorXml('sts', error, requestId), requestId);
  }
  await answerQuery(environment, query, requestId, response);
}

async function answerQuery(
  environment: Environment,
  query: QueryRequest,
  requestId: string,
  response: ServerResponse,
): Promise<void> {
  const { service, action } = query;
  const record: SandboxRequest = {
    time: new Date(environment.now()),
    service,
    action,
    requestId,
    outcome: 'pending',
    ...requestDetails(query),
  };
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
  if (query.checkSignature(secretAccessKey) || query.action !== 'GetCallerIdentity') return;
  throw new AwsError('IncompleteSignature', 'Authorization header requires a Signature parameter.');
}

function perform(
  environment: Environment,
  { service, action: name, params, origin, region = 'us-east-1' }: QueryRequest,
  caller: Caller,
) {
  const action = ACTIONS[service].get(name);
  if (!action)
    throw new AwsError(
      'InvalidAction',
      `Could not find operation ${name} for version ${params.optional('Version')}`,
    );
  // IAM takes no session token of GetSessionToken without MFA, and there is no MFA here.
  if (service === 'iam' && caller.session?.kind === 'user')
    throw new AwsError('InvalidClientTokenId', 'The security token included in the request is invalid');
  const { accounts } = environment;
  const [now, propagationDelayMs] = [environment.now(), environment.propagationDelayMs()];
  const call: Call = {
    params,
    caller,
    account: caller.account,
    accounts,
    now,
    region,
    origin,
    propagationDelayMs,
  };
  if (service === 'iam') authorizeIam(call, name);
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
  if (fault.kind === 'delay') {
    await sleep(fault.delayMs, undefined, { signal: environment.closing }).catch(() => undefined);
    return false;
  }
  record.outcome = fault.kind;
  if (fault.kind === 'reset') response.socket?.resetAndDestroy();
  if (fault.kind === 'garbage') send(response, 200, fault.body ?? GARBAGE, record.requestId);
  return true;
}

const GARBAGE = '<!doctype html><title>502 Bad Gateway</title><p>nginx';

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
