import type { OutboxMessage } from '../domain/ports.js';

/** Concurrent deliveries: in all, to one endpoint, and of one organization. */
export const slots = { all: 64, endpoint: 16, organization: 32 } as const;
/** The longest wait until a message is tried again. */
const longestTurnMs = 30_000;

interface Share {
  running: number;
  /** The duration of the last delivery. */
  tookMs: number;
  /** The expected turn of the last waiting message. */
  turnAtMs: number;
}

/** Limits concurrent deliveries for each endpoint and organization, so that a slow one leaves slots to others. */
export function createShares() {
  const shares = new Map<string, Share>();
  const shareOf = (key: string): Share => {
    const share = shares.get(key) ?? { running: 0, tookMs: 100, turnAtMs: 0 };
    shares.set(key, share);
    return share;
  };
  const sharesOf = ({ endpoint, organizationId }: OutboxMessage) => [
    { key: endpoint, most: slots.endpoint },
    { key: organizationId, most: slots.organization },
  ];
  return {
    /** The time at which to try again; undefined if the message can be sent now. */
    turnOf(message: OutboxMessage, nowMs: number): number | undefined {
      let turnAtMs: number | undefined;
      for (const { key, most } of sharesOf(message)) {
        const share = shares.get(key);
        if (share === undefined || share.running < most) continue;
        share.turnAtMs = Math.max(share.turnAtMs, nowMs) + share.tookMs / most;
        turnAtMs = Math.max(turnAtMs ?? 0, Math.min(share.turnAtMs, nowMs + longestTurnMs));
      }
      return turnAtMs;
    },
    async hold<Result>(message: OutboxMessage, delivery: () => Promise<Result>): Promise<Result> {
      const own = sharesOf(message).map(({ key }) => ({ key, share: shareOf(key) }));
      const startMs = performance.now();
      for (const { share } of own) share.running += 1;
      try {
        return await delivery();
      } finally {
        for (const { key, share } of own) {
          share.running -= 1;
          share.tookMs = performance.now() - startMs;
          if (share.running === 0) shares.delete(key);
        }
      }
    },
  };
}
