/** Replaces whole strings of a template by values, so that no value can become another part of the policy. */
export function withValues<Policy>(template: unknown, values: Readonly<Record<string, unknown>>): Policy {
  return JSON.parse(JSON.stringify(template), (_key, value: unknown) =>
    typeof value === 'string' && Object.hasOwn(values, value) ? values[value] : value,
  );
}
