import { z } from 'zod';
import { errorCatalog, isErrorCode } from '../../domain/error-catalog/index.js';
import { RolebridgeError } from '../../domain/errors.js';
import { errorCode } from '../../domain/verification.js';
import { defineOperation } from '../operation.js';
import { problemUrl } from '../problem.js';

const text = z.string();
const explanation = z.object({
  type: z.url(),
  code: errorCode,
  status: z.int(),
  title: text,
  meaning: text,
  see: text,
  fix: text,
});

/** The `type` of every problem is the URL of this call (RFC 9457, section 3.1.1). */
export const explainProblem = defineOperation({
  method: 'get',
  path: '/problems/{code}',
  tag: 'Operations',
  summary: 'Explains the code of a problem: what it means, how to confirm it and how to fix it.',
  description: 'The `type` of every problem is this URL. Browsers get a page.',
  auth: 'none',
  hasPage: true,
  answer: { status: 200, description: 'The explanation.', schema: explanation },
  errors: ['not_found'],
  examples: { one: { path: { code: 'scope_taken' }, returns: 200 } },
  handler: ({ deps, params }) => explanationOf(params.code, deps.publicUrl),
});

/** @throws RolebridgeError `not_found` */
export function explanationOf(code: string, publicUrl: string) {
  if (!isErrorCode(code))
    throw new RolebridgeError('not_found', 'There is no problem with this code.', {
      remedy: 'Copy the "code" from the problem details.',
    });
  return { type: problemUrl(code, publicUrl), code, ...errorCatalog[code] };
}
