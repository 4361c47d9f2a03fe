/** `Object.keys` with their type: only for tables that are written in the source, since a value from outside may have more. */
export const keysOf = <Table extends object>(table: Table) => Object.keys(table) as (keyof Table & string)[];
