const tokens = new WeakMap<object, Map<string, string>>();

/**
 * A token of a resource, created once: a token records where it was created, which is most of the time that a synth
 * takes.
 * @internal
 */
export function tokenOf(resource: object, name: string, create: () => string): string {
  const known = tokens.get(resource) ?? new Map<string, string>();
  tokens.set(resource, known);
  const token = known.get(name) ?? create();
  known.set(name, token);
  return token;
}
