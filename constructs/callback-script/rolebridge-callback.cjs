/**
 * Tells the Rolebridge service that a role is there, or that it goes. Terraform starts this file; it depends on
 * Node 18 or newer and on nothing else, and everything it is told comes from the environment:
 *
 *   ROLEBRIDGE_EVENT                  role.provisioned or role.deprovisioned
 *   ROLEBRIDGE_CALLBACK_URL           where to send it
 *   ROLEBRIDGE_CONNECTION_ID          con_…
 *   ROLEBRIDGE_ROLE_ARN               the role
 *   ROLEBRIDGE_SCOPE                  JSON, or empty: not said
 *   ROLEBRIDGE_EXPECTED_ACCOUNT_ID    12 digits, or empty: any account
 *   ROLEBRIDGE_DEADLINE_SECONDS       how long to try
 *   ROLEBRIDGE_FAIL_WHEN_UNREACHABLE  true: a deregistration that fails is an error
 *   ROLEBRIDGE_CALLBACK_SECRET        whsec_…; ROLEBRIDGE_CALLBACK_SECRET_<CONNECTION ID IN CAPITALS> comes first
 *
 * It prints one line per attempt and never the secret or a signature. Exit code 0: registered or deregistered (or
 * a deregistration that could not be, with a warning). Exit code 1: not.
 */
'use strict';

const { createHmac, randomBytes } = require('node:crypto');

const REQUEST_TIMEOUT_MS = 40_000;
const FIRST_WAIT_MS = 1_000;
const LONGEST_WAIT_MS = 10_000;
const LARGEST_ANSWER_BYTES = 256 * 1024;

/**
 * @typedef {{ event: string, url: string, connectionId: string, roleArn: string, scope: unknown,
 *   expectedAccountId: string, deadlineMs: number, isDeregistration: boolean, failWhenUnreachable: boolean,
 *   secret: string }} Task
 * @typedef {{ status: number, retryAfterMs: number | undefined, body: Record<string, unknown> | undefined }} Answer
 * @typedef {{ code: string, detail: string, remedy: string, isOwnToFix?: boolean, body?: Record<string, unknown> }} Failure
 *   `isOwnToFix`: at destroy, a warning whatever the options say
 */

/** @type {string[]} what must not be printed, whoever says it */
const secrets = [];

main().then(
  (code) => {
    // Not process.exit(): output to a pipe may not be written yet.
    process.exitCode = code;
  },
  (error) => {
    say(`stopped by a fault in this script: ${error instanceof Error ? error.message : error}`);
    process.exitCode = process.env.ROLEBRIDGE_EVENT === 'role.deprovisioned' ? 0 : 1;
  },
);

/** @returns {Promise<number>} the exit code */
async function main() {
  const task = readTask(process.env);
  const key = secretKey(task);
  const failure = invalid(task) ?? (key instanceof Uint8Array ? await send(task, key) : key);
  if (failure === undefined) return 0;

  if (!task.isDeregistration) {
    sayFailure(`not connected: ${failure.code}`, failure);
    return 1;
  }
  const isError = task.failWhenUnreachable && !failure.isOwnToFix;
  sayFailure(
    `${isError ? 'error' : 'warning'}: the service was not told that the role goes: ${failure.code}`,
    failure,
  );
  if (!isError)
    say('the destroy goes on; the service finds out by itself when it next verifies the connection.');
  return isError ? 1 : 0;
}

/**
 * @param {NodeJS.ProcessEnv} env
 * @returns {Task}
 */
