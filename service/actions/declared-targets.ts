import { RolebridgeError } from '../domain/errors.js';
import type { OrganizationId } from '../domain/ids.js';
import type { Store } from '../domain/ports.js';
import { nearest, scopesOf } from '../domain/project.js';
import { describeScope, type Scope, scopeKey } from '../domain/scope.js';

/** Refuses undeclared scopes in an organization with declared targets. @throws RolebridgeError `target_unknown` */
export async function requireDeclared(
  store: Store,
  organizationId: OrganizationId,
  wanted: readonly Scope[],
): Promise<void> {
  if (wanted.every(({ project }) => project === undefined)) return;
  const check = await declaredCheck(store, organizationId);
  for (const scope of wanted) check(scope);
}

/** The check for any number of scopes; it throws `target_unknown`. */
export async function declaredCheck(
  store: Store,
  organizationId: OrganizationId,
): Promise<(scope: Scope) => void> {
  const organization = await store.organization(organizationId);
  if (organization?.targets !== 'declared') return () => {};
  const projects = await store.projects(organizationId);
  const keys = new Set(projects.flatMap(scopesOf).map(scopeKey));
  return (scope) => {
    if (scope.project === undefined || keys.has(scopeKey(scope))) return;
    const near = nearest(scope, projects);
    throw new RolebridgeError('target_unknown', `There is no ${describeScope(scope)}.`, {
      remedy: near
        ? `Did you mean ${describeScope(near)}? Otherwise declare it with PUT /v1/projects/{id}.`
        : 'Declare it with PUT /v1/projects/{id}, or correct the name.',
      members: near ? { nearest: near } : {},
    });
  };
}
