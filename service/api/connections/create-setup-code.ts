import { z } from 'zod';
import { createSetupCode as create } from '../../actions/setup-codes.js';
import { isoTime } from '../../domain/verification.js';
import { defineOperation } from '../operation.js';
import { changing, connectionIn, findErrors, path } from './shared.js';

const text = z.string();
const createdSetupCode = z
  .object({
    code: text.meta({ description: 'The set-up code. It is shown once.' }),
    link: text.meta({ description: 'The code with the address of this service, for `init --setup`.' }),
    command: text.meta({ description: 'The command to run, with the link.' }),
    expiresAt: isoTime,
  })
  .meta({ id: 'CreatedSetupCode' });

export const createSetupCode = defineOperation({
  method: 'post',
  path: '/v1/connections/{id}/setup-code',
  ...changing,
  summary: 'Creates a set-up code: one value instead of five for `init --setup`; revokes the previous code.',
  description:
    'For 7 days, the code reads the values of the connection (GET /v1/setup-code), and nothing else. It contains no secret: send the callback secret separately.',
  answer: {
    status: 201,
    description: 'The code, shown only in this response.',
    schema: createdSetupCode,
  },
  errors: [...findErrors, 'method_mismatch'],
  examples: { one: { path, returns: 201 } },
  handler: async (input) => create(input.deps, input.by, await connectionIn(input)),
});
