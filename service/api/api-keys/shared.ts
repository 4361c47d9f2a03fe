import { type ApiKey, apiKeySchema } from '../../domain/api-key.js';
import { shownBy } from '../schemas.js';

/** Common members of the operations in this folder. */
export const ofKeys = { tag: 'API keys', auth: 'organization', permission: 'keys:write' } as const;

/** An API key as the API shows it, without the key itself. */
export const apiKeyShown = apiKeySchema
  .omit({ organizationId: true, hash: true, childIds: true })
  .meta({ id: 'ApiKey' });

export const apiKeyView = (key: ApiKey) => shownBy(apiKeyShown, key);
