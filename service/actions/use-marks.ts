import type { Clock } from '../domain/ports.js';

interface Used {
  readonly id: string;
  readonly lastUsedAt?: string | undefined;
}

/**
 * Stores when a thing was last used, beside the call and not before its answer. A write for each call would make reading
 * as dear as changing: a mark stored within `everyMs` stays.
 */
export function createUseMarks<Thing extends Used>(
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
      // A store that can't be written to says so in the answers to the calls that have to write.
      .catch(() => {})
      .finally(() => writing.delete(thing.id));
  };
}
