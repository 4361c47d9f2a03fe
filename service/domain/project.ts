/** Declared targets: the parts of a project. Scopes hold ids; names are for people, in any language. */
import { z } from 'zod';
import type { DeepReadonly } from './deep-readonly.js';
import { groupBy } from './group-by.js';
import { organizationId } from './ids.js';
import { level, levels, type Scope, scopeKey } from './scope.js';
import { isoTime } from './verification.js';

const displayName = z
  .string()
  .min(1)
  .max(100)
  .regex(/^\P{C}+$/u, 'must not hold control or invisible characters');

const distinct = (things: readonly { readonly id: string }[]): boolean =>
  new Set(things.map(({ id }) => id)).size === things.length;

const architecture = z.strictObject({ id: level, name: displayName });
const environment = z.strictObject({
  id: level,
  name: displayName,
  architectures: z.array(architecture).max(500).refine(distinct, 'must have each id once').default([]),
});
export const projectMembers = {
  name: displayName,
  environments: z.array(environment).max(100).refine(distinct, 'must have each id once').default([]),
};

export const projectSchema = z.strictObject({
  id: level,
  organizationId,
  ...projectMembers,
  updatedAt: isoTime,
});
export type Project = DeepReadonly<z.infer<typeof projectSchema>>;

/** The scopes of a project, its own first. */
export function scopesOf({ id: project, environments }: Pick<Project, 'id' | 'environments'>): Scope[] {
  return [
    { project },
    ...environments.flatMap(({ id: environment, architectures }) => [
      { project, environment },
      ...architectures.map(({ id: architecture }) => ({ project, environment, architecture })),
    ]),
  ];
}

/** The architectures that stand in another environment than before: those that stand in one before and after. */
export function movesBetween(before: Project, after: Project): { from: Scope; to: Scope }[] {
  const placesIn = (project: Project) => groupBy(scopesOf(project), ({ architecture }) => architecture);
  const next = placesIn(after);
  return [...placesIn(before)].flatMap(([id, [from, ...others]]) => {
    if (id === undefined) return [];
    const [to, ...more] = next.get(id) ?? [];
    const isMove = to && others.length === 0 && more.length === 0 && scopeKey(from) !== scopeKey(to);
    return isMove ? [{ from, to }] : [];
  });
}

/** The declared scope that was probably meant, level by level; undefined when none is near. */
export function nearest(wanted: Scope, projects: readonly Project[]): Scope | undefined {
  const project = nearestOf(wanted.project, projects);
  const environment = nearestOf(wanted.environment, project?.environments);
  const architecture = nearestOf(wanted.architecture, environment?.architectures);
  const found = { project: project?.id, environment: environment?.id, architecture: architecture?.id };
  return levels.every((level) => (wanted[level] === undefined) === (found[level] === undefined))
    ? found
    : undefined;
}

function nearestOf<Thing extends { readonly id: string }>(
  wanted: string | undefined,
  things: readonly Thing[] = [],
): Thing | undefined {
  if (wanted === undefined) return undefined;
  let best: Thing | undefined;
  let least = Math.max(3, wanted.length / 2);
  for (const thing of things) {
    // The distance is at least the difference of the lengths.
    if (Math.abs(thing.id.length - wanted.length) >= least) continue;
    const distance = editDistance(wanted.toLowerCase(), thing.id.toLowerCase());
    if (distance < least) [best, least] = [thing, distance];
  }
  return best;
}

function editDistance(one: string, other: string): number {
  let row = Array.from({ length: other.length + 1 }, (_, index) => index);
  for (let i = 1; i <= one.length; i++) {
    const next = [i];
    for (let j = 1; j <= other.length; j++)
      next[j] = Math.min(
        (next[j - 1] ?? 0) + 1,
        (row[j] ?? 0) + 1,
        (row[j - 1] ?? 0) + (one[i - 1] === other[j - 1] ? 0 : 1),
      );
    row = next;
  }
  return row[other.length] ?? 0;
}

/** The name of every declared target by the key of its scope. */
export const namesOf = (projects: readonly Project[]): ReadonlyMap<string, string> =>
  new Map(
    projects.flatMap(({ id: project, name, environments }): [string, string][] => [
      [project, name],
      ...environments.flatMap(({ id: environment, name, architectures }): [string, string][] => [
        [`${project}/${environment}`, name],
        ...architectures.map(({ id, name }): [string, string] => [`${project}/${environment}/${id}`, name]),
      ]),
    ]),
  );
