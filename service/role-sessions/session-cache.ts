import { RolebridgeError } from '../domain/errors.js';
import type { Clock } from '../domain/ports.js';

/** A value with its expiry. */
export interface Expiring<Value> {
  readonly value: Value;
  readonly expiresAtMs: number;
}

interface Entry<Value> {
  cached?: Expiring<Value> & { readonly renewAtMs: number };
  failure?: { readonly error: unknown; readonly untilMs: number };
}

/** How long a failure is returned from the cache, so that many callers do not each call AWS. */
const failureMs = 1_000;
/** A session with less time than this is not returned during its renewal. */
const leastLeftMs = 60_000;
const widestRenewalMs = 15 * 60_000;
/** The most entries; the least recently used one is dropped first. */
const maxEntries = 10_000;

/**
 * Caches a value under a key until shortly before its expiry, then reloads it: in the background first,
 * while callers wait at the very end. There is one load of a key at a time.
 */
export class SessionCache<Value> {
  readonly #entries = new Map<string, Entry<Value>>();
  readonly #loads = new Map<string, Promise<Value>>();

  constructor(private readonly clock: Clock) {}

  /** The cached session, if it needs no renewal. */
  cached(key: string): Value | undefined {
    const entry = this.#used(key);
    return entry?.cached && this.clock.now() < entry.cached.renewAtMs ? entry.cached.value : undefined;
  }

  async get(key: string, load: () => Promise<Expiring<Value>>): Promise<Value> {
    const now = this.clock.now();
    const entry = this.#used(key);
    const cached = entry?.cached && now < entry.cached.expiresAtMs ? entry.cached : undefined;
    if (cached && now < cached.renewAtMs) return cached.value;

    const failure = entry?.failure && now < entry.failure.untilMs ? entry.failure : undefined;
    if (failure) {
      if (cached) return cached.value;
      throw failure.error;
    }
    const loading = this.#loads.get(key) ?? this.#load(key, load);
    if (!cached) return loading;
    if (now < cached.expiresAtMs - leastLeftMs) {
      // The next caller gets the failure.
      loading.catch(() => {});
      return cached.value;
    }
    return loading.catch((error: unknown) => {
      if (isTransient(error) && this.clock.now() < cached.expiresAtMs) return cached.value;
      throw error;
    });
  }

  #load(key: string, load: () => Promise<Expiring<Value>>): Promise<Value> {
    const loading = load()
      .then(
        (loaded) => {
          this.#keep(key, { cached: { ...loaded, renewAtMs: this.#renewAt(loaded) } });
          return loaded.value;
        },
        (error: unknown) => {
          const cached = isTransient(error) ? this.#entries.get(key)?.cached : undefined;
          const untilMs = this.clock.now() + failureMs;
          this.#keep(key, { ...(cached && { cached }), failure: { error, untilMs } });
          throw error;
        },
      )
      .finally(() => this.#loads.delete(key));
    this.#loads.set(key, loading);
    return loading;
  }

  /** The renewal starts in the last quarter of the lifetime, at most 15 minutes before expiry, with jitter. */
  #renewAt({ expiresAtMs }: Expiring<Value>): number {
    const lifetimeMs = expiresAtMs - this.clock.now();
    const windowMs = Math.min(lifetimeMs / 4, widestRenewalMs);
    return expiresAtMs - windowMs * (1 + Math.random() / 3);
  }

  /** A map keeps the order of insertion: the first is the one unused for longest. */
  #used(key: string): Entry<Value> | undefined {
    const entry = this.#entries.get(key);
    if (entry) {
      this.#entries.delete(key);
      this.#entries.set(key, entry);
    }
    return entry;
  }

  #keep(key: string, entry: Entry<Value>): void {
    this.#entries.delete(key);
    this.#entries.set(key, entry);
    const now = this.clock.now();
    // Each time, deletes a few of the oldest expired entries.
    let looks = 4;
    for (const [oldest, { cached, failure }] of this.#entries) {
      const isSpent = !(cached && now < cached.expiresAtMs) && !(failure && now < failure.untilMs);
      if (this.#entries.size > maxEntries || isSpent) this.#entries.delete(oldest);
      else if (--looks === 0) break;
    }
  }
}

/** Whether a cached session stays in use after this failure. */
const isTransient = (error: unknown): boolean =>
  error instanceof RolebridgeError && error.retryAfterSeconds !== undefined;
