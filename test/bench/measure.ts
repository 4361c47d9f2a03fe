/** One line of the table. */
export interface Measurement {
  readonly name: string;
  readonly unit: string;
  readonly ours: number;
  readonly baseline: number;
  /** The goal for the ratio; omitted for lines that explain another. */
  readonly goal?: { readonly atMost: number } | { readonly atLeast: number };
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((one, other) => one - other);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2;
}

/** The median of each contender over rounds in which they take turns, each going first as often as the others. */
export async function interleaved<Name extends string>(
  rounds: number,
  contenders: Record<Name, () => number | Promise<number>>,
): Promise<Record<Name, number>> {
  const names = Object.keys(contenders) as Name[];
  const values = Object.fromEntries(names.map((name) => [name, []])) as unknown as Record<Name, number[]>;
  for (let round = 0; round < rounds; round++)
    for (let turn = 0; turn < names.length; turn++) {
      const name = names[(round + turn) % names.length] as Name;
      values[name].push(await contenders[name]());
    }
  return Object.fromEntries(names.map((name) => [name, median(values[name])])) as Record<Name, number>;
}

/** Calls `work` with 0, 1, 2 …, `atOnce` at a time, until `count` calls or `durationMs` are over. */
export async function together(
  atOnce: number,
  until: { count?: number; durationMs?: number },
  work: (index: number, worker: number) => Promise<void>,
): Promise<{ completed: number; elapsedMs: number }> {
  const { count = Number.POSITIVE_INFINITY, durationMs = Number.POSITIVE_INFINITY } = until;
  const startedAt = performance.now();
  let next = 0;
  let completed = 0;
  await Promise.all(
    Array.from({ length: atOnce }, async (_, worker) => {
      while (next < count && performance.now() - startedAt < durationMs) {
        await work(next++, worker);
        completed += 1;
      }
    }),
  );
  return { completed, elapsedMs: performance.now() - startedAt };
}
