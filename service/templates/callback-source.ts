/**
 * The signed callback as JavaScript for where no file can be brought along: the Lambda function of the CloudFormation
 * template and the Terraform configuration in one file. Node 18 or newer,
 * nothing else. Without backslashes, backticks and dollar signs, so that it is the same text in HCL, YAML and here.
 *
 * `callBack` sends until there is a verdict or the deadline (milliseconds since the epoch) has come, with the same
 * `webhook-id` each time; it throws with the code, detail and remedy of a refusal. `data` can be a function, which is
 * called for each attempt.
 */
export const callbackSource = `const { createHmac, randomBytes } = require('node:crypto');

async function callBack(url, secret, type, data, deadline) {
  const key = Buffer.from(String(secret).replace('whsec_', ''), 'base64');
  if (key.length < 16) throw new Error('callback_secret_missing: give the secret, whsec_ and base64.');
  const id = 'msg_' + randomBytes(16).toString('hex');
  const at = new Date().toISOString();
  for (let wait = 1000; ; wait = Math.min(2 * wait, 10000)) {
    let why = 'no answer';
    let isFinal = false;
    let pause = wait;
    try {
      const timestamp = Math.floor(Date.now() / 1000);
      const body = JSON.stringify({ type, timestamp: at, data: data.call ? data() : data });
      const signature = createHmac('sha256', key).update([id, timestamp, body].join('.')).digest('base64');
      const response = await fetch(url, {
        method: 'POST',
        redirect: 'manual',
        signal: AbortSignal.timeout(Math.max(1, Math.min(40000, deadline - Date.now()))),
        headers: {
          'content-type': 'application/json',
          'webhook-id': id,
          'webhook-timestamp': String(timestamp),
          'webhook-signature': 'v1,' + signature,
        },
        body,
      });
      const answer = await response.json().catch(() => ({}));
      if (response.status === 200 && (type !== 'role.provisioned' || answer.status === 'connected')) return answer;
      why = [answer.code || 'http_' + response.status, answer.detail, answer.remedy].filter(Boolean).join(': ');
      isFinal = response.status !== 429 && response.status < 500;
      pause = Math.max(wait, 1000 * response.headers.get('retry-after') || 0);
    } catch (error) {
      why = 'unreachable: ' + (error.cause ? error.cause.message : error.message);
    }
    if (isFinal || Date.now() + pause >= deadline) throw new Error(why);
    await new Promise((resolve) => setTimeout(resolve, pause));
  }
}
`;
