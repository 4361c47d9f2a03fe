/**
 * What is due, the longest due first, and who has it. Leases are in memory: this process alone has the store, and when
 * it ends, whatever it had begun is due again.
 */
export class JobList<Item extends { readonly dueAt: string }> {
  readonly #entries = new Map<string, Entry<Item>>();
  /** A binary heap. Entries that were replaced stay until they come up. */
  readonly #heap: Entry<Item>[] = [];

  put(key: string, item: Item | undefined): void {
    if (item === undefined) this.#entries.delete(key);
    else this.#push({ key, item, atMs: Date.parse(item.dueAt) });
  }

  claim(request: { now: string; leaseUntil: string; limit: number }): Item[] {
    const nowMs = Date.parse(request.now);
    const atMs = Date.parse(request.leaseUntil);
    const claimed: Entry<Item>[] = [];
    while (claimed.length < request.limit) {
      const first = this.#first();
      if (first === undefined || first.atMs > nowMs) break;
      this.#pop();
      claimed.push(first);
    }
    for (const { key, item } of claimed) this.#push({ key, item, atMs });
    return claimed.map(({ item }) => item);
  }

  /** When the next one is due, or its lease over. */
  nextAt(): string | undefined {
    const first = this.#first();
    return first && new Date(first.atMs).toISOString();
  }

  #first(): Entry<Item> | undefined {
    let first = this.#heap[0];
    while (first !== undefined && this.#entries.get(first.key) !== first) {
      this.#pop();
      first = this.#heap[0];
    }
    return first;
  }

  #push(entry: Entry<Item>): void {
    this.#entries.set(entry.key, entry);
    const heap = this.#heap;
    let place = heap.push(entry) - 1;
    while (place > 0) {
      const parent = (place - 1) >>> 1;
      if ((heap[parent] as Entry<Item>).atMs <= entry.atMs) break;
      heap[place] = heap[parent] as Entry<Item>;
      place = parent;
    }
    heap[place] = entry;
  }

  #pop(): void {
    const heap = this.#heap;
    const moved = heap.pop();
    if (moved === undefined || heap.length === 0) return;
    let place = 0;
    for (;;) {
      let child = 2 * place + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && atOf(heap, child + 1) < atOf(heap, child)) child += 1;
      if (atOf(heap, child) >= moved.atMs) break;
      heap[place] = heap[child] as Entry<Item>;
      place = child;
    }
    heap[place] = moved;
  }
}

interface Entry<Item> {
  readonly key: string;
  readonly item: Item;
  readonly atMs: number;
}

const atOf = (heap: readonly Entry<unknown>[], place: number): number => (heap[place] as Entry<unknown>).atMs;
