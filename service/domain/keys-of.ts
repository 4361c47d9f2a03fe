/** `Object.keys` with their type: only for tables that are written in the source, since a value from outside may have more. */
export const keysOf = <Table extends object>(table: Table) => Object.keys(table) as (keyof Table & string)[];

/** A record with a value for each name. */
export const forEachName = <Name extends string, Value>(
  names: readonly Name[],
  find: (name: Name) => Value,
): Record<Name, Value> =>
  // An object's entries lose the type of their names.
  Object.fromEntries(names.map((name) => [name, find(name)])) as Record<Name, Value>;