function readTask(env) {
  const event = env.ROLEBRIDGE_EVENT || '';
  const connectionId = env.ROLEBRIDGE_CONNECTION_ID || '';
  const isDeregistration = event === 'role.deprovisioned';
  const seconds = Number(env.ROLEBRIDGE_DEADLINE_SECONDS);
  const secret =
    env.ROLEBRIDGE_CALLBACK_SECRET_FROM_VARIABLE ||
    env[ownSecretName(connectionId)] ||
    env.ROLEBRIDGE_CALLBACK_SECRET ||
    '';
  secrets.push(...[secret, secret.replace(/^whsec_/, '')].filter(Boolean));
  return {
    event,
    url: env.ROLEBRIDGE_CALLBACK_URL || '',
    connectionId,
    roleArn: env.ROLEBRIDGE_ROLE_ARN || '',
    scope: env.ROLEBRIDGE_SCOPE ? JSON.parse(env.ROLEBRIDGE_SCOPE) : undefined,
    expectedAccountId: env.ROLEBRIDGE_EXPECTED_ACCOUNT_ID || '',
    deadlineMs: (seconds > 0 ? seconds : isDeregistration ? 15 : 120) * 1000,
    isDeregistration,
    failWhenUnreachable: env.ROLEBRIDGE_FAIL_WHEN_UNREACHABLE === 'true',
    secret,
  };
}

/** @param {string} connectionId */
function ownSecretName(connectionId) {
  return `ROLEBRIDGE_CALLBACK_SECRET_${connectionId.toUpperCase()}`;
}

/**
 * What is known to be wrong before anything is sent.
 * @param {Task} task
 * @returns {Failure | undefined}
 */
function invalid(task) {
  if (typeof fetch !== 'function')
    return {
      code: 'node_too_old',
      detail: `This is Node ${process.version}; the callback needs 18 or newer.`,
      remedy: 'Put a newer Node first on the PATH of whoever runs Terraform.',
      isOwnToFix: true,
    };
  if (task.event !== 'role.provisioned' && task.event !== 'role.deprovisioned')
    return {
      code: 'event_invalid',
      detail: `ROLEBRIDGE_EVENT is "${task.event}".`,
      remedy: 'Let Terraform start this script, by the ConnectionCallback construct.',
    };
  if (!isCallbackUrl(task.url))
    return {
      code: 'callback_url_invalid',
      detail: `The callback URL "${task.url}" is neither https nor http on loopback, or has credentials in it.`,
      remedy: 'Set callbackUrl to the URL that the service gave for this connection.',
    };
  const account = accountOf(task.roleArn);
  if (!task.isDeregistration && task.expectedAccountId !== '' && account !== task.expectedAccountId)
    return {
      code: 'account_mismatch',
      detail: `The role ${task.roleArn} is in account ${account ?? '(none)'}, and this connection is for account ${task.expectedAccountId}. Nothing was sent.`,
      remedy: 'Deploy with credentials of the expected account, or correct expectedAccountId.',
    };
  return undefined;
}

/** @param {string} text */
function isCallbackUrl(text) {
  try {
    const { protocol, hostname, username, password } = new URL(text);
    const isLoopback =
      hostname === 'localhost' || hostname === '[::1]' || /^127(\.\d{1,3}){3}$/.test(hostname);
    return (protocol === 'https:' || (protocol === 'http:' && isLoopback)) && !username && !password;
  } catch {
    return false;
  }
}

/** @param {string} roleArn */
function accountOf(roleArn) {
  return /^arn:[^:]+:iam::(\d{12}):/.exec(roleArn)?.[1];
}

/**
 * @param {Task} task
 * @returns {Uint8Array | Failure}
 */
function secretKey(task) {
  const name = `ROLEBRIDGE_CALLBACK_SECRET (or ${ownSecretName(task.connectionId)}, when there are several connections)`;
  const remedy = `Set ${name} to the secret that the service showed when the connection was made, in the environment of whoever runs Terraform.`;
  if (task.secret === '')
    return {
      code: 'callback_secret_missing',
      detail: 'There is no callback secret in the environment.',
      remedy,
      isOwnToFix: true,
    };
  const base64 = /^whsec_([A-Za-z0-9+/]+={0,2})$/.exec(task.secret)?.[1];
  const key = Buffer.from(base64 ?? '', 'base64');
  if (key.length < 16)
    return {
      code: 'callback_secret_invalid',
      detail:
        'The callback secret is not "whsec_" and base64 of at least 16 bytes; spaces and line ends count.',
      remedy,
      isOwnToFix: true,
    };
  return key;
}

