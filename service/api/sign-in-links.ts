import type { Router } from 'express';
import type { Dependencies } from '../actions/dependencies.js';
import { createSignInLink } from '../actions/sign-in-link.js';
import type { ApiKey } from '../domain/connection.js';
import { jsonBody, refuseMethod, requesterOf, send } from './respond.js';
import { parse, signInLinkRequest } from './schemas.js';

/** `POST /v1/sign-in-links`: an address that signs in to the site once. */
export function addSignInLinkRoutes(api: Router, deps: Dependencies): void {
  api
    .route('/sign-in-links')
    .post(async (request, response) => {
      const wanted = parse(signInLinkRequest, jsonBody(request), 'body');
      const key = response.locals.apiKey as ApiKey;
      send(response, {
        status: 201,
        body: await createSignInLink(deps, requesterOf(response), key, wanted),
      });
    })
    .all(refuseMethod('POST'));
}
