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
  held?: Expiring<Value> & { readonly renewAtMs: number };
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
  held(key: string): Value | undefined {
    const entry = this.#used(key);
    return entry?.held && this.#options.clock.now() < entry.held.renewAtMs ? entry.held.value : undefined;
  }

  async get(key: string, load: () => Promise<Expiring<Value>>): Promise<Value> {
    const now = this.#options.clock.now();
    const entry = this.#used(key);
    const held = entry?.held && now < entry.held.expiresAtMs ? entry.held : undefined;
    if (held && now < held.renewAtMs) return held.value;

    const failure = entry?.failure && now < entry.failure.untilMs ? entry.failure : undefined;
    if (failure) {
      if (held) return held.value;
      throw failure.error;
    }
    const loading = this.#loads.get(key) ?? this.#load(key, load);
    if (!held) return loading;
    if (now < held.expiresAtMs - leastLeftMs) {
      // The next caller hears of its failure.
      loading.catch(() => {});
      return held.value;
    }
    return loading.catch((error: unknown) => {
      if (this.#options.isPassing(error) && this.#options.clock.now() < held.expiresAtMs) return held.value;
      throw error;
    });
  }

  #load(key: string, load: () => Promise<Expiring<Value>>): Promise<Value> {
    const loading = load()
      .then(
        (loaded) => {
          this.#keep(key, { held: { ...loaded, renewAtMs: this.#renewAt(loaded) } });
          return loaded.value;
        },
        (error: unknown) => {
          const held = this.#options.isPassing(error) ? this.#entries.get(key)?.held : undefined;
          const untilMs = this.#options.clock.now() + failureMs;
          this.#keep(key, { ...(held && { held }), failure: { error, untilMs } });
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
    for (const [oldest, { held, failure }] of this.#entries) {
      const isSpent = !(held && now < held.expiresAtMs) && !(failure && now < failure.untilMs);
      if (this.#entries.size > this.#options.limit || isSpent) this.#entries.delete(oldest);
      else if (--looks === 0) break;
    }
  }
}
