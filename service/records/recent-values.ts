/**
 * Values that were made lately, in two generations. A full generation takes the place of the older one, so that values
 * in use stay and the others go: clearing everything at once would make each of them again.
 */
export class RecentValues<Key extends object> {
  #younger = new Map<Key, unknown>();
  #older = new Map<Key, unknown>();

  /** At most twice as many are held. */
  constructor(readonly atMost: number) {}

  get(key: Key): unknown {
    const known = this.#younger.get(key);
    if (known !== undefined) return known;
    const older = this.#older.get(key);
    if (older !== undefined) this.set(key, older);
    return older;
  }

  set(key: Key, value: unknown): void {
    if (this.#younger.size === this.atMost) {
      this.#older = this.#younger;
      this.#younger = new Map();
    }
    this.#younger.set(key, value);
  }
}
