import { UsageError } from './failure.js';
import type { OptionRow } from './option-row.js';

export interface TargetOptions {
  readonly project?: string | undefined;
  readonly environment?: string | undefined;
  readonly architecture?: string | undefined;
}

export const targetOptions: readonly OptionRow[] = [
  { flags: '-p, --project <name>', about: 'the project' },
  { flags: '-e, --environment <name>', about: 'the environment, within the project' },
  { flags: '-a, --architecture <name>', about: 'the architecture, within the environment' },
];

/** @throws UsageError when a level in between is missing: the request would be for another target */
export function targetOf({ project, environment, architecture }: TargetOptions): TargetOptions {
  if (environment !== undefined && project === undefined)
    throw new UsageError('--environment is given without --project.', 'Name the project as well.');
  if (architecture !== undefined && environment === undefined)
    throw new UsageError('--architecture is given without --environment.', 'Name the environment as well.');
  return { project, environment, architecture };
}

/** A scope as people write it: `shop/production/web`, and `organization` for the default. */
export function scopeOf(text: string): TargetOptions {
  if (text === 'organization') return {};
  const names = text.split('/');
  if (names.length > 3 || names.some((name) => name === ''))
    throw new UsageError(
      `${JSON.stringify(text)} is not a scope.`,
      'Write PROJECT, PROJECT/ENVIRONMENT or PROJECT/ENVIRONMENT/ARCHITECTURE, or "organization" for the default.',
    );
  const [project, environment, architecture] = names;
  return { project, environment, architecture };
}

export const scopeText = (scope: TargetOptions): string =>
  [scope.project, scope.environment, scope.architecture].filter((name) => name !== undefined).join('/') ||
  'organization';
