import { isDeepStrictEqual } from 'node:util';
import type { Store } from '../domain/ports.js';
import type { Backend } from './backend.js';
import { changeRow, changeRows, placeOf, saveRow } from './change-row.js';
import { allOf, one, rowsAtOnce } from './pages.js';
import { tokenKey, validatedCopy } from './tables.js';

export const tokensIn = (backend: Backend) =>
  ({
    saveToken: (token, quotas, former = []) =>
      saveRow(backend, 'tokens', token, quotas, former.map(tokenKey)),

    token: (kind, hash) => one(backend, 'tokens', tokenKey({ kind, hash })),

    tokensOf: (organizationId, kind) =>
      allOf(backend, 'tokens', { organizationId, order: 'expiry', where: { kind } }),

    async takeToken(kind, hash) {
      const found = await one(backend, 'tokens', tokenKey({ kind, hash }));
      return found && changeRow(backend, 'tokens', placeOf('tokens', found), () => null);
    },

    async replaceToken(before, next) {
      const seen = validatedCopy('tokens', before);
      const replaced = await changeRow(backend, 'tokens', placeOf('tokens', before), (stored) =>
        isDeepStrictEqual(stored, seen) ? next : undefined,
      );
      return replaced !== undefined;
    },

    async deleteExpiredTokens(now) {
      for (let isMore = true; isMore; ) {
        const expired = await backend.list('tokens', { order: 'expiry', upTo: now, limit: rowsAtOnce });
        await changeRows(backend, 'tokens', expired, ({ expiresAt }) =>
          expiresAt <= now ? null : undefined,
        );
        isMore = expired.length === rowsAtOnce;
      }
    },
  }) satisfies Partial<Store>;