/**
 * Sends until there is a verdict or the deadline has come.
 * @param {Task} task
 * @param {Uint8Array} key
 * @returns {Promise<Failure | undefined>} undefined: done
 */
async function send(task, key) {
  const deadline = Date.now() + task.deadlineMs;
  // The same id and body in every attempt: to the service they are one event.
  const id = `msg_${randomBytes(16).toString('hex')}`;
  const body = JSON.stringify({
    type: task.event,
    timestamp: new Date().toISOString(),
    data: {
      connectionId: task.connectionId,
      roleArn: task.roleArn,
      ...(task.scope === undefined || task.isDeregistration ? {} : { scope: task.scope }),
    },
  });

  for (let attempt = 1; ; attempt += 1) {
    const line = `${task.event} for ${task.connectionId}, attempt ${attempt}:`;
    const answer = await post(task.url, id, body, key, deadline - Date.now());
    if (!('problem' in answer) && !isUndecided(answer.status)) return verdict(task, answer, line);

    const what =
      'problem' in answer ? answer.problem : `${answer.status} ${problemCode(answer) ?? ''}`.trim();
    const asked = 'problem' in answer ? undefined : answer.retryAfterMs;
    const wait = Math.max(backoffMs(attempt), asked ?? 0);
    if (Date.now() + wait >= deadline) {
      say(`${line} ${what}; no time is left for another`);
      return inconclusive(task, answer, what);
    }
    say(`${line} ${what}; again in ${(wait / 1000).toFixed(1)} s`);
    await new Promise((resolve) => setTimeout(resolve, wait));
  }
}

/**
 * 429 and 503 are the contract's; a gateway before the service has the other ones. A 500 has decided nothing either.
 * @param {number} status
 */
function isUndecided(status) {
  return status === 429 || status >= 500;
}

/**
 * Half of it fixed, half by chance: connections that failed together don't come back together.
 * @param {number} attempt
 */
function backoffMs(attempt) {
  const longest = Math.min(FIRST_WAIT_MS * 2 ** (attempt - 1), LONGEST_WAIT_MS);
  return longest / 2 + (Math.random() * longest) / 2;
}

/**
 * @param {string} url
 * @param {string} id
 * @param {string} body
 * @param {Uint8Array} key
 * @param {number} remainingMs
 * @returns {Promise<Answer | { problem: string }>}
 */
async function post(url, id, body, key, remainingMs) {
  const timeoutMs = Math.max(1, Math.min(REQUEST_TIMEOUT_MS, remainingMs));
  const timestamp = Math.floor(Date.now() / 1000);
  const signature = createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64');
  secrets.push(signature);
  try {
    const response = await fetch(url, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        accept: 'application/json, application/problem+json',
        'user-agent': 'rolebridge-callback',
        'webhook-id': id,
        'webhook-timestamp': String(timestamp),
        'webhook-signature': `v1,${signature}`,
      },
      body,
      // A redirect would carry the signed request to somewhere that nobody configured.
      redirect: 'manual',
      signal: AbortSignal.timeout(timeoutMs),
    });
    return {
      status: response.status,
      retryAfterMs: retryAfterMs(response.headers.get('retry-after')),
      body: parseObject(await readText(response)),
    };
  } catch (error) {
    return { problem: connectionProblem(error, timeoutMs) };
  }
}

/**
 * @param {unknown} error
 * @param {number} timeoutMs
 */
