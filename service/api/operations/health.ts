import * as answers from '../answers.js';
import { type ApiDependencies, defineOperation } from '../operation.js';
import { perService } from '../per-service.js';

const tag = 'Operations';

export const isAlive = defineOperation({
  method: 'get',
  path: '/healthz',
  tag,
  summary: 'Is the service up?',
  auth: 'none',
  answer: { status: 200, description: 'It is.', schema: answers.health },
  errors: [],
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
  answer: { status: 200, description: 'It could.', schema: answers.readiness },
  errors: [],
  isHighVolume: true,
  examples: { one: { returns: 200 } },
  async handler({ deps }) {
    await readinessOf(deps)();
    const { degradedSince } = deps.health;
    return { status: 'ready' as const, ...(degradedSince && { degradedSince }) };
  },
});
