/** The function behind `Custom::VendorEnrollment`: gets the account a connection before its role is created. */
import { signedProof } from './caller-proof';
import { TIMEOUT_SECONDS, textOf } from './core';
import { answered, type LambdaContext, type ResourceEvent, sendFrom } from './lambda-answer';

export async function handler(event: ResourceEvent, context: LambdaContext): Promise<void> {
  const { EnrollmentUrl = '', EnrollmentSecret = '', StsHost = '', Label } = event.ResourceProperties;
  const { RequestType, PhysicalResourceId = 'not-enrolled' } = event;
  await answered(event, { failedCreate: 'not-enrolled', failedUpdate: PhysicalResourceId }, async () => {
    // At delete, the callback reports the end of the role to the connection.
    if (RequestType === 'Delete') return { PhysicalResourceId };
    const { body } = await sendFrom(context, {
      type: 'account.enrolled',
      url: EnrollmentUrl,
      secret: EnrollmentSecret.trim(),
      // A proof is for one attempt.
      data: () => ({ proof: signedProof(EnrollmentUrl, StsHost), ...(Label && { label: Label }) }),
      seconds: TIMEOUT_SECONDS.register,
      secretParameter: 'EnrollmentSecret',
    });
    const { connectionId, externalId, callbackSecret } = body ?? {};
    return {
      PhysicalResourceId: textOf(connectionId),
      NoEcho: true,
      Data: { ConnectionId: connectionId, ExternalId: externalId, CallbackSecret: callbackSecret },
    };
  });
}
