/** Bad values by family for one member of a request, derived from its schema. */
import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import type { Schema } from '../json-schema.js';

export interface BadValue {
  readonly family: string;
  readonly value: unknown;
}

const ajv = new Ajv2020({ strict: false });
addFormats.default(ajv);

export const accepts = (schema: Schema, value: unknown): boolean => ajv.validate(schema, value) as boolean;

export const prototypeNames = ['__proto__', 'constructor', 'toString', 'hasOwnProperty'];
const hugeNumbers = [1e300, 2 ** 53, -(2 ** 53)];

/** No member may have one of these, whatever else it takes; of the others, what the schema doesn't accept. */
const alwaysBad = new Set(['too long', 'control characters', 'bad Unicode', 'too many']);

/** Values that must be rejected in place of `sample`, a good value. */
export function badValues(schema: Schema, sample: unknown): BadValue[] {
  const all = [
    ...wrongTypes(schema, sample),
    ...(kindsOf(schema).has('string') ? texts(schema, sample) : []),
  ];
  if (kindsOf(schema).has('number')) all.push(...numbers(schema));
  if (kindsOf(schema).has('array')) all.push(...lists(schema, sample));
  if (kindsOf(schema).has('object')) all.push(...objects(schema));
  return all.filter(({ family, value }) => alwaysBad.has(family) || !accepts(schema, value));
}

/** The kinds of JSON values that it takes; none where it takes anything. */
export function kindsOf(schema: Schema): Set<string> {
  const choices = schema.anyOf ?? schema.oneOf;
  if (choices) return new Set(choices.flatMap((choice) => [...kindsOf(choice)]));
  const values = schema.enum ?? (schema.const === undefined ? undefined : [schema.const]);
  if (values) return new Set(values.map((value) => typeof value));
  if (schema.type === undefined) return new Set(schema.allOf?.flatMap((part) => [...kindsOf(part)]));
  return new Set([schema.type === 'integer' ? 'number' : schema.type]);
}

function wrongTypes(schema: Schema, sample: unknown): BadValue[] {
  const kinds = kindsOf(schema);
  if (kinds.size === 0) return [];
  const others: [string, string, unknown][] = [
    ['string', 'wrong type', 'text'],
    ['number', 'wrong type', 7],
    ['boolean', 'wrong type', true],
    ['null', 'null', null],
    ['array', 'a list', [sample ?? 'text']],
    ['object', 'an object', { toString: 'x', length: -1 }],
  ];
  return others.flatMap(([kind, family, value]) => (kinds.has(kind) ? [] : [{ family, value }]));
}

function texts(schema: Schema, sample: unknown): BadValue[] {
  const good = typeof sample === 'string' ? sample : 'a';
  const longest = [schema, ...(schema.anyOf ?? [])].map(({ maxLength = 0 }) => maxLength);
  return [
    { family: 'empty', value: '' },
    { family: 'too long', value: 'x'.repeat(Math.max(...longest, 8_192) + 1) },
    { family: 'control characters', value: `${good}\u0000` },
    { family: 'control characters', value: `${good}\u0007` },
    { family: 'control characters', value: `${good}\r\nset-cookie: x=1` },
    { family: 'bad Unicode', value: `${good}\ud800` },
    { family: 'spaces', value: ` ${good} ` },
    { family: 'a name of the prototype', value: '__proto__' },
    { family: 'a name of the prototype', value: 'constructor' },
  ];
}

function numbers({ minimum, maximum, anyOf = [] }: Schema): BadValue[] {
  const least = minimum ?? anyOf.find((one) => one.minimum !== undefined)?.minimum;
  const most = maximum ?? anyOf.find((one) => one.maximum !== undefined)?.maximum;
  return [
    ...hugeNumbers.map((value) => ({ family: 'a huge number', value })),
    { family: 'a fraction', value: (least ?? 0) + 0.5 },
    ...(least === undefined ? [] : [{ family: 'too small', value: least - 1 }]),
    ...(most === undefined ? [] : [{ family: 'too large', value: most + 1 }]),
  ];
}

function lists({ items = {}, maxItems = 1_000 }: Schema, sample: unknown): BadValue[] {
  const [good] = Array.isArray(sample) ? sample : [];
  const one = good ?? (accepts(items, {}) ? {} : 'a');
  return [
    { family: 'too many', value: Array.from({ length: maxItems + 1 }, () => one) },
    { family: 'too many', value: Array.from({ length: 20_000 }, () => 1) },
  ];
}

/** Of records: of other objects each member is a separate place. */
function objects(schema: Schema): BadValue[] {
  const record = schema.propertyNames ? schema : schema.anyOf?.find((choice) => choice.propertyNames);
  if (!record?.propertyNames?.pattern && !record?.propertyNames?.allOf) return [];
  const value = 'a';
  return [
    ...['', ' ', 'a\u0000', 'k'.repeat(5_000), 'a\ud800'].map((key) => ({
      family: 'a bad key',
      value: { [key]: value },
    })),
    {
      family: 'too many',
      value: Object.fromEntries(Array.from({ length: 2_000 }, (_, index) => [`k${index}`, value])),
    },
  ];
}
