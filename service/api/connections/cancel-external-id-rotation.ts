import { cancelExternalIdRotation as cancel } from '../../actions/rotate-external-id.js';
import { defineOperation } from '../operation.js';
import { connectionView } from '../views.js';
import {
  changeErrors,
  changing,
  connectionAnswer,
  connectionIn,
  inconclusiveErrors,
  path,
} from './shared.js';

export const cancelExternalIdRotation = defineOperation({
  method: 'delete',
  path: '/v1/connections/{id}/rotate-external-id',
  ...changing,
  summary: 'Cancels the rotation of the external ID; the new one is never used again.',
  answer: connectionAnswer,
  errors: [
    ...changeErrors,
    'method_mismatch',
    'external_id_not_changing',
    'pending_external_id_in_use',
    ...inconclusiveErrors,
  ],
  examples: { notChanging: { path, returns: 'external_id_not_changing' } },
  handler: async (input) => connectionView(await cancel(input.deps, input.by, await connectionIn(input))),
});
