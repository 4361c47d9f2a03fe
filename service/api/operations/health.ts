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

/** Strangers may ask, and the answer may cost a write: one look at the store answers everyone for this time. */
const readinessMs = 1_000;

const readinessOf = perService(({ store, clock }: ApiDependencies) => {
  let latest: { readonly at: number; readonly result: Promise<void> } | undefined;
  return () => {
    if (latest === undefined || Math.abs(clock.now() - latest.at) >= readinessMs)
      latest = { at: clock.now(), result: store.ready() };
    return latest.result;
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
    return { status: 'ready' as const };
  },
});
