import fc, { type Arbitrary } from 'fast-check';
import type { Schema } from '../json-schema.js';

/** Values that the schema allows, as far as one place alone can say. */
export function valueFitting(schema: Schema): Arbitrary<unknown> {
  if (schema.const !== undefined) return fc.constant(schema.const);
  if (schema.enum) return fc.constantFrom(...schema.enum);
  const choices = schema.oneOf ?? schema.anyOf;
  if (choices) return fc.oneof(...choices.map(valueFitting));
  switch (schema.type) {
    case 'object':
      return objectOf(schema);
    case 'array':
      return fc.array(valueFitting(schema.items ?? {}), { maxLength: Math.min(schema.maxItems ?? 4, 4) });
    case 'integer':
      return fc.integer({ min: schema.minimum ?? -(2 ** 31), max: schema.maximum ?? 2 ** 31 });
    case 'number':
      return fc.double({ noNaN: true });
    case 'boolean':
      return fc.boolean();
    case 'string':
      return textOf(schema);
    default:
      return fc.jsonValue({ maxDepth: 2 });
  }
}

function objectOf({ properties = {}, required = [], additionalProperties }: Schema): Arbitrary<unknown> {
  const known = fc.record(
    Object.fromEntries(Object.entries(properties).map(([name, schema]) => [name, valueFitting(schema)])),
    { requiredKeys: [...required] as never[] },
  );
  if (typeof additionalProperties !== 'object') return known;
  return fc.dictionary(fc.stringMatching(/^[A-Za-z]{1,12}$/), valueFitting(additionalProperties), {
    maxKeys: 4,
  });
}

function textOf({ pattern, allOf, minLength = 0, maxLength = 40 }: Schema): Arbitrary<string> {
  const first = pattern ?? allOf?.find((part) => part.pattern)?.pattern;
  // Patterns for whole dates, or with look-around, are not worth generating from: the examples have such values.
  if (first === undefined || first.length > 80 || /\(\?[=!<]|\\p/i.test(first))
    return fc.string({ minLength, maxLength: Math.min(maxLength, 40) });
  return fc.stringMatching(new RegExp(first, 'u'));
}
