/** A page of a list, the newest first. `before` is the place of the last one of the previous page, which may be gone. */
export function newestOf<Item>(
  all: readonly Item[],
  placeOf: (item: Item) => string,
  { limit, before }: { limit: number; before?: string | undefined },
): { items: Item[]; next: string | undefined } {
  const found = all
    .filter((item) => before === undefined || placeOf(item) < before)
    .sort((one, other) => (placeOf(one) > placeOf(other) ? -1 : 1));
  const items = found.slice(0, limit);
  const last = items.at(-1);
  return { items, next: last && found.length > limit ? placeOf(last) : undefined };
}
