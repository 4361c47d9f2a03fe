/** The function behind `Custom::VendorEnrollment`: gets the account a connection before its role is created. */

import { signedProof } from './caller-proof';
import { send, TIMEOUT_SECONDS, textOf } from './core';
import { answerCloudFormation, answerMs, type LambdaContext, type ResourceEvent } from './lambda-answer';
import { stack } from './place';

export async function handler(event: ResourceEvent, context: LambdaContext): Promise<void> {
  const { EnrollmentUrl = '', EnrollmentSecret = '', StsHost = '', Label } = event.ResourceProperties;
  const members: Record<string, unknown> = {
    Status: 'SUCCESS',
    PhysicalResourceId: event.PhysicalResourceId ?? 'not-enrolled',
    NoEcho: true,
  };
  // At delete, the callback reports the end of the role to the connection.
  if (event.RequestType !== 'Delete') {
    const outcome = await send(
      {
        type: 'account.enrolled',
        url: EnrollmentUrl,
        secret: EnrollmentSecret.trim(),
        // A proof is for one attempt.
        data: () => ({ proof: signedProof(EnrollmentUrl, StsHost), ...(Label && { label: Label }) }),
        timeoutMs: Math.min(context.getRemainingTimeInMillis() - answerMs, TIMEOUT_SECONDS.register * 1000),
      },
      stack(process.env, 'EnrollmentSecret'),
      (reason) => console.log(reason),
    );
    if ('failure' in outcome) {
      const { code, detail, remedy } = outcome.failure;
      members.Status = 'FAILED';
      members.Reason = `${code}: ${detail} ${remedy}`.slice(0, 2_000);
      console.log(members.Reason);
    } else {
      const { connectionId, externalId, callbackSecret } = outcome.answer.body ?? {};
      members.PhysicalResourceId = textOf(connectionId);
      members.Data = { ConnectionId: connectionId, ExternalId: externalId, CallbackSecret: callbackSecret };
    }
  }
  await answerCloudFormation(event, members);
}
