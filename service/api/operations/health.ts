import { z } from 'zod';
import { perService } from '../../actions/per-service.js';
import { isoTime } from '../../domain/verification.js';
import { type ApiDependencies, defineOperation } from '../operation.js';

const tag = 'Operations';

export const isAlive = defineOperation({
  method: 'get',
  path: '/healthz',
  tag,
  summary: 'Is the service up?',
  auth: 'none',
  answer: { status: 200, description: 'It is.', schema: z.object({ status: z.literal('ok') }) },
  isHighVolume: true,
  examples: { one: { returns: 200 } },
  handler: () => ({ status: 'ok' as const }),
});

/** Strangers may ask, and an answer may cost a write: beyond this many a second they share the latest one. */
const looksASecond = 5;

const readinessOf = perService(({ store, clock }: ApiDependencies) => {
  let latest: Promise<void> | undefined;
  let second = 0;
  let looks = 0;
  return () => {
    const now = Math.floor(clock.now() / 1000);
    if (now !== second) looks = 0;
    second = now;
    if (latest === undefined || looks < looksASecond) {
      looks += 1;
      latest = store.ready();
    }
    return latest;
  };
});

export const isReady = defineOperation({
  method: 'get',
  path: '/readyz',
  tag,
  summary: 'Could the service store a write now?',
  auth: 'none',
  answer: {
    status: 200,
    description: 'It could.',
    schema: z.object({
      status: z.literal('ready'),
      degradedSince: isoTime.optional().meta({
        description:
          'AWS denies the roles of several organizations at once: verdicts are on hold since then.',
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
