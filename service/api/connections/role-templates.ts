import { requireRegistration } from '../../actions/require-method.js';
import { defineOperation } from '../operation.js';
import { choicesOf, roleTemplatesQuery } from '../role-templates-schema.js';
import { roleFor, roleTemplatesView } from '../views.js';
import * as answers from './answers.js';
import { connectionIn, findErrors, path, reading } from './shared.js';

export const getRoleTemplates = defineOperation({
  method: 'get',
  path: '/v1/connections/{id}/role-templates',
  ...reading,
  summary: 'Returns the templates for the role, with your choices; they contain no secret.',
  query: roleTemplatesQuery,
  answer: { status: 200, description: 'The templates.', schema: answers.roleTemplates },
  errors: [...findErrors, 'method_mismatch'],
  examples: {
    one: { path, returns: 200 },
    chosen: {
      path,
      query: { permissions: 'security-audit', roleName: 'vendor', maxSessionDuration: '7200' },
      returns: 200,
    },
    ownPolicies: {
      path,
      query: { managedPolicies: 'SecurityAudit,job-function/ViewOnlyAccess', allowSessionTags: 'true' },
      returns: 200,
    },
    tooMuch: { path, query: { permissions: 'root' }, returns: 'request_invalid' },
  },
  async handler(input) {
    const connection = await connectionIn(input);
    const role = roleFor(input.deps, connection, requireRegistration(connection), choicesOf(input.query));
    return roleTemplatesView(input.deps, role);
  },
});
