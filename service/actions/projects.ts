import type { Requester } from '../domain/audit.js';
import type { Connection } from '../domain/connection.js';
import { scopedByVendor } from '../domain/connection-transitions.js';
import { RolebridgeError } from '../domain/errors.js';
import type { OrganizationId } from '../domain/ids.js';
import type { ScopeHolder, Store } from '../domain/ports.js';
import { movesBetween, type Project, scopesOf } from '../domain/project.js';
import type { Quota } from '../domain/quotas.js';
import { describeScope, keysThatMatch, type Scope, scopeFromKey, scopeKey } from '../domain/scope.js';
import { audited } from './audited.js';
import { saveAudited } from './change-connection.js';
import { type Dependencies, isoNow } from './dependencies.js';
import { withinQuota } from './require-quota.js';

/** The effects of a declaration on connections. */
export interface ProjectEffects {
  /** Scopes of connections that no longer match a declared target. */
  readonly orphans: readonly ScopeHolder[];
  /** Architectures that moved to another environment, with the connection that applies before and after. */
  readonly moves: readonly {
    readonly from: Scope;
    readonly to: Scope;
    /** Whether it has its own scope, which moves with it. */
    readonly takesScope: boolean;
    readonly before: Connection | undefined;
    readonly after: Connection | undefined;
  }[];
}

const mostHolders = 10_000;

/** Declares a project's targets and removes undeclared ones. */
export async function declareProject(
  deps: Dependencies,
  by: Requester,
  organizationId: OrganizationId,
  declared: Pick<Project, 'id' | 'name' | 'environments'>,
  { isDryRun }: { readonly isDryRun: boolean },
): Promise<{ project: Project; effects: ProjectEffects }> {
  const before = await projectOf(deps.store, organizationId, declared.id);
  const project: Project = { ...declared, organizationId, updatedAt: isoNow(deps.clock) };
  const effects = await effectsOf(deps.store, before, project);
  if (isDryRun) return { project, effects };
  const event = { action: 'project.declare', organizationId, target: { project: project.id } } as const;
  const save = (quotas: readonly Quota[]) =>
    audited(deps, by, event, async () => {
      // The project is stored last, so that a repeated declaration finds moves that a crash left undone.
      for (const { from, to, takesScope } of effects.moves)
        if (takesScope) await moveScope(deps, by, organizationId, from, to);
      await deps.store.saveProject(project, quotas);
    });
  if (before) await save([]);
  else await withinQuota(deps, organizationId, ['projects'], save);
  return { project, effects };
}

/** @throws RolebridgeError `project_not_found` */
export async function deleteProject(
  deps: Dependencies,
  by: Requester,
  organizationId: OrganizationId,
  id: string,
  { isDryRun }: { readonly isDryRun: boolean },
): Promise<ProjectEffects> {
  const before = await projectOf(deps.store, organizationId, id);
  if (before === undefined)
    throw new RolebridgeError('project_not_found', 'There is no declared project with that id.', {
      remedy: 'List the projects with GET /v1/projects.',
    });
  const effects = {
    moves: [],
    orphans: await deps.store.scopeHoldersWithin(organizationId, id, mostHolders),
  };
  if (isDryRun) return effects;
  const event = { action: 'project.delete', organizationId, target: { project: id } } as const;
  await audited(deps, by, event, () => deps.store.deleteProject(organizationId, id));
  return effects;
}

async function effectsOf(store: Store, before: Project | undefined, next: Project): Promise<ProjectEffects> {
  const { organizationId, id } = next;
  const within = await store.scopeHoldersWithin(organizationId, id, mostHolders);
  const wider = await store.scopeHolders(organizationId, ['']);
  const holders = new Map([...within, ...wider].map(({ key, connection }) => [key, connection]));
  const moving = before ? movesBetween(before, next) : [];
  const after = new Map(holders);
  for (const { from } of moving) after.delete(scopeKey(from));
  for (const { from, to } of moving) {
    const own = holders.get(scopeKey(from));
    if (own) after.set(scopeKey(to), own);
  }
  const resolveIn = (map: ReadonlyMap<string, Connection>, target: Scope) =>
    keysThatMatch(target).flatMap((key) => map.get(key) ?? [])[0];
  const declared = new Set(scopesOf(next).map(scopeKey));
  return {
    orphans: [...after].flatMap(([key, connection]) =>
      key === '' || declared.has(key) ? [] : [{ key, connection }],
    ),
    moves: moving.map(({ from, to }) => ({
      from,
      to,
      takesScope: holders.has(scopeKey(from)),
      before: resolveIn(holders, from),
      after: resolveIn(after, to),
    })),
  };
}

/** The vendor declared the new place of the architecture, so the scope is the vendor's. */
async function moveScope(
  deps: Dependencies,
  by: Requester,
  organizationId: OrganizationId,
  from: Scope,
  to: Scope,
): Promise<void> {
  const [holder] = await deps.store.scopeHolders(organizationId, [scopeKey(from)]);
  if (holder === undefined) return;
  const { connection } = holder;
  const scopes = connection.scopes.map((scope) => (scopeKey(scope) === holder.key ? to : scope));
  const details = { scopes: scopes.map(describeScope).join('; '), replace: false };
  const event = { action: 'connection.set_scopes', details } as const;
  // `setScopes` would refuse this scope, which is declared only afterwards.
  await saveAudited(deps, by, event, connection, scopedByVendor(connection, scopes), {
    replaceScopes: 'from_disconnected',
  });
}

export async function projectOf(
  store: Store,
  organizationId: OrganizationId,
  id: string,
): Promise<Project | undefined> {
  return (await store.projects(organizationId)).find((project) => project.id === id);
}

/** The scopes of connections that would match no target once targets are declared. */
export async function undeclaredScopes(store: Store, organizationId: OrganizationId): Promise<ScopeHolder[]> {
  const declared = new Set((await store.projects(organizationId)).flatMap(scopesOf).map(scopeKey));
  const holders = await store.scopeHoldersWithin(organizationId, '', mostHolders);
  return holders.filter(({ key }) => key !== '' && !declared.has(key));
}

export const scopeHolderView = ({ key, connection }: ScopeHolder) => ({
  connectionId: connection.id,
  name: connection.name,
  scope: scopeFromKey(key),
});
