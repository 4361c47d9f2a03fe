/** The organization has too many concurrent and waiting calls. */
export class ThrottledError extends Error {}

export interface OrganizationLimiterOptions {
  /** The most concurrent calls of all organizations together. */
  readonly atOnce: number;
  /** The most concurrent calls of one organization. */
  readonly atOncePerSharer: number;
  readonly onChange?: (inFlight: number, waiting: number) => void;
}

/** The longest wait of a call. */
const maxWaitMs = 5_000;
/** The most waiting calls of one organization. */
const maxWaiting = 1_000;

interface Sharer {
  inFlight: number;
  readonly waiting: { start: () => void; giveUp: NodeJS.Timeout }[];
}

export type OrganizationLimiter = ReturnType<typeof createOrganizationLimiter>;

/**
 * A limit of concurrent calls for all, and a smaller one for each organization. Waiting calls start
 * round-robin by organization, so that no organization queues behind another one's slow or many calls.
 */
export function createOrganizationLimiter(options: OrganizationLimiterOptions) {
  const { atOnce, atOncePerSharer, onChange } = options;
  /** Organizations with calls in flight or waiting, in the order of their turns. */
  const sharers = new Map<string, Sharer>();
  let inFlight = 0;
  let waiting = 0;

  async function run<Result>(name: string, call: () => Promise<Result>): Promise<Result> {
    const sharer = sharers.get(name) ?? { inFlight: 0, waiting: [] };
    sharers.set(name, sharer);
    if (inFlight < atOnce && sharer.inFlight < atOncePerSharer && sharer.waiting.length === 0) begin(sharer);
    else await turnOf(sharer);
    try {
      return await call();
    } finally {
      inFlight--;
      sharer.inFlight--;
      if (sharer.inFlight === 0 && sharer.waiting.length === 0) sharers.delete(name);
      letIn();
      onChange?.(inFlight, waiting);
    }
  }

  function begin(sharer: Sharer): void {
    inFlight++;
    sharer.inFlight++;
    onChange?.(inFlight, waiting);
  }

  function turnOf(sharer: Sharer): Promise<void> {
    if (sharer.waiting.length >= maxWaiting) throw new ThrottledError();
    return new Promise((resolve, reject) => {
      const turn = {
        start: resolve,
        giveUp: setTimeout(() => {
          sharer.waiting.splice(sharer.waiting.indexOf(turn), 1);
          waiting--;
          onChange?.(inFlight, waiting);
          reject(new ThrottledError());
        }, maxWaitMs),
      };
      sharer.waiting.push(turn);
      waiting++;
      onChange?.(inFlight, waiting);
    });
  }

  function letIn(): void {
    for (const [name, sharer] of sharers) {
      if (inFlight >= atOnce || waiting === 0) return;
      if (sharer.inFlight >= atOncePerSharer) continue;
      const turn = sharer.waiting.shift();
      if (turn === undefined) continue;
      clearTimeout(turn.giveUp);
      waiting--;
      begin(sharer);
      // Its next turn comes after those of all others.
      sharers.delete(name);
      sharers.set(name, sharer);
      turn.start();
    }
  }

  return { run };
}
