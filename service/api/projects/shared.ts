import { z } from 'zod';
import { type ProjectEffects, scopeHolderView } from '../../actions/projects.js';
import { roleBase } from '../../domain/connection.js';
import { type Project, projectMembers, projectSchema } from '../../domain/project.js';
import { scope } from '../../domain/scope.js';
import { shownBy } from '../schemas.js';

/** Common members of the operations in this folder. */
export const declaring = {
  tag: 'Targets',
  auth: 'organization',
  permission: 'targets:write',
  isOrganizationWide: true,
} as const;
export const path = { id: 'shop' };

export const projectRequest = z.strictObject(projectMembers);
export const dryRunQuery = z.strictObject({
  dryRun: z
    .enum(['true', 'false'])
    .transform((text) => text === 'true')
    .pipe(z.boolean())
    .meta({ override: { type: 'boolean' }, description: 'Changes nothing, and returns what would change.' })
    .optional(),
});

const { id: connectionId, name } = roleBase.shape;
export const scopeHolder = z.object({ connectionId, name, scope }).meta({ id: 'ScopeHolder' });
export const projectAnswer = projectSchema.omit({ organizationId: true }).meta({ id: 'Project' });
const resolved = z.object({ id: connectionId, name }).optional();
const move = z
  .object({ from: scope, to: scope, takesScope: z.boolean(), before: resolved, after: resolved })
  .meta({ id: 'ArchitectureMove' });
export const effectsAnswer = {
  orphans: z.array(scopeHolder).meta({ description: 'Scopes that no declared target matches.' }),
  moves: z
    .array(move)
    .meta({ description: 'Architectures in another environment, and the connection before and after.' }),
};

export const projectView = (project: Project) => shownBy(projectAnswer, project);

export const effectsView = ({ orphans, moves }: ProjectEffects) => ({
  orphans: orphans.map(scopeHolderView),
  moves: moves.map(({ before, after, ...move }) => ({
    ...move,
    ...(before && { before: { id: before.id, name: before.name } }),
    ...(after && { after: { id: after.id, name: after.name } }),
  })),
});
