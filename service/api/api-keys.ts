import type { Router } from 'express';
import { createApiKey, revokeApiKey } from '../actions/api-keys.js';
import type { Dependencies } from '../actions/dependencies.js';
import type { ApiKey } from '../domain/connection.js';
import { jsonBody, organizationOf, refuseMethod, requesterOf, send } from './respond.js';
import { createApiKeyRequest, parse } from './schemas.js';

/** The calls on an organization's API keys. */
export function addApiKeyRoutes(api: Router, deps: Dependencies): void {
  api
    .route('/api-keys')
    .post(async (request, response) => {
      const { name } = parse(createApiKeyRequest, jsonBody(request), 'body');
      const { key, text } = await createApiKey(deps, requesterOf(response), organizationOf(response), name);
      send(response, { status: 201, body: { ...apiKeyView(key), apiKey: text } });
    })
    .get(async (_request, response) => {
      const keys = await deps.store.apiKeys(organizationOf(response));
      send(response, { status: 200, body: { apiKeys: keys.map(apiKeyView) } });
    })
    .all(refuseMethod('GET, POST'));

  api
    .route('/api-keys/:id')
    .delete(async (request, response) => {
      await revokeApiKey(deps, requesterOf(response), organizationOf(response), request.params.id);
      send(response, { status: 204, body: undefined });
    })
    .all(refuseMethod('DELETE'));
}

/** Of the key itself, nothing. */
const apiKeyView = ({ id, name, createdAt, revokedAt }: ApiKey) => ({ id, name, createdAt, revokedAt });
