import { callbackSource } from './callback-source.js';

/**
 * The functions behind the custom resources. They answer CloudFormation whatever happens, in time: a stack that waits for
 * an answer waits for an hour. Inline code may have 4,096 characters.
 * https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/crpg-ref-responses.html
 */
const answerSource = `
async function answer(event, members) {
  const { StackId, RequestId, LogicalResourceId } = event;
  const body = JSON.stringify({ ...members, StackId, RequestId, LogicalResourceId });
  for (let attempt = 1; attempt < 4; attempt++) {
    const signal = AbortSignal.timeout(2000);
    const headers = { 'content-type': '' };
    const put = await fetch(event.ResponseURL, { method: 'PUT', headers, body, signal }).catch(() => ({}));
    if (put.ok) return;
  }
}
`;

/** Registers the role when the stack is made or changed, and deregisters it when the stack goes. */
export const callbackFunction = `${callbackSource}${answerSource}
exports.handler = async (event, context) => {
  const { ConnectionId, RoleArn, CallbackUrl, CallbackSecret, Scope } = event.ResourceProperties;
  const isDelete = event.RequestType === 'Delete';
  const data = { connectionId: ConnectionId, roleArn: RoleArn };
  if (Scope && !isDelete) data.scope = JSON.parse(Scope);
  const left = context.getRemainingTimeInMillis() - 8000;
  const type = isDelete ? 'role.deprovisioned' : 'role.provisioned';
  // Another id makes CloudFormation delete the resource of the one before: a connection that was given up hears of it.
  const members = { Status: 'SUCCESS', PhysicalResourceId: ConnectionId };
  try {
    // What was never registered has nothing to be told when the stack rolls back.
    if (!isDelete || event.PhysicalResourceId !== 'not-connected')
      await callBack(CallbackUrl, CallbackSecret, type, data, Date.now() + Math.min(left, isDelete ? 15000 : 120000));
  } catch (error) {
    console.log(error.message);
    members.Reason = error.message.slice(0, 2000);
    // A vendor that can't be reached must not keep the role from going.
    if (!isDelete) members.Status = 'FAILED';
    if (event.RequestType === 'Create') members.PhysicalResourceId = 'not-connected';
  }
  if (isDelete) members.PhysicalResourceId = event.PhysicalResourceId;
  await answer(event, members);
};
`;

/** Gets the account a connection of its own, before its role is made; whoever can read the stack can't read the secret. */
export const enrollmentFunction = `${callbackSource}${answerSource}
exports.handler = async (event, context) => {
  const { EnrollmentUrl, EnrollmentSecret, AccountId, Label } = event.ResourceProperties;
  const data = { accountId: AccountId };
  if (Label) data.label = Label;
  const deadline = Date.now() + Math.min(context.getRemainingTimeInMillis() - 8000, 120000);
  const members = { Status: 'SUCCESS', PhysicalResourceId: event.PhysicalResourceId || 'not-enrolled', NoEcho: true };
  try {
    // The connection hears of the end of its role by the callback.
    if (event.RequestType !== 'Delete') {
      const made = await callBack(EnrollmentUrl, EnrollmentSecret, 'account.enrolled', data, deadline);
      members.PhysicalResourceId = made.connectionId;
      members.Data = { ConnectionId: made.connectionId, ExternalId: made.externalId, CallbackSecret: made.callbackSecret };
    }
  } catch (error) {
    console.log(error.message);
    members.Status = 'FAILED';
    members.Reason = error.message.slice(0, 2000);
  }
  await answer(event, members);
};
`;
