import type { Clock } from '../domain/ports.js';

/** Something that ends. */
export interface Expiring<Value> {
  readonly value: Value;
  readonly expiresAtMs: number;
}

export interface SessionCacheOptions {
  readonly clock: Clock;
  /** A failure that doesn't affect the cached session, which is used until it expires. */
  readonly isPassing: (error: unknown) => boolean;
  /** Entries kept; the one unused for longest goes first. @default 10,000 */
  readonly limit?: number;
  /** From 0 to 1, for the jitter. */
  readonly random?: () => number;
}

interface Entry<Value> {
  cached?: Expiring<Value> & { readonly renewAtMs: number };
  failure?: { readonly error: unknown; readonly untilMs: number };
}

/** A failure is repeated for this long, so that a thousand callers do not ask AWS a thousand times. */
const failureMs = 1_000;
/** A session with less time than this is not returned during its renewal. */
const leastLeftMs = 60_000;
const widestRenewalMs = 15 * 60_000;

/**
 * Caches a value under a key until shortly before its expiry, then reloads it: in the background first,
 * while callers wait at the very end. There is one load of a key at a time.
 */
export class SessionCache<Value> {
  readonly #entries = new Map<string, Entry<Value>>();
  readonly #loads = new Map<string, Promise<Value>>();
  readonly #options: Required<SessionCacheOptions>;

  constructor(options: SessionCacheOptions) {
    this.#options = { limit: 10_000, random: Math.random, ...options };
  }

  /** The cached session, if it needs no renewal. */
  cached(key: string): Value | undefined {
    const entry = this.#used(key);
    return entry?.cached && this.#options.clock.now() < entry.cached.renewAtMs
      ? entry.cached.value
      : undefined;
  }

  async get(key: string, load: () => Promise<Expiring<Value>>): Promise<Value> {
    const now = this.#options.clock.now();
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
      // The next caller hears of its failure.
      loading.catch(() => {});
      return cached.value;
    }
    return loading.catch((error: unknown) => {
      if (this.#options.isPassing(error) && this.#options.clock.now() < cached.expiresAtMs)
        return cached.value;
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
          const cached = this.#options.isPassing(error) ? this.#entries.get(key)?.cached : undefined;
          const untilMs = this.#options.clock.now() + failureMs;
          this.#keep(key, { ...(cached && { cached }), failure: { error, untilMs } });
          throw error;
        },
      )
      .finally(() => this.#loads.delete(key));
    this.#loads.set(key, loading);
    return loading;
  }

  /** In the last quarter of its life, a quarter of an hour at most, and not at the same moment everywhere. */
  #renewAt({ expiresAtMs }: Expiring<Value>): number {
    const lifetimeMs = expiresAtMs - this.#options.clock.now();
    const windowMs = Math.min(lifetimeMs / 4, widestRenewalMs);
    return expiresAtMs - windowMs * (1 + this.#options.random() / 3);
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
    const now = this.#options.clock.now();
    // Each time, deletes a few of the oldest expired entries.
    let looks = 4;
    for (const [oldest, { cached, failure }] of this.#entries) {
      const isSpent = !(cached && now < cached.expiresAtMs) && !(failure && now < failure.untilMs);
      if (this.#entries.size > this.#options.limit || isSpent) this.#entries.delete(oldest);
      else if (--looks === 0) break;
    }
  }
}
