import { RolebridgeError } from '../domain/errors.js';
import type { Store } from '../domain/ports.js';
import { type Backend, UniqueConflict } from './backend.js';
import { changeRow, saveRow } from './change-row.js';
import { alreadyThere } from './commit-change.js';
import { eraseOrganization } from './erase-organization.js';
import { allOf, cut, named, one } from './pages.js';
import { usageIn } from './quotas.js';
import { ownCopy, projectKey, searchable } from './tables.js';

export const organizationsIn = (backend: Backend) =>
  ({
    async createOrganization(organization, key) {
      // The id names files.
      if (!/^[A-Za-z0-9_-]{1,100}$/.test(organization.id))
        throw new TypeError(`Not an organization's id: ${JSON.stringify(organization.id)}`);
      const own = ownCopy('organizations', organization);
      await backend
        .transact(own.id, async (transaction) => {
          if (await transaction.get('organizations', own.id)) throw alreadyThere('organization');
          await transaction.put('organizations', own);
          if (key) await transaction.put('apiKeys', ownCopy('apiKeys', key));
        })
        .catch(referenceTaken);
    },

    organization: (id) => one(backend, 'organizations', id),

    async organizationsById(ids) {
      const found = await backend.get('organizations', [...new Set(ids)]);
      return new Map(
        found.flatMap((organization) => (organization ? [[organization.id, organization]] : [])),
      );
    },

    async organizationByReference(reference) {
      const [found] = await backend.holders('organizations', 'reference', [reference]);
      return found;
    },

    changeOrganization: (id, change, options) =>
      changeRow(backend, 'organizations', { organizationId: id, key: id }, change, options).catch(
        referenceTaken,
      ),

    eraseOrganization: (id, erasedAt) => eraseOrganization(backend, id, erasedAt),

    async organizations({ limit, after, before, search, name }) {
      const query = {
        order: 'id',
        where: { listed: 'yes', searchName: name && searchable(name) },
        search: named(search),
        after,
        before,
        limit: limit + 1,
      } as const;
      const { shown, hasMore } = cut(await backend.list('organizations', query), query);
      return { organizations: shown, hasMore };
    },

    usage: (organizationId, names) =>
      backend.transact(organizationId, (transaction) => usageIn(transaction, names)),

    projects: (organizationId) => allOf(backend, 'projects', { organizationId, order: 'id' }),

    saveProject: (project, quotas) => saveRow(backend, 'projects', project, quotas),

    async deleteProject(organizationId, id) {
      const key = projectKey({ organizationId, id });
      await changeRow(backend, 'projects', { organizationId, key }, () => null);
    },
  }) satisfies Partial<Store>;

function referenceTaken(error: unknown): never {
  if (error instanceof UniqueConflict && error.constraint === 'reference')
    throw new RolebridgeError('reference_taken', 'Another organization has this reference.', {
      remedy: 'Use that organization, or choose another reference.',
    });
  throw error;
}
