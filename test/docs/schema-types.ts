/** JSON Schemas as TypeScript types: a named schema is written once, and a type that has its members extends it. */
import { isDeepStrictEqual } from 'node:util';

/** A JSON Schema, as far as our schemas use it. */
export interface Schema {
  $ref?: string;
  type?: string | string[];
  const?: unknown;
  enum?: unknown[];
  anyOf?: Schema[];
  oneOf?: Schema[];
  allOf?: Schema[];
  items?: Schema;
  properties?: Record<string, Schema>;
  required?: string[];
  additionalProperties?: boolean | Schema;
  description?: string;
  format?: string;
}

/** Fewer shared members than this are a coincidence, such as an id and a name. */
const fewestShared = 4;

const timestamp = `/** ISO 8601, in UTC. */\nexport type Timestamp = string;\n`;

/** The declarations of all named schemas, and the type of any other schema. */
export function createTypes(schemas: Readonly<Record<string, Schema>>) {
  const named = { ...sharedMembers(schemas), ...schemas };
  const bases = Object.entries(named)
    .filter(([name, { properties }]) => properties && nameOf(name) === name)
    .sort(([, one], [, other]) => memberCount(other) - memberCount(one));

  const declarations = Object.entries(named)
    .filter(([name]) => nameOf(name) === name)
    .map(([name, schema]) => `${comment(schema.description)}export ${declaration(name, schema)}\n`);

  return { declarations: [timestamp, ...declarations], typeOf };

  function declaration(name: string, schema: Schema): string {
    if (!schema.properties) return `type ${name} = ${typeOf(schema)};`;
    const { extended, rest } = partsOf(schema, name);
    return `interface ${name} ${extended.length > 0 ? `extends ${extended.join(', ')} ` : ''}${objectOf(rest)}`;
  }

  function typeOf(schema: Schema): string {
    if (schema.$ref) return nameOf(schema.$ref.split('/').at(-1) ?? '');
    if (schema.const !== undefined) return JSON.stringify(schema.const);
    if (schema.enum) return schema.enum.map((value) => JSON.stringify(value)).join(' | ');
    const union = schema.anyOf ?? schema.oneOf;
    if (union) return unionOf(union);
    if (schema.allOf && schema.type === undefined)
      return schema.allOf.map((each) => `(${typeOf(each)})`).join(' & ');
    if (Array.isArray(schema.type))
      return schema.type.map((type) => `(${typeOf({ ...schema, type })})`).join(' | ');
    switch (schema.type) {
      case 'string':
        return schema.format === 'date-time' ? 'Timestamp' : 'string';
      case 'boolean':
      case 'null':
        return schema.type;
      case 'number':
      case 'integer':
        return 'number';
      case 'array':
        return `(${typeOf(schema.items ?? {})})[]`;
      case 'object':
        return partTypesOf(schema).join(' & ');
      default:
        return 'unknown';
    }
  }

  /** A union; parts that all its variants have stand once, beside it. */
  function unionOf(union: readonly Schema[]): string {
    const variants = union.map((each) => (each.properties ? partTypesOf(each) : [typeOf(each)]));
    const shared = (variants[0] ?? []).filter((part) => variants.every((parts) => parts.includes(part)));
    const own = variants.map((parts) => parts.filter((part) => !shared.includes(part)).join(' & ') || '{}');
    return [`(${own.map((type) => `(${type})`).join(' | ')})`, ...shared].join(' & ');
  }

  function partTypesOf(schema: Schema): string[] {
    const { extended, rest } = partsOf(schema);
    return extended.length > 0 && memberCount(rest) === 0 ? extended : [...extended, objectOf(rest)];
  }

  /** The named schemas whose members this one has, too, and its additional members. */
  function partsOf(schema: Schema, name?: string): { extended: string[]; rest: Schema } {
    const same = bases.find(([base, of]) => base !== name && isSame(schema, of));
    if (same && name === undefined) return { extended: [same[0]], rest: without(schema, same[1]) };
    const extended: string[] = [];
    let rest = schema;
    for (const [base, of] of bases) {
      const left = without(rest, of);
      if (base === name || !hasAll(schema, of) || memberCount(rest) - memberCount(left) < fewestShared)
        continue;
      extended.push(base);
      rest = left;
    }
    return { extended, rest };
  }

  function objectOf({ properties, required = [], additionalProperties }: Schema): string {
    if (properties === undefined)
      return `Record<string, ${typeof additionalProperties === 'object' ? typeOf(additionalProperties) : 'unknown'}>`;
    const members = Object.entries(properties).map(([name, schema]) => {
      const isRequired = required.includes(name);
      const key = /^\w+$/.test(name) ? name : `'${name}'`;
      const [mark, alternative] = isRequired ? ['', ''] : ['?', ' | undefined'];
      return `${memberComment(schema)}${key}${mark}: ${typeOf(schema)}${alternative};`;
    });
    // The formatter keeps an object without comments on one line, if there is room.
    const space = members.some((member) => member.includes('/**')) ? '\n' : ' ';
    return `{${space}${members.join(space)}${space}}`;
  }

  function memberComment(schema: Schema): string {
    const isTimestamp = schema.format === 'date-time' && schema.description === 'ISO 8601, in UTC.';
    return isTimestamp ? '' : comment(schema.description);
  }

  /** In TypeScript, answers and requests have the same type. */
  function nameOf(name: string): string {
    const sent = name.replace(/Output$/, '');
    return Object.hasOwn(named, sent) ? sent : name;
  }
}

