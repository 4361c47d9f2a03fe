import type { OrganizationId } from '../../domain/ids.js';
import type { StagedWrites } from './staged-writes.js';

interface Due {
  readonly organizationId: OrganizationId;
  readonly dueAt: string;
  readonly attempts: number;
}

/** Watches or messages: one kind of record that is claimed when it is due. One process has the store, so leases are in its memory. */
export class DueWork<Item extends Due> {
  readonly #writes: StagedWrites;
  readonly #kind: 'watch' | 'message';
  readonly #idOf: (item: Item) => string;
  readonly #leases = new Map<string, { readonly item: Item; readonly until: string }>();

  constructor(writes: StagedWrites, kind: 'watch' | 'message', idOf: (item: Item) => string) {
    this.#writes = writes;
    this.#kind = kind;
    this.#idOf = idOf;
  }

  claim({ now, leaseUntil, limit }: { now: string; leaseUntil: string; limit: number }): Item[] {
    const due = this.#all().filter((item) => item.dueAt <= now && !this.#isLeased(item, now));
    due.sort((one, other) => (one.dueAt < other.dueAt ? -1 : one.dueAt > other.dueAt ? 1 : 0));
    const claimed = due.slice(0, limit);
    for (const item of claimed) this.#leases.set(this.#idOf(item), { item, until: leaseUntil });
    return claimed;
  }

  async finish(claimed: Item, next: { dueAt: string; attempts: number } | undefined): Promise<void> {
    const id = this.#idOf(claimed);
    this.#leases.delete(id);
    const stored = this.#stored(claimed.organizationId, id);
    // Replaced or ended meanwhile: what is there now has its own time.
    if (stored === undefined || JSON.stringify(stored) !== JSON.stringify(claimed)) return;
    const change = { kind: this.#kind, id, next: next && { ...stored, ...next } };
    await this.#writes.stage(claimed.organizationId, [change as never]);
  }

  nextAt(): string | undefined {
    let first: string | undefined;
    for (const item of this.#all()) if (first === undefined || item.dueAt < first) first = item.dueAt;
    return first;
  }

  /** A record that was replaced since is another one. */
  #isLeased(item: Item, now: string): boolean {
    const lease = this.#leases.get(this.#idOf(item));
    return lease !== undefined && lease.item === item && lease.until > now;
  }

  #all(): Item[] {
    const found: Item[] = [];
    for (const records of this.#writes.durable.organizations.values())
      for (const item of (this.#kind === 'watch' ? records.watches : records.messages).values())
        found.push(item as unknown as Item);
    return found;
  }

  #stored(organizationId: OrganizationId, id: string): Item | undefined {
    const records = this.#writes.staged.organizations.get(organizationId);
    return (this.#kind === 'watch' ? records?.watches : records?.messages)?.get(id) as Item | undefined;
  }
}
