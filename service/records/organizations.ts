import { RolebridgeError } from '../domain/errors.js';
import type { Store } from '../domain/ports.js';
import type { QuotaName } from '../domain/quotas.js';
import { type Backend, UniqueConflict } from './backend.js';
import { changeRow, saveRow } from './change-row.js';
import { eraseOrganization } from './erase-organization.js';
import { allOf, named, one, pageOf } from './pages.js';
import { usedIn } from './quotas.js';
import { projectKey, searchable, validatedCopy } from './tables.js';

export const organizationsIn = (backend: Backend) =>
  ({
    async createOrganization(organization, key) {
      const own = validatedCopy('organizations', organization);
      await backend
        .transact(own.id, async (transaction) => {
          if (await transaction.get('organizations', own.id)) throw new UniqueConflict('key');
          await transaction.put('organizations', own);
          if (key) await transaction.put('apiKeys', validatedCopy('apiKeys', key));
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

    changeOrganization: (id, change) =>
      changeRow(backend, 'organizations', { organizationId: id, key: id }, change).catch(referenceTaken),

    eraseOrganization: (id, erasedAt) => eraseOrganization(backend, id, erasedAt),

    async organizations({ search, name, ...page }) {
      const where = { listed: 'yes', searchName: name && searchable(name) };
      const query = { ...page, order: 'id', where, search: named(search) } as const;
      const { rows: organizations, hasMore } = await pageOf(backend, 'organizations', query);
      return { organizations, hasMore };
    },

    usage: (organizationId, names) =>
      backend.transact(organizationId, async (transaction) => {
        const used = new Map<QuotaName, number>();
        for (const name of names) used.set(name, await usedIn(transaction, name));
        return used;
      }),

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
