import { migrateToRole as migrate } from '../../actions/change-access-key.js';
import { defineOperation } from '../operation.js';
import { startedMigrationView } from '../views.js';
import * as answers from './answers.js';
import { changeErrors, changing, connectionIn, path } from './shared.js';

export const migrateToRole = defineOperation({
  method: 'post',
  path: '/v1/connections/{id}/migrate-to-role',
  ...changing,
  summary: 'Starts the migration of a connection from an access key to a role.',
  answer: {
    status: 200,
    description: 'Everything that the customer needs to create the role; the secrets are shown once.',
    schema: answers.startedMigration,
  },
  errors: [...changeErrors, 'method_mismatch', 'partition_not_supported'],
  examples: { begin: { path, returns: 200 }, isARole: { path, returns: 'method_mismatch' } },
  async handler(input) {
    const found = await connectionIn(input);
    const { connection, registration, callbackSecret } = await migrate(input.deps, input.by, found);
    return startedMigrationView(input.deps, connection, registration, callbackSecret);
  },
});
