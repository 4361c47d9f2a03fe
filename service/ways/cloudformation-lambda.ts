import { callbackSource } from './callback-source.js';

/**
 * The function behind the custom resource. It answers CloudFormation whatever happens, in time: a stack that waits for
 * an answer waits for an hour. Inline code may have 4,096 characters.
 * https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/crpg-ref-responses.html
 */
export const lambdaSource = `${callbackSource}
exports.handler = async (event, context) => {
  const { ConnectionId, RoleArn, CallbackUrl, CallbackSecret, Scope } = event.ResourceProperties;
  const isDelete = event.RequestType === 'Delete';
  const data = { connectionId: ConnectionId, roleArn: RoleArn };
  if (Scope && !isDelete) data.scope = JSON.parse(Scope);
  const left = context.getRemainingTimeInMillis() - 8000;
  const type = isDelete ? 'role.deprovisioned' : 'role.provisioned';
  // Another id makes CloudFormation delete the resource of the one before: a connection that was given up hears of it.
  const answer = { Status: 'SUCCESS', PhysicalResourceId: ConnectionId };
  try {
    // What was never registered has nothing to be told when the stack rolls back.
    if (!isDelete || event.PhysicalResourceId !== 'not-connected')
      await callBack(CallbackUrl, CallbackSecret, type, data, Date.now() + Math.min(left, isDelete ? 15000 : 120000));
  } catch (error) {
    console.log(error.message);
    answer.Reason = error.message.slice(0, 2000);
    // A vendor that can't be reached must not keep the role from going.
    if (!isDelete) answer.Status = 'FAILED';
    if (event.RequestType === 'Create') answer.PhysicalResourceId = 'not-connected';
  }
  if (isDelete) answer.PhysicalResourceId = event.PhysicalResourceId;
  const { StackId, RequestId, LogicalResourceId } = event;
  const body = JSON.stringify({ ...answer, StackId, RequestId, LogicalResourceId });
  for (let attempt = 1; attempt < 4; attempt++) {
    const signal = AbortSignal.timeout(2000);
    const headers = { 'content-type': '' };
    const put = await fetch(event.ResponseURL, { method: 'PUT', headers, body, signal }).catch(() => ({}));
    if (put.ok) return;
  }
};
`;
