import type { Logger } from 'pino';
import type { SharedSts, Sts, StsAnswer, StsCaller } from '../domain/ports.js';
import { type AroundCall, aroundEachCall } from '../domain/sts-calls.js';
import type { Metrics } from '../metrics/index.js';
import type { Tracing } from '../tracing/index.js';
import { type OrganizationLimiter, ThrottledError } from './organization-limiter.js';

export interface SharedStsOptions {
  readonly limiter: OrganizationLimiter;
  readonly metrics: Metrics;
  readonly logger: Logger;
  readonly tracing?: Tracing | undefined;
}

/** Calls for no organization, such as for the service's own identity, have a separate share. */
const theService: StsCaller = { organizationId: 'service', requestId: undefined };

/**
 * One STS for all organizations: each call waits for its organization's share, is measured by outcome, and is logged with
 * the ids of the request and of AWS's answer.
 */
export function shareSts(sts: Sts, options: SharedStsOptions, caller = theService): SharedSts {
  const { limiter, metrics, logger, tracing } = options;

  const call: AroundCall = async (name, ask) => {
    try {
      return await limiter.run(caller.organizationId, async () => {
        const startedAt = performance.now();
        const answer = await (tracing ? tracing.call(`STS ${name}`, ask, attributesOf) : ask());
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
  };

  return {
    ...aroundEachCall(sts, call),
    forOrganization: (other) => shareSts(sts, options, other),
  };
}

const attributesOf = (answer: StsAnswer<object, string>) => ({
  'aws.request_id': answer.requestId ?? '',
  'rolebridge.outcome': answer.outcome === 'inconclusive' ? answer.reason : answer.outcome,
});
