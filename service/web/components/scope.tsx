import type { Scope } from '../../domain/scope.js';
import { usePage } from '../page-context.js';
import type { IconName } from './icon.js';

/** A scope as a path, by the names that its targets were declared with: "Shop › Production". */
export function ScopePath({ scope }: { scope: Scope }) {
  const { texts, targetNames } = usePage();
  const ids = [scope.project, scope.environment, scope.architecture].filter((id) => id !== undefined);
  if (ids.length === 0) return <span class="scope-path">{texts.scope.organizationDefault}</span>;
  const names = ids.map((id, index) => targetNames?.get(ids.slice(0, index + 1).join('/')) ?? id);
  return (
    <span class="scope-path">
      {names.map((name, index) => (
        <>
          {index > 0 && <span class="sep"> › </span>}
          {name}
        </>
      ))}
    </span>
  );
}

type ScopeLevel = 'organization' | 'project' | 'environment' | 'architecture';

export const levelOf = ({ project, environment, architecture }: Scope): ScopeLevel =>
  architecture ? 'architecture' : environment ? 'environment' : project ? 'project' : 'organization';

export const levelIcons: Record<ScopeLevel, IconName> = {
  organization: 'organization',
  project: 'folder',
  environment: 'environment',
  architecture: 'architecture',
};

export const lastName = ({ project, environment, architecture }: Scope): string | undefined =>
  architecture ?? environment ?? project;
