/** JSON Schemas as TypeScript types, in which a named schema is written once. */
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
}

/** Fewer shared members than this are a coincidence, such as an id and a name. */
const fewestShared = 5;

/** The declarations of all named schemas, and the type of any other schema. */
export function createTypes(named: Readonly<Record<string, Schema>>) {
  const bases = Object.entries({ ...named, ...sharedMembers(named) })
    .filter(([, { properties = {} }]) => Object.keys(properties).length >= fewestShared)
    .sort(([, one], [, other]) => memberCount(other) - memberCount(one));

  const declarations = Object.entries({ ...sharedMembers(named), ...named })
    .filter(([name]) => nameOf(name) === name)
    .map(([name, schema]) => `${comment(schema.description)}export ${declaration(name, schema)}\n`);

  return { declarations, typeOf };

  function declaration(name: string, schema: Schema): string {
    if (schema.type !== 'object' || !schema.properties) return `type ${name} = ${typeOf(schema, name)};`;
    const { base, rest } = extended(schema, name);
    return `interface ${name} ${base ? `extends ${base} ` : ''}${objectOf(rest)}`;
  }

  function typeOf(schema: Schema, name?: string): string {
    if (schema.$ref) return nameOf(schema.$ref.split('/').at(-1) ?? '');
    if (schema.const !== undefined) return JSON.stringify(schema.const);
    if (schema.enum) return schema.enum.map((value) => JSON.stringify(value)).join(' | ');
    const union = schema.anyOf ?? schema.oneOf;
    if (union) return unionOf(union, name);
    if (schema.allOf && schema.type === undefined)
      return schema.allOf.map((each) => `(${typeOf(each)})`).join(' & ');
    if (Array.isArray(schema.type))
      return schema.type.map((type) => `(${typeOf({ ...schema, type })})`).join(' | ');
    switch (schema.type) {
      case 'string':
      case 'boolean':
      case 'null':
        return schema.type;
      case 'number':
      case 'integer':
        return 'number';
      case 'array':
        return `(${typeOf(schema.items ?? {})})[]`;
      case 'object': {
        const { base, rest } = extended(schema);
        return base ? `${base} & ${objectOf(rest)}` : objectOf(schema);
      }
      default:
        return 'unknown';
    }
  }

  function unionOf(union: readonly Schema[], name = ''): string {
    const members = `${name}Members`;
    const shared = sharedMembers(named)[members];
    const types = union.map((each) => `(${shared ? objectOf(without(each, shared)) : typeOf(each)})`);
    return shared ? `${members} & (${types.join(' | ')})` : types.join(' | ');
  }

  /** The largest named schema whose members this one has, too, and its additional members. */
  function extended(schema: Schema, name?: string): { base?: string; rest: Schema } {
    const found = bases.find(([base, of]) => base !== name && hasAll(schema, of));
    return found ? { base: nameOf(found[0]), rest: without(schema, found[1]) } : { rest: schema };
  }

  function objectOf({ properties, required = [], additionalProperties }: Schema): string {
    if (properties === undefined)
      return `Record<string, ${typeof additionalProperties === 'object' ? typeOf(additionalProperties) : 'unknown'}>`;
    const members = Object.entries(properties).map(
      ([name, schema]) =>
        `${comment(schema.description)}${/^\w+$/.test(name) ? name : `'${name}'`}${required.includes(name) ? '' : '?'}: ${typeOf(schema)}${required.includes(name) ? '' : ' | undefined'};`,
    );
    return `{\n${members.join('\n')}\n}`;
  }

  /** In TypeScript, answers and requests have the same type. */
  function nameOf(name: string): string {
    const sent = name.replace(/Output$/, '');
    return Object.hasOwn(named, sent) ? sent : name;
  }
}

/** Members of all variants of a named union. */
function sharedMembers(named: Readonly<Record<string, Schema>>): Record<string, Schema> {
  const shared = Object.entries(named).flatMap(([name, { anyOf, oneOf }]) => {
    const [first, ...others] = anyOf ?? oneOf ?? [];
    if (!first?.properties || others.length === 0) return [];
    const properties = Object.entries(first.properties).filter(([member]) =>
      others.every((other) => hasMember(other, first, member)),
    );
    const required = first.required?.filter((member) => properties.some(([one]) => one === member)) ?? [];
    const schema: Schema = { type: 'object', properties: Object.fromEntries(properties), required };
    return properties.length < 2 ? [] : [[`${name}Members`, schema] as const];
  });
  return Object.fromEntries(shared);
}

const hasMember = (schema: Schema, other: Schema, name: string): boolean =>
  isDeepStrictEqual(schema.properties?.[name], other.properties?.[name]) &&
  (schema.required ?? []).includes(name) === (other.required ?? []).includes(name);

const hasAll = (schema: Schema, base: Schema): boolean =>
  memberCount(schema) > memberCount(base) &&
  Object.keys(base.properties ?? {}).every((name) => hasMember(schema, base, name));

const memberCount = ({ properties = {} }: Schema): number => Object.keys(properties).length;

const without = (schema: Schema, { properties: taken = {} }: Schema): Schema => ({
  ...schema,
  properties: Object.fromEntries(
    Object.entries(schema.properties ?? {}).filter(([name]) => !Object.hasOwn(taken, name)),
  ),
});

export const comment = (text: string | undefined): string =>
  text ? `/** ${text.replaceAll('*/', '* /')} */\n` : '';
