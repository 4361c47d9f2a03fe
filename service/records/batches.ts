import { setImmediate } from 'node:timers/promises';

interface Waiting<Item> {
  readonly item: Item;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

interface BatchOptions {
  /** @default all that wait */
  readonly itemsAtOnce?: number;
  /** Called when no item waits any more. */
  readonly onIdle?: () => Promise<void>;
}

/** Items that wait at the same time are written together, one batch after the other. */
export class Batches<Item> {
  #waiting: Waiting<Item>[] = [];
  #running: Promise<void> | undefined;
  /** The batch that is being written. */
  current: Promise<void> = Promise.resolve();

  constructor(
    private readonly write: (items: readonly Item[]) => Promise<void>,
    private readonly options: BatchOptions = {},
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
      const batch = this.#waiting.splice(0, this.options.itemsAtOnce ?? this.#waiting.length);
      this.current = this.write(batch.map(({ item }) => item));
      try {
        await this.current;
        for (const { resolve } of batch) resolve();
      } catch (error) {
        for (const { reject } of batch) reject(error);
      }
      if (this.#waiting.length === 0) await this.options.onIdle?.();
    }
    // No `await` stands between the last look at the waiting items and this.
    this.#running = undefined;
  }
}
