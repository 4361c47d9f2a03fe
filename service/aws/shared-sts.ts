import type { Logger } from 'pino';
import type { SharedSts, Sts, StsAnswer, StsCaller } from '../domain/ports.js';
import type { Metrics } from '../metrics/index.js';
import type { Tracing } from '../tracing/index.js';
import { type OrganizationLimiter, ThrottledError } from './organization-limiter.js';

export interface SharedStsOptions {
  readonly limiter: OrganizationLimiter;
  readonly metrics: Metrics;
  readonly logger: Logger;
  readonly tracing?: Tracing | undefined;
}

/** Calls for no organization, such as the question whom the service runs as, have a separate share. */
const theService: StsCaller = { organizationId: 'service', requestId: undefined };

/**
 * One STS for all organizations: each call waits for its organization's share, is timed by its outcome, and is logged
 * with the request that it was made for and AWS's own request id.
 */
export function shareSts(sts: Sts, options: SharedStsOptions, caller = theService): SharedSts {
  const { limiter, metrics, logger, tracing } = options;

  async function call<Answer extends StsAnswer<object, string>>(
    name: string,
    ask: () => Promise<Answer>,
  ): Promise<Answer | Extract<StsAnswer<object>, { outcome: 'inconclusive' }>> {
    try {
      return await limiter.run(caller.organizationId, async () => {
        const startedAt = performance.now();
        const answer = await (tracing ? tracing.call(`STS ${name}`, () => ask(), attributesOf) : ask());
        const seconds = (performance.now() - startedAt) / 1000;
        const outcome = answer.outcome === 'inconclusive' ? answer.reason : answer.outcome;
        metrics.stsDuration.observe({ call: name, outcome }, seconds);
        logger[answer.outcome === 'inconclusive' ? 'warn' : 'debug'](
          {
            ...caller,
            call: name,
            outcome,
            awsRequestId: answer.requestId,
            durationMs: Math.round(seconds * 1000),
          },
          'sts',
        );
        return answer;
      });
    } catch (error) {
      if (error instanceof ThrottledError)
        return { outcome: 'inconclusive', reason: 'too_many_concurrent_calls' };
      throw error;
    }
  }

  return {
    forOrganization: (other) => shareSts(sts, options, other),
    assumeRole: (request) => call('AssumeRole', () => sts.assumeRole(request)),
    readRole: (partition, credentials, roleName) =>
      call('GetRole', () => sts.readRole(partition, credentials, roleName)),
    accountAlias: (partition, credentials) =>
      call('ListAccountAliases', () => sts.accountAlias(partition, credentials)),
    simulate: (partition, credentials, roleArn, simulation) =>
      call('SimulatePrincipalPolicy', () => sts.simulate(partition, credentials, roleArn, simulation)),
    callerIdentity: (partition, credentials) =>
      call('GetCallerIdentity', () => sts.callerIdentity(partition, credentials)),
    accessKeyIdentity: (partition, key) =>
      call('GetCallerIdentity', () => sts.accessKeyIdentity(partition, key)),
    signerIdentity: (partition, request) =>
      call('GetCallerIdentity', () => sts.signerIdentity(partition, request)),
  };
}

const attributesOf = (answer: StsAnswer<object, string>) => ({
  'aws.request_id': answer.requestId ?? '',
  'rolebridge.outcome': answer.outcome === 'inconclusive' ? answer.reason : answer.outcome,
});