function connectionProblem(error, timeoutMs) {
  if (!(error instanceof Error)) return `no answer (${error})`;
  if (error.name === 'TimeoutError') return `no answer within ${(timeoutMs / 1000).toFixed(1)} s`;
  const cause =
    /** @type {{ code?: string, message?: string, errors?: { message: string }[] } | undefined} */ (
      error.cause
    );
  const reason = cause?.code || cause?.errors?.[0]?.message || cause?.message || error.message;
  return `no connection (${reason})`;
}

/**
 * Seconds or an HTTP date (RFC 9110, 10.2.3).
 * @param {string | null} text
 */
function retryAfterMs(text) {
  if (text === null) return undefined;
  if (/^\d+$/.test(text)) return Number(text) * 1000;
  const date = Date.parse(text);
  return Number.isNaN(date) ? undefined : Math.max(0, date - Date.now());
}

/**
 * @param {Response} response
 * @returns {Promise<string>}
 */
async function readText(response) {
  if (response.body === null) return '';
  /** @type {Uint8Array[]} */
  const chunks = [];
  let size = 0;
  const reader = response.body.getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return Buffer.concat(chunks).toString('utf8');
    size += value.length;
    if (size > LARGEST_ANSWER_BYTES) {
      await reader.cancel();
      return '';
    }
    chunks.push(value);
  }
}

/**
 * @param {string} text
 * @returns {Record<string, unknown> | undefined}
 */
function parseObject(text) {
  try {
    return asObject(JSON.parse(text));
  } catch {
    return undefined;
  }
}

/**
 * @param {unknown} value
 * @returns {Record<string, unknown> | undefined}
 */
function asObject(value) {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? /** @type {Record<string, unknown>} */ (value)
    : undefined;
}

/**
 * @param {Task} task
 * @param {Answer} answer
 * @param {string} line
 * @returns {Failure | undefined}
 */
function verdict(task, answer, line) {
  const { status, body } = answer;
  const code = problemCode(answer);
  // Anything can answer 200: a proxy's page, a wrong URL. Connected is what the service says in so many words.
  const isDone =
    status === 200 &&
    (task.isDeregistration ? body !== undefined : body !== undefined && body.status === 'connected');
  if (isDone) {
    say(`${line} 200`);
    say(task.isDeregistration ? 'disconnected' : connectedLine(task, body));
    return undefined;
  }

  say(`${line} ${status}${code === undefined ? '' : ` ${code}`}`);
  const title = textOf(body?.title);
  const detail = textOf(body?.detail) ?? title;
  const remedy = textOf(body?.remedy);
  if (status === 401)
    return {
      code: code ?? 'unauthorized',
      detail:
        detail ??
        'The service did not take the signature: the connection is unknown to it, the secret is another, or the clock here is off by minutes.',
      remedy:
        remedy ??
        `Check that the secret in the environment is the one of ${task.connectionId}, and this machine's clock.`,
      isOwnToFix: true,
    };
  if (status >= 400)
    return {
      code: code ?? `http_${status}`,
      detail: detail ?? `The service answered ${status} without a reason.`,
      remedy: remedy ?? 'Check the callback URL, or ask the vendor, with the time and the connection id.',
      ...(body === undefined ? {} : { body }),
    };
  return {
    code: 'answer_unexpected',
    detail:
      status === 200
        ? `What answers at ${task.url} does not say that the connection is connected.`
        : `What answers at ${task.url} sends ${status}${status >= 300 ? ', a redirect, which is not followed' : ''}.`,
    remedy: 'Set callbackUrl to the URL that the service gave, and check for a proxy in between.',
    ...(body === undefined ? {} : { body }),
  };
}

/**
 * @param {Task} task
 * @param {Answer | { problem: string }} answer
 * @param {string} what
 * @returns {Failure}
 */
