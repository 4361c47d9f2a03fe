import { z } from 'zod';
import { createSetupCode as create } from '../../actions/setup-codes.js';
import { isoTime } from '../../domain/verification.js';
import { defineOperation } from '../operation.js';
import { connectionIn, findErrors, path, tag } from './shared.js';

const text = z.string();
const createdSetupCode = z
  .object({
    code: text.meta({ description: 'Reads what the code of a customer needs; in no other answer.' }),
    link: text.meta({ description: 'The code with the address of this service: what init --setup takes.' }),
    command: text.meta({ description: 'The whole command.' }),
    expiresAt: isoTime,
  })
  .meta({ id: 'CreatedSetupCode' });

export const createSetupCode = defineOperation({
  method: 'post',
  path: '/v1/connections/{id}/setup-code',
  tag,
  summary: 'Creates a set-up code: one value instead of five for `init --setup`; it revokes the code before.',
  description:
    'The code reads what the code of a customer needs (GET /v1/setup-code), for 7 days, and nothing else. It holds no secret: the customer gets the callback secret another way.',
  auth: 'organization',
  permission: 'connections:write',
  answer: {
    status: 201,
    description: 'The code, which no other answer contains.',
    schema: createdSetupCode,
  },
  errors: ['quota_exceeded', ...findErrors, 'method_mismatch'],
  examples: { one: { path, returns: 201 } },
  async handler(input) {
    return create(input.deps, input.by, await connectionIn(input));
  },
});
