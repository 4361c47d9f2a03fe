import type { ApiKey } from '../../domain/connection.js';

/** Without the key itself. */
export const apiKeyView = ({ id, name, createdAt, revokedAt }: ApiKey) => ({
  id,
  name,
  createdAt,
  revokedAt,
});
