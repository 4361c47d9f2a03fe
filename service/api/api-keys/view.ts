import { type ApiKey, apiKeySchema } from '../../domain/api-key.js';
import { shownBy } from '../schemas.js';

/** Shared parts of the calls. */
export const ofKeys = { tag: 'API keys', auth: 'organization', permission: 'keys:write' } as const;

/** Without the key itself. */
export const apiKeyShown = apiKeySchema
  .omit({ organizationId: true, hash: true, childIds: true })
  .meta({ id: 'ApiKey' });

export const apiKeyView = (key: ApiKey) => shownBy(apiKeyShown, key);
