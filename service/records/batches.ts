import { setImmediate } from 'node:timers/promises';

interface Waiting<Item> {
  readonly item: Item;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/** Items that wait at the same time are written together, one batch after the other. */
export class Batches<Item> {
  #waiting: Waiting<Item>[] = [];
  #running: Promise<void> | undefined;
  /** The batch that is being written. */
  current: Promise<void> = Promise.resolve();

  constructor(
    private readonly write: (items: readonly Item[]) => Promise<void>,
    private readonly itemsAtOnce = Number.POSITIVE_INFINITY,
    /** Nothing waits any more. */
    private readonly idle = async (): Promise<void> => {},
  ) {}

  /** Fulfilled once its batch is written. */
  add(item: Item): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ item, resolve, reject });
      this.#running ??= this.#run();
    });
  }

  async settled(): Promise<void> {
    await this.#running;
  }

  async #run(): Promise<void> {
    // Items of the same turn of the event loop go together.
    await setImmediate();
    while (this.#waiting.length > 0) {
      const batch = this.#waiting.splice(0, this.itemsAtOnce);
      this.current = this.write(batch.map(({ item }) => item));
      try {
        await this.current;
        for (const { resolve } of batch) resolve();
      } catch (error) {
        for (const { reject } of batch) reject(error);
      }
      if (this.#waiting.length === 0) await this.idle();
    }
    // In the same step as the last look at what waits.
    this.#running = undefined;
  }
}
