import type { Express, Request, RequestHandler, Router } from 'express';
import {
  createEnrolment,
  createEnrolmentSecrets,
  endEnrolment,
  enrolAccount,
  enrolmentOf,
  findEnrolment,
  listEnrolments,
} from '../actions/enrolments.js';
import type { Enrolment } from '../domain/enrolment.js';
import { RolebridgeError } from '../domain/errors.js';
import type { Dependencies } from '../domain/service-dependencies.js';
import type { RateLimits } from '../limits/index.js';
import { stackSetTemplate } from '../ways/index.js';
import { accountEnrolledEvent, createEnrolmentRequest, enrolmentsQuery } from './enrolment-schema.js';
import { jsonBody, organizationOf, rawBody, refuseMethod, requesterOf, send } from './exchange.js';
import { parseJsonBody } from './json-body.js';
import { parse } from './schemas.js';
import { verifySignature } from './signature.js';

/** The vendor's calls on enrolments. */
export function addEnrolmentRoutes(api: Router, deps: Dependencies): void {
  api
    .route('/enrolments')
    .post(async (request, response) => {
      const wanted = parse(createEnrolmentRequest, jsonBody(request), 'body');
      const made = await createEnrolment(deps, requesterOf(response), organizationOf(response), wanted);
      response.setHeader('location', `/v1/enrolments/${made.enrolment.id}`);
      send(response, { status: 201, body: { ...enrolmentView(deps, made.enrolment), secret: made.secret } });
    })
    .get(async (request, response) => {
      const query = parse(enrolmentsQuery, request.query, 'query');
      const { enrolments, next } = await listEnrolments(deps, organizationOf(response), query);
      send(response, { status: 200, body: { enrolments: enrolments.map(enrolmentSummary), next } });
    })
    .all(refuseMethod('GET, POST'));

  api
    .route('/enrolments/:id')
    .get(async (request, response) => {
      const enrolment = await enrolmentOf(deps, organizationOf(response), request.params.id);
      send(response, { status: 200, body: enrolmentView(deps, enrolment) });
    })
    .delete(async (request, response) => {
      const enrolment = await enrolmentOf(deps, organizationOf(response), request.params.id);
      await endEnrolment(deps, requesterOf(response), enrolment);
      send(response, { status: 204, body: undefined });
    })
    .all(refuseMethod('GET, DELETE'));
}

/** `POST /v1/enrolments/{id}/accounts`, signed as a callback is, with the enrolment's secret. */
export function addRegistrationRoute(
  app: Express,
  deps: Dependencies,
  options: { toleranceMs: number; limits: RateLimits; readBody: RequestHandler },
): void {
  const secretsOf = createEnrolmentSecrets(deps);
  const path = '/v1/enrolments/:id/accounts';
  app.post(path, options.readBody, async (request: Request<{ id: string }>, response) => {
    const body = rawBody(request);
    const enrolment = await findEnrolment(deps, request.params.id);
    const webhookId = verifySignature(
      request.headers,
      body,
      secretsOf(enrolment),
      deps.clock.now(),
      options.toleranceMs,
    );
    if (enrolment === undefined || webhookId === undefined)
      throw new RolebridgeError(
        'callback_unauthorized',
        "The registration is not signed with this enrolment's secret, or is stale.",
        {
          remedy:
            "Check that EnrolmentSecret is the secret shown when the enrolment was made, that it has not ended, and that the sender's clock is right.",
        },
      );
    // Counted only now: nobody else can use an enrolment's registrations up.
    await options.limits.callback(enrolment.id);
    const { data } = parse(accountEnrolledEvent, parseJsonBody(body), 'body');
    const by = {
      actor: { kind: 'enrolment' as const, id: enrolment.id },
      requestId: response.locals.requestId as string,
    };
    const { connection, callbackSecret } = await enrolAccount(deps, by, enrolment, data);
    // While it is being changed, the new one: a role made now is to outlast the change.
    const externalId = connection.pendingExternalId ?? connection.externalId;
    send(response, { status: 200, body: { connectionId: connection.id, externalId, callbackSecret } });
  });
  app.all(path, refuseMethod('POST'));
}

/** As the list has them: what there can be five hundred of is only counted. */
function enrolmentSummary({ id, name, partition, maxAccounts, createdAt, expiresAt, accounts }: Enrolment) {
  const registered = Object.keys(accounts).length;
  return { id, name, partition, maxAccounts, registered, createdAt, expiresAt };
}

/** No secret is in it. */
function enrolmentView(deps: Dependencies, enrolment: Enrolment) {
  const { id, name, partition, scopeRule, accountIds, maxAccounts, createdAt, expiresAt, accounts } =
    enrolment;
  const enrolmentUrl = `${deps.publicUrl}/v1/enrolments/${id}/accounts`;
  const vendor = { principals: deps.principals, callbackUrl: `${deps.publicUrl}/v1/callbacks` };
  return {
    id,
    name,
    partition,
    scopeRule,
    accountIds,
    maxAccounts,
    createdAt,
    expiresAt,
    accounts: Object.entries(accounts).map(([accountId, connectionId]) => ({ accountId, connectionId })),
    enrolmentUrl,
    stackSetTemplate: stackSetTemplate(vendor, enrolmentUrl),
  };
}
