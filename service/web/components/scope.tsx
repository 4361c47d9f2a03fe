import type { Scope } from '../../domain/scope.js';
import { useTexts } from '../page-context.js';
import type { IconName } from './icon.js';

/** A scope as a path: "shop › production". */
export function ScopePath({ scope }: { scope: Scope }) {
  const texts = useTexts().scope;
  const names = [scope.project, scope.environment, scope.architecture].filter(Boolean);
  if (names.length === 0) return <span class="scope-path">{texts.organizationDefault}</span>;
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

export type ScopeLevel = 'organization' | 'project' | 'environment' | 'architecture';

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
