/** The function behind `Custom::VendorCallback`: registers the role with the stack, and deregisters it. */
import { TIMEOUT_SECONDS } from './core';
import { answered, type LambdaContext, type ResourceEvent, sendFrom } from './lambda-answer';

export async function handler(event: ResourceEvent, context: LambdaContext): Promise<void> {
  const { ConnectionId = '', RoleArn, RoleId, CallbackUrl = '' } = event.ResourceProperties;
  const { CallbackSecret = '', Scope, PermissionSet, Without } = event.ResourceProperties;
  const isDelete = event.RequestType === 'Delete';
  await answered(event, { failedCreate: 'not-connected', failedUpdate: ConnectionId }, async () => {
    // A changed physical id makes CloudFormation delete the previous resource, which deregisters the old connection.
    const members = isDelete ? {} : { PhysicalResourceId: ConnectionId };
    // A role that was never registered has nothing to report when the stack rolls back.
    if (isDelete && event.PhysicalResourceId === 'not-connected') return members;
    await sendFrom(context, {
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
      seconds: isDelete ? TIMEOUT_SECONDS.deregister : TIMEOUT_SECONDS.register,
      secretParameter: 'CallbackSecret',
    });
    return members;
  });
}
