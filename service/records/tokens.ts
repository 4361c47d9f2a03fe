import { isDeepStrictEqual } from 'node:util';
import { groupBy } from '../domain/group-by.js';
import type { Store } from '../domain/ports.js';
import type { Backend } from './backend.js';
import { saveRow } from './change-row.js';
import { conflictAs } from './commit-change.js';
import { allOf, one, rowsAtOnce } from './pages.js';
import { ownCopy, tokenKey } from './tables.js';

export const tokensIn = (backend: Backend) =>
  ({
    saveToken: (token, quotas, former = []) =>
      saveRow(backend, 'tokens', token, quotas, former.map(tokenKey)).catch(conflictAs('token')),

    token: (kind, hash) => one(backend, 'tokens', tokenKey({ kind, hash })),

    tokensOf: (organizationId, kind) =>
      allOf(backend, 'tokens', { organizationId, order: 'expiry', where: { kind } }),

    async takeToken(kind, hash) {
      const key = tokenKey({ kind, hash });
      const found = await one(backend, 'tokens', key);
      if (found === undefined) return undefined;
      return backend.transact(found.organizationId, async (transaction) => {
        const stored = await transaction.get('tokens', key);
        if (stored) await transaction.delete('tokens', key);
        return stored;
      });
    },

    replaceToken(before, next) {
      const seen = ownCopy('tokens', before);
      return backend.transact(before.organizationId, async (transaction) => {
        if (!isDeepStrictEqual(await transaction.get('tokens', tokenKey(before)), seen)) return false;
        await transaction.put('tokens', ownCopy('tokens', next));
        return true;
      });
    },

    async deleteExpiredTokens(now) {
      const query = { order: 'expiry', upTo: now, limit: rowsAtOnce } as const;
      for (let isMore = true; isMore; ) {
        const expired = await backend.list('tokens', query);
        isMore = expired.length === rowsAtOnce;
        for (const [organizationId, tokens] of groupBy(expired, (token) => token.organizationId))
          await backend.transact(organizationId, async (transaction) => {
            for (const token of tokens) {
              const stored = await transaction.get('tokens', tokenKey(token));
              if (stored && stored.expiresAt <= now) await transaction.delete('tokens', tokenKey(token));
            }
          });
      }
    },
  }) satisfies Partial<Store>;
