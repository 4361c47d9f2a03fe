import { identityRequestBody, identityRequestContentType } from '../domain/caller-proof.js';
import { callbackSource } from './callback-source.js';

/**
 * The functions behind the custom resources. They answer CloudFormation whatever happens, in time: a stack that waits for
 * an answer waits for an hour. CloudFormation takes inline code of up to 4 MB.
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

/**
 * Signs `sts:GetCallerIdentity` with the function's own role, for this service and this enrollment only (Signature
 * Version 4). https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
 */
const proofSource = `
function proofOf(url, host) {
  const { AWS_ACCESS_KEY_ID: id, AWS_SECRET_ACCESS_KEY: secret, AWS_SESSION_TOKEN: securityToken } = process.env;
  const date = new Date().toISOString().replace(/[:-]|[.][0-9]+/g, '');
  const nonce = randomBytes(16).toString('hex');
  const headers = {
    'content-type': '${identityRequestContentType}',
    host,
    'x-amz-date': date,
    'x-amz-security-token': securityToken,
    'x-rolebridge-enrollment': url.split('/').at(-2),
    'x-rolebridge-nonce': nonce,
    'x-rolebridge-origin': new URL(url).origin,
  };
  const sha = (text) => createHash('sha256').update(text).digest('hex');
  const newline = String.fromCharCode(10);
  const names = Object.keys(headers).join(';');
  const lines = Object.entries(headers).map((header) => header.join(':'));
  const canonical = ['POST', '/', '', ...lines, '', names, sha('${identityRequestBody}')].join(newline);
  const parts = [date.slice(0, 8), host.split('.')[1], 'sts', 'aws4_request'];
  const scope = parts.join('/');
  let key = 'AWS4' + secret;
  for (const part of [...parts, ['AWS4-HMAC-SHA256', date, scope, sha(canonical)].join(newline)])
    key = createHmac('sha256', key).update(part).digest();
  const authorization = 'AWS4-HMAC-SHA256 Credential=' + id + '/' + scope + ', SignedHeaders=' + names + ', Signature=' + key.toString('hex');
  return { authorization, date, nonce, securityToken };
}
`;

/** Gets the account a connection of its own, before its role is created; people who can read the stack can't read the secret. */
export const enrollmentFunction = `${callbackSource.replace('createHmac,', 'createHash, createHmac,')}${answerSource}${proofSource}
exports.handler = async (event, context) => {
  const { EnrollmentUrl, EnrollmentSecret, StsHost, Label } = event.ResourceProperties;
  // A proof is for one attempt.
  const data = () => ({ proof: proofOf(EnrollmentUrl, StsHost), ...(Label && { label: Label }) });
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
