import { get as getHttp } from 'node:http';
import { get as getHttps } from 'node:https';
import { endpointOf, foreignEndpoints } from '../../aws/outbound.js';
import { createSts } from '../../aws/sts.js';
import { inconclusiveMessages } from '../../domain/inconclusive.js';
import { proxyAgentFor } from '../../proxy-agent.js';
import { awsClientsOf, type Settings, stsPartitionsOf } from '../../settings/index.js';
import {
  type Check,
  type Examination,
  type Finding,
  failed,
  notChecked,
  ok,
  type StsReach,
  warning,
  worst,
} from './finding.js';

/** AWS refuses signatures that are more than five minutes off, and the service such callbacks. */
const maxSkewMs = 300_000;
const notableSkewMs = 30_000;

/** Sends an empty request to each partition's STS: any answer has AWS's time in its Date header. */
export async function reachSts(config: Settings): Promise<Map<string, StsReach>> {
  const reached = new Map<string, StsReach>();
  for (const [partition, settings] of Object.entries(stsPartitionsOf(config))) {
    const url = await endpointOf('sts', settings);
    const startedAt = Date.now();
    reached.set(
      partition,
      await dateOf(url, config.stsTimeoutMs).then(
        (date) => ({
          url,
          reached: true,
          date: date === undefined ? undefined : Date.parse(date),
          midpointMs: (startedAt + Date.now()) / 2,
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
  if (foreign.length === 0) return ok("All are AWS's own.");
  return warning(
    foreign
      .map(({ service, endpoint }) => `Calls of ${service} go to ${endpoint}, which is not AWS's own.`)
      .join(' '),
    'If that is not intended, unset ROLEBRIDGE_STS_ENDPOINT, ROLEBRIDGE_IAM_ENDPOINT, ROLEBRIDGE_KMS_ENDPOINT, AWS_ENDPOINT_URL and its variants for a service, and endpoint_url in the AWS profile.',
  );
}

export async function checkClock({ stsAnswers }: Examination): Promise<Finding> {
  const answer = [...stsAnswers.values()].find((one) => one.reached && one.date !== undefined);
  if (!answer?.reached || answer.date === undefined) return notChecked('AWS sent no time.');
  const skewMs = answer.midpointMs - answer.date;
  // AWS's time has no fractions of a second.
  const seconds = Math.round(Math.abs(skewMs) / 1000);
  if (Math.abs(skewMs) <= notableSkewMs)
    return ok(`This machine's clock matches AWS's within ${seconds + 1} s.`);
  const finding = Math.abs(skewMs) > maxSkewMs ? failed : warning;
  return finding(
    `This machine's clock is ${seconds} seconds ${skewMs > 0 ? 'ahead of' : 'behind'} AWS's.`,
    'Set the clock by NTP, for example with chrony or systemd-timesyncd.',
  );
}

export const checkStsEndpoint: Check = async ({ stsAnswers }) =>
  worst(
    [...stsAnswers].map(([partition, answer]) =>
      answer.reached
        ? ok(`${answer.url} answers.`)
        : failed(
            `${answer.url} (${partition}) can't be reached: ${answer.reason}.`,
            'Let this machine reach it (port 443, DNS, a VPC endpoint), or set ROLEBRIDGE_STS_REGION or ROLEBRIDGE_STS_ENDPOINT.',
          ),
    ),
  );

/** Roles are read through IAM; without it no role gets a verdict. */
export async function checkIamEndpoint({ config }: Examination): Promise<Finding> {
  const findings = Object.entries(stsPartitionsOf(config)).map(async ([partition, settings]) => {
    const url = await endpointOf('iam', settings);
    return dateOf(url, config.stsTimeoutMs).then(
      () => ok(`${url} answers.`),
      (error: NodeJS.ErrnoException) =>
        failed(
          `${url} (${partition}) can't be reached: ${error.code ?? error.message}.`,
          'Let this machine reach it (port 443, DNS, a proxy), or set ROLEBRIDGE_IAM_ENDPOINT.',
        ),
    );
  });
  return worst(await Promise.all(findings));
}

/** The service must run as the very principal that customers' roles trust. */
export async function checkVendorCredentials({ config }: Examination): Promise<Finding> {
  const sts = createSts({ partitions: stsPartitionsOf(config), timeoutMs: config.stsTimeoutMs });
  const findings: Finding[] = [];
  for (const [partition, principal] of config.principals)
    findings.push(identityFinding(await sts.callerIdentity(partition), principal));
  return worst(findings);
}

type CallerIdentity = Awaited<ReturnType<ReturnType<typeof createSts>['callerIdentity']>>;

function identityFinding(answer: CallerIdentity, principal: string): Finding {
  if (answer.outcome === 'inconclusive')
    return failed(
      answer.reason === 'request_rejected'
        ? 'AWS does not accept the request.'
        : inconclusiveMessages[answer.reason][0],
      `Give the service AWS credentials of ${principal}: environment, profile, instance or task role.`,
    );
  if (answer.outcome === 'denied')
    return failed(
      `AWS denies GetCallerIdentity, which needs no permission: ${answer.reason}.`,
      'Look for a service control policy or a VPC endpoint policy that denies STS.',
    );
  if (isPrincipal(answer.arn, principal)) return ok(`The service runs as ${answer.arn}.`);
  return failed(
    `The service runs as ${answer.arn}, but customers' roles trust ${principal}.`,
    'Give it the credentials of that principal, or set ROLEBRIDGE_PRINCIPAL to the one it runs as.',
  );
}

/** A role's session has the role's name, without its path. An account's root includes every identity in it. */
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
