import type { Clock } from '../domain/ports.js';

interface Used {
  readonly id: string;
  readonly lastUsedAt?: string | undefined;
}

/**
 * Records when an object was last used, without delaying the answer. It writes at most once every `everyMs`, so that reads
 * do not become writes.
 */
export function createUsageRecorder<Thing extends Used>(
  clock: Clock,
  everyMs: number,
  store: (thing: Thing, lastUsedAt: string) => Promise<void>,
): (thing: Thing) => void {
  const writing = new Set<string>();
  return (thing) => {
    const now = clock.now();
    if (thing.lastUsedAt !== undefined && now - Date.parse(thing.lastUsedAt) < everyMs) return;
    if (writing.has(thing.id)) return;
    writing.add(thing.id);
    store(thing, new Date(now).toISOString())
      // Calls that must write report a failing store.
      .catch(() => {})
      .finally(() => writing.delete(thing.id));
  };
}
