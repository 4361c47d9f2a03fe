import type { Store } from '../service/domain/ports.js';

/** Writes of a request, except marks that may be lost. */
const isWrite =
  /^(appendAudit|commit|(acquire|finish|release)Request|(save|create|change|delete|revoke|take|replace|erase|add|hasten|renew)[A-Z])/;

/**
 * The store as a process has it that dies at its first, second … write, before or after it: that write never returns.
 * @param at counts from 1; left out, it lives and counts
 */
export function dyingStore(
  store: Store,
  at = Number.POSITIVE_INFINITY,
  isStored = false,
  writes: RegExp = isWrite,
) {
  const written: string[] = [];
  let die = () => {};
  const died = new Promise<void>((resolve) => {
    die = resolve;
  });
  const dying = new Proxy(store, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name, target);
      if (typeof value !== 'function') return value;
      // The store is shared with the process that lives.
      if (name === 'close') return async () => {};
      if (!writes.test(String(name))) return value.bind(target);
      return async (...given: unknown[]) => {
        // A dead process does nothing more, not even writes that it had started beside that one.
        if (written.length >= at) return new Promise(() => {});
        written.push(String(name));
        if (written.length < at) return Reflect.apply(value, target, given);
        if (isStored) await Reflect.apply(value, target, given);
        die();
        return new Promise(() => {});
      };
    },
  });
  return { dying, died, written };
}
