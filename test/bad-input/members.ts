/** Each member of a body, as deep as its schema goes. */
import type { Schema } from '../json-schema.js';
import { accepts } from './families.js';

type Path = readonly (string | number)[];

export interface Member {
  readonly path: Path;
  readonly schema: Schema;
  readonly isRequired: boolean;
}

/** One shape of a body: a union has several. */
export interface Variant {
  readonly schema: Schema;
  /** A good body as far as the examples have one; else with what tells it from the other shapes. */
  readonly base: unknown;
}

/** With its own definitions in the place of references. */
export function inlined(schema: Schema, defs = schema.$defs): Schema {
  const target = schema.$ref?.split('/').at(-1);
  if (target !== undefined) return inlined(defs?.[target] ?? {}, defs);
  return JSON.parse(JSON.stringify({ ...schema, $defs: undefined }), (_key, value) =>
    typeof value?.$ref === 'string' ? inlined(value, defs) : value,
  );
}

export function variantsOf(root: Schema, examples: readonly unknown[]): Variant[] {
  return (root.oneOf ?? root.anyOf ?? [root]).map((schema) => ({
    schema,
    base: examples.find((example) => accepts(schema, example)) ?? constantsOf(schema),
  }));
}

function constantsOf({ properties = {}, required = [] }: Schema): unknown {
  const known = Object.entries(properties).flatMap(([name, { const: value, properties: inner }]) => {
    if (value !== undefined) return [[name, value]];
    return inner && required.includes(name) ? [[name, constantsOf(properties[name] ?? {})]] : [];
  });
  return Object.fromEntries(known);
}

export function membersOf(schema: Schema, path: Path = []): Member[] {
  const { properties = {}, required = [], items, additionalProperties } = schema;
  const inner = (name: string | number, member: Schema, isRequired = false): Member[] => {
    const at = [...path, name];
    return [{ path: at, schema: member, isRequired }, ...membersOf(member, at)];
  };
  return [
    ...Object.entries(properties).flatMap(([name, member]) => inner(name, member, required.includes(name))),
    ...(items ? inner(0, items) : []),
    ...(typeof additionalProperties === 'object' ? inner(keyOf(schema), additionalProperties) : []),
    ...[...(schema.anyOf ?? []), ...(path.length > 0 ? (schema.oneOf ?? []) : [])].flatMap((choice) =>
      membersOf(choice, path),
    ),
  ];
}

/** A good key of a record. */
const keyOf = ({ propertyNames = {} }: Schema): string =>
  ['tier', '210987654321'].find((key) => accepts(propertyNames, key)) ?? 'key';

/** Where objects are: the body and each member that is one. */
export const objectsIn = (variant: Variant): Path[] => [
  [],
  ...membersOf(variant.schema).flatMap(({ path, schema }) => (schema.properties ? [path] : [])),
];

export function valueAt(value: unknown, path: Path): unknown {
  return path.reduce<unknown>(
    (found, name) => (typeof found === 'object' && found !== null ? Reflect.get(found, name) : undefined),
    value,
  );
}

/** A copy with another value there, or (undefined) none. */
export function withValue(base: unknown, path: Path, value: unknown): unknown {
  const [name, ...rest] = path;
  if (name === undefined) return value;
  const isList = typeof name === 'number';
  const copy: object = isList
    ? [...(Array.isArray(base) ? base : [])]
    : { ...(typeof base === 'object' && !Array.isArray(base) ? base : {}) };
  Object.defineProperty(copy, name, {
    value: withValue(valueAt(base, [name]), rest, value),
    enumerable: true,
    configurable: true,
    writable: true,
  });
  return copy;
}
