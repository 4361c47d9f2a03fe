import type { ApiKey } from '../../domain/api-key.js';

/** Without the key itself. */
export const apiKeyView = ({ organizationId: _, hash: _hash, childIds: _children, ...shown }: ApiKey) =>
  shown;
