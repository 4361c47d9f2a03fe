import type { Request, Response } from 'express';
import { errorCatalog, isErrorCode } from '../domain/error-catalog/index.js';
import { RolebridgeError } from '../domain/errors.js';
import { problemUrl } from './problem.js';
import { send } from './respond.js';

/**
 * `GET /problems/{code}`, which the `type` of every problem names (RFC 9457, section 3.1.1): what the code means, how to
 * see it and how to fix it. The site has a page of it for browsers.
 */
export const answerProblem =
  (publicUrl: string) => (request: Request<{ code: string }>, response: Response) =>
    send(response, { status: 200, body: explanationOf(request.params.code, publicUrl) });

/** @throws RolebridgeError `not_found` */
export function explanationOf(code: string, publicUrl: string) {
  if (!isErrorCode(code))
    throw new RolebridgeError('not_found', 'There is no problem with this code.', {
      remedy: 'Take the code from the "code" of the problem details.',
    });
  return { type: problemUrl(code, publicUrl), code, ...errorCatalog[code] };
}
