import { UsageError } from './failure.js';
import type { OptionRow } from './option-row.js';

export interface TargetOptions {
  readonly project?: string;
  readonly environment?: string;
  readonly architecture?: string;
}

export const targetOptions: readonly OptionRow[] = [
  { flags: '-p, --project <name>', about: 'the project' },
  { flags: '-e, --environment <name>', about: 'the environment, within the project' },
  { flags: '-a, --architecture <name>', about: 'the architecture, within the environment' },
];

/** @throws UsageError when a level is left out in between: the service would be asked for something else than was meant */
export function targetOf({ project, environment, architecture }: TargetOptions) {
  if (environment !== undefined && project === undefined)
    throw new UsageError('--environment is given without --project.', 'Name the project as well.');
  if (architecture !== undefined && environment === undefined)
    throw new UsageError('--architecture is given without --environment.', 'Name the environment as well.');
  return {
    ...(project !== undefined && { project }),
    ...(environment !== undefined && { environment }),
    ...(architecture !== undefined && { architecture }),
  };
}

/** A scope as people write it: `shop/production/web`, and `organization` for the default. */
export function scopeOf(text: string) {
  if (text === 'organization') return {};
  const names = text.split('/');
  if (names.length > 3 || names.some((name) => name === ''))
    throw new UsageError(
      `${JSON.stringify(text)} is not a scope.`,
      'Write PROJECT, PROJECT/ENVIRONMENT or PROJECT/ENVIRONMENT/ARCHITECTURE, or "organization" for the default.',
    );
  const [project, environment, architecture] = names;
  return targetOf({
    ...(project !== undefined && { project }),
    ...(environment !== undefined && { environment }),
    ...(architecture !== undefined && { architecture }),
  });
}

export const scopeText = (scope: { [Level in keyof TargetOptions]?: string | undefined }): string =>
  [scope.project, scope.environment, scope.architecture].filter((name) => name !== undefined).join('/') ||
  'organization';
