import { z } from 'zod';
import { createEnrollmentSecrets, enrollAccount, findEnrollment } from '../../actions/enrollments.js';
import { perService } from '../../actions/per-service.js';
import { requireActive } from '../../actions/require-active.js';
import { RolebridgeError } from '../../domain/errors.js';
import { connectionId, externalId } from '../../domain/ids.js';
import { accountEnrolledEvent } from '../enrollment-schema.js';
import { callerProof } from '../example-values.js';
import { parseJsonBody } from '../json-body.js';
import { type ApiDependencies, defineOperation } from '../operation.js';
import { parse } from '../schemas.js';
import { verifySignature } from '../signature.js';
import { path, tag, unknownPath } from './shared.js';

const enrolledAccount = z.object({
  connectionId,
  externalId,
  callbackSecret: z.string().meta({ description: 'Signs the callbacks of this connection.' }),
});

const secretsOf = perService((deps: ApiDependencies) => createEnrollmentSecrets(deps));
const registration = (label?: string, proof = callerProof) => ({
  type: 'account.enrolled',
  timestamp: '2026-11-24T00:00:00Z',
  data: { proof, ...(label !== undefined && { label }) },
});

export const registerAccount = defineOperation({
  method: 'post',
  path: '/v1/enrollments/{id}/accounts',
  tag,
  summary: 'Registers an account and returns its connection.',
  description:
    'Signed as the Standard Webhooks specification says, with the secret of the enrollment. `proof` is a signed request for `sts:GetCallerIdentity` that the service sends to AWS: the account is the one that AWS names. The same account gets the same connection again.',
  auth: 'signature',
  body: accountEnrolledEvent,
  answer: { status: 200, description: 'The values for its role.', schema: enrolledAccount },
  errors: [
    'quota_exceeded',
    'enrollment_ended',
    'account_not_enrollable',
    'account_not_proved',
    'aws_unavailable',
    'vendor_credentials_invalid',
    'scope_taken',
    'connection_disconnected',
    'callback_in_progress',
    'organization_suspended',
  ],
  examples: {
    account: { path, body: registration('production'), returns: 200 },
    noLabel: { path, body: registration(), returns: 'request_invalid' },
    oldProof: {
      path,
      body: registration('test', { ...callerProof, date: '20251124T000000Z' }),
      returns: 'account_not_proved',
    },
    unknown: { path: unknownPath, body: registration('test'), returns: 'callback_unauthorized' },
  },
  async handler({ deps, by, params, request }) {
    const { headers, body } = request;
    const enrollment = await findEnrollment(deps, params.id);
    const secrets = secretsOf(deps)(enrollment);
    const webhookId = verifySignature(headers, body, secrets, deps.clock.now(), deps.callbackToleranceMs);
    if (enrollment === undefined || webhookId === undefined)
      throw new RolebridgeError(
        'callback_unauthorized',
        "The registration is not signed with this enrollment's secret, or is stale.",
        {
          remedy:
            "Check that EnrollmentSecret is the secret shown when the enrollment was created, that it has not ended, and that the sender's clock is right.",
        },
      );
    // Counted after the signature check, so that strangers can't use up the limit of an enrollment.
    await deps.limits.callback(enrollment.id);
    await requireActive(deps.store, enrollment.organizationId);
    const { data } = parse(accountEnrolledEvent, parseJsonBody(body), 'body');
    const actor = { kind: 'enrollment', id: enrollment.id } as const;
    const { connection, callbackSecret } = await enrollAccount(deps, { ...by, actor }, enrollment, data);
    // During a rotation the new role must require the new external ID.
    const externalId = connection.pendingExternalId ?? connection.externalId;
    return { connectionId: connection.id, externalId, callbackSecret };
  },
});