function inconclusive(task, answer, what) {
  const isUnreachable = 'problem' in answer;
  const body = isUnreachable ? undefined : answer.body;
  return {
    code:
      (isUnreachable ? undefined : problemCode(answer)) ?? (isUnreachable ? 'unreachable' : 'inconclusive'),
    detail:
      textOf(body?.detail) ??
      `${task.url} ${isUnreachable ? 'could not be reached' : 'has not decided'} within ${task.deadlineMs / 1000} s (last: ${what}).`,
    remedy:
      textOf(body?.remedy) ??
      (isUnreachable
        ? 'Check the callback URL, and that this machine may connect to it (firewall, proxy).'
        : 'Apply again in a few minutes; nothing has to be undone first.'),
    ...(body === undefined ? {} : { body }),
  };
}

/** @param {Answer} answer */
function problemCode(answer) {
  return textOf(answer.body?.code);
}

/**
 * @param {Task} task
 * @param {Record<string, unknown> | undefined} body
 */
function connectedLine(task, body) {
  const account = textOf(body?.accountId) ?? accountOf(task.roleArn) ?? 'unknown';
  const scopes = (Array.isArray(body?.scopes) ? body.scopes : [])
    .map(asObject)
    .filter((scope) => scope !== undefined)
    .map(scopePath);
  return `connected: account ${account}, scope ${scopes.length > 0 ? scopes.join(', ') : 'none yet'}`;
}

/** @param {Record<string, unknown>} scope */
function scopePath(scope) {
  const names = [scope.project, scope.environment, scope.architecture].map(textOf).filter(Boolean);
  return names.length > 0 ? names.join('/') : "organization (the organization's default)";
}

/**
 * @param {string} head
 * @param {Failure} failure
 */
function sayFailure(head, failure) {
  say(head);
  say(`  why: ${failure.detail}`);
  const { body } = failure;
  const verification = asObject(body?.verification);
  const checks = Array.isArray(body?.checks) ? body.checks : verification?.checks;
  for (const check of Array.isArray(checks) ? checks.map(asObject) : []) {
    const parts = [textOf(check?.name), textOf(check?.outcome), textOf(check?.code), textOf(check?.message)];
    if (check !== undefined) say(`  check: ${parts.filter(Boolean).join(' · ')}`);
  }
  const causes = asObject(body?.diagnosis)?.causes;
  for (const cause of Array.isArray(causes) ? causes : []) {
    const { cause: name, likelihood, explanation } = asObject(cause) ?? {};
    const text = textOf(explanation) ?? textOf(name);
    if (text !== undefined) say(`  cause (${textOf(likelihood) ?? 'possible'}): ${text}`);
  }
  say(`  remedy: ${failure.remedy}`);
  const page = documentationOf(body);
  if (page !== undefined) say(`  more: ${page}`);
  const given = body?.trustPolicy ?? asObject(body?.diagnosis)?.trustPolicy;
  const trustPolicy = typeof given === 'string' ? parseObject(given) : asObject(given);
  if (trustPolicy === undefined) return;
  say('  trust policy that the role needs:');
  // Nothing before these lines: they are to be copied.
  for (const line of JSON.stringify(trustPolicy, null, 2).split('\n').slice(0, 100)) print(line);
}

/**
 * A problem's `type` is the page about its code (RFC 9457, 3.1.1), unless it is `about:blank`.
 * @param {Record<string, unknown> | undefined} body
 */
function documentationOf(body) {
  const type = textOf(body?.type);
  return type !== undefined && /^https?:\/\/[\x21-\x7e]{1,500}$/.test(type) ? type : undefined;
}

/** @param {unknown} value */
function textOf(value) {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

/** @param {string} text */
function say(text) {
  print(`rolebridge: ${text}`);
}

/**
 * One line: what the service sends can't draw on the terminal, start a line of its own or repeat the secret.
 * @param {string} text
 */
function print(text) {
  let line = text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, ' ');
  for (const secret of secrets) line = line.split(secret).join('[hidden]');
  process.stdout.write(`${line.slice(0, 2_000)}\n`);
}