/** Members of all variants of a named union, as `${name}Members`. */
function sharedMembers(named: Readonly<Record<string, Schema>>): Record<string, Schema> {
  const variantsOf = ({ anyOf, oneOf }: Schema): Schema[] =>
    (anyOf ?? oneOf ?? []).flatMap(({ $ref, ...schema }) => {
      const resolved = named[$ref?.split('/').at(-1) ?? ''] ?? schema;
      return resolved.properties ? [resolved] : variantsOf(resolved);
    });
  const shared = Object.entries(named).flatMap(([name, union]) => {
    const [first, ...others] = variantsOf(union);
    if (!first || others.length === 0) return [];
    const properties = Object.entries(first.properties ?? {}).filter(([member]) =>
      others.every((other) => hasMember(other, first, member)),
    );
    const required = first.required?.filter((member) => properties.some(([one]) => one === member)) ?? [];
    const schema: Schema = { type: 'object', properties: Object.fromEntries(properties), required };
    return properties.length < fewestShared ? [] : [[`${name}Members`, schema] as const];
  });
  return Object.fromEntries(shared);
}

const hasMember = (schema: Schema, other: Schema, name: string): boolean =>
  isDeepStrictEqual(typeParts(schema.properties?.[name]), typeParts(other.properties?.[name])) &&
  (schema.required ?? []).includes(name) === (other.required ?? []).includes(name);

const hasAll = (schema: Schema, base: Schema): boolean =>
  Object.keys(base.properties ?? {}).every((name) => hasMember(schema, base, name));

const isSame = (schema: Schema, other: Schema): boolean =>
  memberCount(schema) === memberCount(other) && hasAll(schema, other);

/** The parts of a schema that decide its type, without rules such as a pattern. */
const typeParts = (schema: Schema | undefined): unknown =>
  schema &&
  JSON.parse(JSON.stringify(schema), (key, value) =>
    typeof value !== 'object' && !/^(\$ref|type|const|format|\d+)$/.test(key) ? undefined : value,
  );

const memberCount = ({ properties = {} }: Schema): number => Object.keys(properties).length;

const without = (schema: Schema, { properties: taken = {} }: Schema): Schema => ({
  ...schema,
  properties: Object.fromEntries(
    Object.entries(schema.properties ?? {}).filter(([name]) => !Object.hasOwn(taken, name)),
  ),
});

export const comment = (text: string | undefined): string =>
  text ? `/** ${text.replaceAll('*/', '* /')} */\n` : '';
