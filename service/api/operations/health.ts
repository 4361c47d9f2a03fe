import { z } from 'zod';
import { perService } from '../../actions/per-service.js';
import { isoTime } from '../../domain/verification.js';
import { type ApiDependencies, defineOperation } from '../operation.js';

const tag = 'Operations';

export const getHealth = defineOperation({
  method: 'get',
  path: '/healthz',
  tag,
  summary: 'Returns 200 while the process runs.',
  auth: 'none',
  answer: { status: 200, description: 'The service runs.', schema: z.object({ status: z.literal('ok') }) },
  isHighVolume: true,
  examples: { one: { returns: 200 } },
  handler: () => ({ status: 'ok' as const }),
});

/** The call needs no credentials, and a check may write: at most this many in a second; other requests share the last result. */
const checksASecond = 5;

const readinessOf = perService(({ store, clock }: ApiDependencies) => {
  let latest: Promise<void> | undefined;
  let second = 0;
  let checks = 0;
  return () => {
    const now = Math.floor(clock.now() / 1000);
    if (now !== second) checks = 0;
    second = now;
    if (latest === undefined || checks < checksASecond) {
      checks += 1;
      latest = store.ready();
    }
    return latest;
  };
});

export const getReadiness = defineOperation({
  method: 'get',
  path: '/readyz',
  tag,
  summary: 'Returns 200 while the service can store a write.',
  auth: 'none',
  answer: {
    status: 200,
    description: 'The service is ready.',
    schema: z.object({
      status: z.literal('ready'),
      degradedSince: isoTime.optional().meta({
        description:
          'The time since which AWS denies the roles of several organizations at once, and verdicts are on hold.',
      }),
    }),
  },
  isHighVolume: true,
  examples: { one: { returns: 200 } },
  async handler({ deps }) {
    await readinessOf(deps)();
    const { degradedSince } = deps.health;
    return { status: 'ready' as const, ...(degradedSince && { degradedSince }) };
  },
});
