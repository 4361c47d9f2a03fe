import { z } from 'zod';
import { visibleConnections } from '../../actions/find-connection.js';
import { defineOperation } from '../operation.js';
import { nextAfter, nextOf } from '../schemas.js';
import { connectionView } from '../views.js';
import { connection } from './answers.js';
import { listQuery } from './requests.js';
import { reading } from './shared.js';

const connectionList = z.object({ connections: z.array(connection), next: nextAfter });

export const listConnections = defineOperation({
  method: 'get',
  path: '/v1/connections',
  ...reading,
  summary: 'Lists connections.',
  description: 'Returns a page at a time.',
  query: listQuery,
  answer: { status: 200, description: 'A page of connections.', schema: connectionList },
  examples: {
    all: { returns: 200 },
    ofAScope: { query: { scope: 'shop', reference: 'account-1' }, returns: 200 },
    noAccount: { query: { accountId: '12' }, returns: 'request_invalid' },
    connected: { query: { status: 'connected', limit: '10' }, returns: 200 },
    tooMany: { query: { limit: '1000' }, returns: 'request_invalid' },
  },
  async handler({ deps, caller, query }) {
    const page = await visibleConnections(deps.store, caller, query);
    return {
      connections: page.connections.map(connectionView),
      next: nextOf(page.connections, page.hasMore),
    };
  },
});
