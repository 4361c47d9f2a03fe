import { get as getHttp } from 'node:http';
import { get as getHttps } from 'node:https';
import { endpointOf, foreignEndpoints } from '../../aws/outbound.js';
import { createSts } from '../../aws/sts.js';
import { noVerdict } from '../../domain/inconclusive.js';
import { proxyAgentFor } from '../../proxy-agent.js';
import { awsClientsOf, type Settings, stsPartitionsOf } from '../../settings/index.js';
import { type Examination, type Finding, type StsReach, worst } from './finding.js';

/** AWS refuses signatures that are five minutes off, and the service refuses callbacks so. */
const maxSkewMs = 300_000;
const notableSkewMs = 30_000;

/** Asks every partition's STS for nothing: an answer of any kind has AWS's time in it. */
export async function reachSts(config: Settings, now: () => number): Promise<Map<string, StsReach>> {
  const reached = new Map<string, StsReach>();
  for (const [partition, settings] of Object.entries(stsPartitionsOf(config))) {
    const url = await endpointOf('sts', settings);
    const startedAt = now();
    reached.set(
      partition,
      await dateOf(url, config.stsTimeoutMs).then(
        (date) => ({
          url,
          reached: true,
          date: date === undefined ? undefined : Date.parse(date),
          halfwayAt: (startedAt + now()) / 2,
        }),
        (error: NodeJS.ErrnoException) => ({ url, reached: false, reason: error.code ?? error.message }),
      ),
    );
  }
  return reached;
}

/** The time in an answer to a plain request, through the proxy of the environment. */
function dateOf(url: string, timeoutMs: number): Promise<string | undefined> {
  const agent = proxyAgentFor(url);
  const options = { signal: AbortSignal.timeout(timeoutMs), ...(agent && { agent }) };
  return new Promise((resolve, reject) => {
    const get = url.startsWith('https:') ? getHttps : getHttp;
    get(url, options, (response) => {
      resolve(response.headers.date);
      response.destroy();
    }).on('error', reject);
  });
}

export async function checkAwsEndpoints({ config }: Examination): Promise<Finding> {
  const foreign = await foreignEndpoints(awsClientsOf(config));
  if (foreign.length === 0) return { check: 'AWS endpoints', outcome: 'ok', message: "All are AWS's own." };
  return {
    check: 'AWS endpoints',
    outcome: 'warning',
    message: foreign
      .map(({ service, endpoint }) => `Calls of ${service} go to ${endpoint}, which is not AWS's own.`)
      .join(' '),
    remedy:
      'If that is not intended, unset ROLEBRIDGE_STS_ENDPOINT, ROLEBRIDGE_IAM_ENDPOINT, ROLEBRIDGE_KMS_ENDPOINT, AWS_ENDPOINT_URL and its variants for a service, and endpoint_url in the AWS profile.',
  };
}

export async function checkClock({ stsAnswers }: Examination): Promise<Finding> {
  const answer = [...stsAnswers.values()].find((one) => one.reached && one.date !== undefined);
  if (!answer?.reached || answer.date === undefined)
    return { check: 'clock', outcome: 'not_checked', message: 'AWS sent no time.' };
  const skewMs = answer.halfwayAt - answer.date;
  // AWS's time has no parts of a second.
  const seconds = Math.round(Math.abs(skewMs) / 1000);
  const text = `This machine's clock is ${seconds} seconds ${skewMs > 0 ? 'ahead of' : 'behind'} AWS's.`;
  const remedy = 'Set the clock by NTP, for example with chrony or systemd-timesyncd.';
  if (Math.abs(skewMs) > maxSkewMs) return { check: 'clock', outcome: 'failed', message: text, remedy };
  if (Math.abs(skewMs) > notableSkewMs) return { check: 'clock', outcome: 'warning', message: text, remedy };
  return {
    check: 'clock',
    outcome: 'ok',
    message: `This machine's clock matches AWS's within ${seconds + 1} s.`,
  };
}

export async function checkStsEndpoint({ stsAnswers }: Examination): Promise<Finding> {
  return worst(
    'STS endpoint',
    [...stsAnswers].map(([partition, answer]) =>
      answer.reached
        ? { outcome: 'ok', message: `${answer.url} answers.` }
        : {
            outcome: 'failed',
            message: `${answer.url} (${partition}) can't be reached: ${answer.reason}.`,
            remedy:
              'Let this machine reach it (port 443, DNS, a VPC endpoint), or set ROLEBRIDGE_STS_REGION or ROLEBRIDGE_STS_ENDPOINT.',
          },
    ),
  );
}

/** Roles read themselves there; without it nothing is decided of a role. */
export async function checkIamEndpoint({ config }: Examination): Promise<Finding> {
  const findings = Object.entries(stsPartitionsOf(config)).map(
    async ([partition, settings]): Promise<Omit<Finding, 'check'>> => {
      const url = await endpointOf('iam', settings);
      const reason = await dateOf(url, config.stsTimeoutMs).then(
        () => undefined,
        (error: NodeJS.ErrnoException) => error.code ?? error.message,
      );
      return reason === undefined
        ? { outcome: 'ok', message: `${url} answers.` }
        : {
            outcome: 'failed',
            message: `${url} (${partition}) can't be reached: ${reason}.`,
            remedy: 'Let this machine reach it (port 443, DNS, a proxy), or set ROLEBRIDGE_IAM_ENDPOINT.',
          };
    },
  );
  return worst('IAM endpoint', await Promise.all(findings));
}

/** The service must run as the very principal that customers' roles trust. */
export async function checkVendorCredentials({ config }: Examination): Promise<Finding> {
  const sts = createSts({ partitions: stsPartitionsOf(config), timeoutMs: config.stsTimeoutMs });
  const findings: Omit<Finding, 'check'>[] = [];
  for (const [partition, principal] of config.principals) {
    const answer = await sts.callerIdentity(partition);
    if (answer.outcome === 'inconclusive')
      findings.push({
        outcome: 'failed',
        message:
          answer.reason === 'request_rejected'
            ? 'AWS does not accept the request.'
            : noVerdict(answer.reason).message,
        remedy: `Give the service AWS credentials of ${principal}: environment, profile, instance or task role.`,
      });
    else if (answer.outcome === 'denied')
      findings.push({
        outcome: 'failed',
        message: `AWS denies GetCallerIdentity, which needs no permission: ${answer.reason}.`,
        remedy: 'Look for a service control policy or a VPC endpoint policy that denies STS.',
      });
    else if (isPrincipal(answer.arn, principal))
      findings.push({ outcome: 'ok', message: `The service runs as ${answer.arn}.` });
    else
      findings.push({
        outcome: 'failed',
        message: `The service runs as ${answer.arn}, but customers' roles trust ${principal}.`,
        remedy:
          'Give it the credentials of that principal, or set ROLEBRIDGE_PRINCIPAL to the one it runs as.',
      });
  }
  return worst('vendor credentials', findings);
}

/** A role's session has the role's name, without its path; an account's root stands for everybody in it. */
export function isPrincipal(callerArn: string, principal: string): boolean {
  if (callerArn === principal) return true;
  const [, , , , account, resource = ''] = principal.split(':');
  const [, , , , callerAccount, caller = ''] = callerArn.split(':');
  if (account !== callerAccount) return false;
  if (resource === 'root') return true;
  const [kind, ...path] = resource.split('/');
  const [callerKind, callerName] = caller.split('/');
  return kind === 'role' && callerKind === 'assumed-role' && callerName === path.at(-1);
}
