import { z } from 'zod';
import { organizationSchema } from '../../domain/organization.js';
import { connection } from '../connections/answers.js';
import { operatorListQuery } from '../connections/requests.js';
import { defineOperation } from '../operation.js';
import { nextAfter, nextOf } from '../schemas.js';
import { connectionView } from '../views.js';

const operatorConnectionList = z.object({
  connections: z.array(
    z.object({
      organization: organizationSchema.pick({ id: true, name: true, reference: true }),
      connection,
    }),
  ),
  next: nextAfter,
});

export const listOperatorConnections = defineOperation({
  method: 'get',
  path: '/v1/operator/connections',
  tag: 'Organizations',
  summary: 'Lists connections across organizations, a page at a time.',
  auth: 'operator',
  operatorPermission: 'connections:read',
  query: operatorListQuery,
  answer: { status: 200, description: 'A page of connections.', schema: operatorConnectionList },
  examples: {
    all: { returns: 200 },
    tested: { query: { status: 'connected', assurance: 'tested', limit: '10' }, returns: 200 },
    noStatus: { query: { status: 'broken' }, returns: 'request_invalid' },
  },
  async handler({ deps, query }) {
    const { connections, hasMore } = await deps.store.connections(undefined, query);
    const organizations = await deps.store.organizationsById(
      connections.map(({ organizationId }) => organizationId),
    );
    return {
      connections: connections.map((connection) => {
        const {
          id,
          name = '',
          reference,
        } = organizations.get(connection.organizationId) ?? {
          id: connection.organizationId,
        };
        return {
          organization: { id, name, ...(reference !== undefined && { reference }) },
          connection: connectionView(connection),
        };
      }),
      next: nextOf(connections, hasMore),
    };
  },
});
