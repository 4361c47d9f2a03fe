import type { Express, Request, RequestHandler, Router } from 'express';
import type { Dependencies } from '../actions/dependencies.js';
import {
  createEnrollment,
  createEnrollmentSecrets,
  endEnrollment,
  enrollAccount,
  enrollmentOf,
  findEnrollment,
  listEnrollments,
} from '../actions/enrollments.js';
import type { Enrollment } from '../domain/enrollment.js';
import { RolebridgeError } from '../domain/errors.js';
import type { RateLimits } from '../limits/index.js';
import { stackSetTemplate } from '../templates/index.js';
import { accountEnrolledEvent, createEnrollmentRequest, enrollmentsQuery } from './enrollment-schema.js';
import { parseJsonBody } from './json-body.js';
import { jsonBody, organizationOf, rawBody, refuseMethod, requesterOf, send } from './respond.js';
import { parse } from './schemas.js';
import { verifySignature } from './signature.js';

/** The vendor's calls on enrollments. */
export function addEnrollmentRoutes(api: Router, deps: Dependencies): void {
  api
    .route('/enrollments')
    .post(async (request, response) => {
      const wanted = parse(createEnrollmentRequest, jsonBody(request), 'body');
      const made = await createEnrollment(deps, requesterOf(response), organizationOf(response), wanted);
      response.setHeader('location', `/v1/enrollments/${made.enrollment.id}`);
      send(response, {
        status: 201,
        body: { ...enrollmentView(deps, made.enrollment), secret: made.secret },
      });
    })
    .get(async (request, response) => {
      const query = parse(enrollmentsQuery, request.query, 'query');
      const { enrollments, next } = await listEnrollments(deps, organizationOf(response), query);
      send(response, { status: 200, body: { enrollments: enrollments.map(enrollmentSummary), next } });
    })
    .all(refuseMethod('GET, POST'));

  api
    .route('/enrollments/:id')
    .get(async (request, response) => {
      const enrollment = await enrollmentOf(deps, organizationOf(response), request.params.id);
      send(response, { status: 200, body: enrollmentView(deps, enrollment) });
    })
    .delete(async (request, response) => {
      const enrollment = await enrollmentOf(deps, organizationOf(response), request.params.id);
      await endEnrollment(deps, requesterOf(response), enrollment);
      send(response, { status: 204, body: undefined });
    })
    .all(refuseMethod('GET, DELETE'));
}

/** `POST /v1/enrollments/{id}/accounts`, signed as a callback is, with the enrollment's secret. */
export function addRegistrationRoute(
  app: Express,
  deps: Dependencies,
  options: { toleranceMs: number; limits: RateLimits; readBody: RequestHandler },
): void {
  const secretsOf = createEnrollmentSecrets(deps);
  const path = '/v1/enrollments/:id/accounts';
  app.post(path, options.readBody, async (request: Request<{ id: string }>, response) => {
    const body = rawBody(request);
    const enrollment = await findEnrollment(deps, request.params.id);
    const webhookId = verifySignature(
      request.headers,
      body,
      secretsOf(enrollment),
      deps.clock.now(),
      options.toleranceMs,
    );
    if (enrollment === undefined || webhookId === undefined)
      throw new RolebridgeError(
        'callback_unauthorized',
        "The registration is not signed with this enrollment's secret, or is stale.",
        {
          remedy:
            "Check that EnrollmentSecret is the secret shown when the enrollment was made, that it has not ended, and that the sender's clock is right.",
        },
      );
    // Counted only now: nobody else can use an enrollment's registrations up.
    await options.limits.callback(enrollment.id);
    const { data } = parse(accountEnrolledEvent, parseJsonBody(body), 'body');
    const by = {
      actor: { kind: 'enrollment' as const, id: enrollment.id },
      requestId: response.locals.requestId as string,
    };
    const { connection, callbackSecret } = await enrollAccount(deps, by, enrollment, data);
    // While it is being changed, the new one: a role made now is to outlast the change.
    const externalId = connection.pendingExternalId ?? connection.externalId;
    send(response, { status: 200, body: { connectionId: connection.id, externalId, callbackSecret } });
  });
  app.all(path, refuseMethod('POST'));
}

/** As the list has them: what there can be five hundred of is only counted. */
function enrollmentSummary({ id, name, partition, maxAccounts, createdAt, expiresAt, accounts }: Enrollment) {
  const registered = Object.keys(accounts).length;
  return { id, name, partition, maxAccounts, registered, createdAt, expiresAt };
}

/** No secret is in it. */
function enrollmentView(deps: Dependencies, enrollment: Enrollment) {
  const { id, name, partition, scopeRule, accountIds, maxAccounts, rolePattern } = enrollment;
  const { createdAt, expiresAt, accounts } = enrollment;
  const enrollmentUrl = `${deps.publicUrl}/v1/enrollments/${id}/accounts`;
  const vendor = { principals: deps.principals, callbackUrl: `${deps.publicUrl}/v1/callbacks` };
  return {
    id,
    name,
    partition,
    scopeRule,
    accountIds,
    maxAccounts,
    rolePattern,
    createdAt,
    expiresAt,
    accounts: Object.entries(accounts).map(([accountId, connectionId]) => ({ accountId, connectionId })),
    enrollmentUrl,
    stackSetTemplate: stackSetTemplate(vendor, { id, partition, enrollmentUrl }),
  };
}
