/** The function behind `Custom::VendorCallback`: registers the role with the stack, and deregisters it. */
import { send, TIMEOUT_SECONDS } from './core';
import { answerCloudFormation, answerMs, type LambdaContext, type ResourceEvent } from './lambda-answer';
import { stack } from './place';

export async function handler(event: ResourceEvent, context: LambdaContext): Promise<void> {
  const {
    ConnectionId = '',
    RoleArn,
    RoleId,
    CallbackUrl = '',
    CallbackSecret = '',
  } = event.ResourceProperties;
  const { Scope, PermissionSet, Without } = event.ResourceProperties;
  const isDelete = event.RequestType === 'Delete';
  const seconds = isDelete ? TIMEOUT_SECONDS.deregister : TIMEOUT_SECONDS.register;
  // Another id makes CloudFormation delete the resource of the one before: a connection that was given up hears of it.
  const members: Record<string, unknown> = { Status: 'SUCCESS', PhysicalResourceId: ConnectionId };
  // A role that was never registered has nothing to report when the stack rolls back.
  if (!isDelete || event.PhysicalResourceId !== 'not-connected') {
    const outcome = await send(
      {
        type: isDelete ? 'role.deprovisioned' : 'role.provisioned',
        url: CallbackUrl,
        secret: CallbackSecret.trim(),
        data: {
          connectionId: ConnectionId,
          roleArn: RoleArn,
          roleId: RoleId,
          ...(!isDelete && {
            ...(Scope && { scope: JSON.parse(Scope) }),
            ...(PermissionSet && { permissionSet: PermissionSet }),
            ...(Without && { without: Without.split(',') }),
          }),
        },
        timeoutMs: Math.min(context.getRemainingTimeInMillis() - answerMs, seconds * 1000),
      },
      stack(process.env, 'CallbackSecret'),
      (reason) => console.log(reason),
    );
    if ('failure' in outcome) {
      const { code, detail, remedy } = outcome.failure;
      members.Reason = `${code}: ${detail} ${remedy}`.slice(0, 2_000);
      console.log(members.Reason);
      // An unreachable vendor never blocks stack deletion.
      if (!isDelete) members.Status = 'FAILED';
      if (event.RequestType === 'Create') members.PhysicalResourceId = 'not-connected';
    }
  }
  if (isDelete) members.PhysicalResourceId = event.PhysicalResourceId;
  await answerCloudFormation(event, members);
}
