import type { OutboxMessage } from '../domain/ports.js';

/** Deliveries at the same time: of all, and of the messages to one endpoint and of one organization. */
export const slots = { all: 64, endpoint: 16, organization: 32 } as const;
/** A message that waits for its turn is looked at again after this, at most. */
const longestTurnMs = 30_000;

interface Share {
  running: number;
  /** Of the latest delivery. */
  tookMs: number;
  /** When the message that waits last can expect its turn. */
  turnAtMs: number;
}

/** A slow endpoint, or an organization with many of them, takes a part of the slots and leaves the others their turn. */
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
    /** Undefined: it can go now. Otherwise when its turn may come. */
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
