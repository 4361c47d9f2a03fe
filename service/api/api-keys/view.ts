import { type ApiKey, apiKeySchema } from '../../domain/api-key.js';

/** Without the key itself. */
export const apiKeyShown = apiKeySchema
  .omit({ organizationId: true, hash: true, childIds: true })
  .meta({ id: 'ApiKey' });

export const apiKeyView = ({ organizationId: _, hash: _hash, childIds: _children, ...shown }: ApiKey) =>
  shown;
