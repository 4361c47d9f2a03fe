import type { Router } from 'express';
import type { Dependencies } from '../actions/dependencies.js';
import { roleRegistrationOf } from '../domain/connection.js';
import { RolebridgeError } from '../domain/errors.js';
import { trustPolicyOf } from '../templates/index.js';
import { connectionOf, refuseMethod, send } from './respond.js';
import { choicesOf, roleTemplatesQuery } from './role-templates-schema.js';
import { parse } from './schemas.js';
import { roleFor, roleTemplatesFor } from './views.js';

/** `GET /v1/connections/{id}/role-templates`: the ways to create the role once more, with other choices; no secret in them. */
export function addRoleTemplateRoutes(api: Router, deps: Dependencies): void {
  api
    .route('/connections/:id/role-templates')
    .get(async (request, response) => {
      const choices = choicesOf(parse(roleTemplatesQuery, request.query, 'query'));
      const connection = await connectionOf(deps, request, response);
      const trust = roleRegistrationOf(connection);
      if (trust === undefined)
        throw new RolebridgeError(
          'method_mismatch',
          'This connection uses an access key and expects no role.',
          {
            remedy: 'Begin its move to a role with POST …/migrate-to-role.',
          },
        );
      const role = roleFor(deps, connection, trust, choices);
      send(response, {
        status: 200,
        body: {
          externalId: role.externalId,
          principal: role.principal,
          callbackUrl: role.callbackUrl,
          trustPolicy: trustPolicyOf(role),
          roleTemplates: roleTemplatesFor(deps, role),
        },
      });
    })
    .all(refuseMethod('GET'));
}
