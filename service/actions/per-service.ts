/** Creates a value once for each service, such as a cache. */
export function perService<Deps extends object, Thing>(make: (deps: Deps) => Thing): (deps: Deps) => Thing {
  const made = new WeakMap<Deps, Thing>();
  return (deps) => {
    const known = made.get(deps);
    if (known !== undefined) return known;
    const thing = make(deps);
    made.set(deps, thing);
    return thing;
  };
}
