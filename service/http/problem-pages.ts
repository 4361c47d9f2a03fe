import type { Request, Response } from 'express';
import { RolebridgeError } from '../domain/errors.js';
import { explanations, isErrorCode } from '../problems/index.js';
import { send } from './exchange.js';
import { problems, problemUrl } from './problem.js';
import { securityHeaders } from './security-headers.js';

/**
 * `GET /problems/{code}`, which the `type` of every problem names (RFC 9457, section 3.1.1): what the code means, how to
 * see it and how to fix it; a page for a browser, JSON for the rest.
 */
export const answerProblemPage =
  (publicUrl: string) => (request: Request<{ code: string }>, response: Response) => {
    const { code } = request.params;
    if (!isErrorCode(code))
      throw new RolebridgeError('not_found', 'There is no problem with this code.', {
        remedy: 'Take the code from the "code" of the problem details.',
      });
    const [status, title] = problems[code];
    const { means, see, fix } = explanations[code];
    if (request.accepts('json', 'html') === 'json')
      return send(response, {
        status: 200,
        body: { type: problemUrl(code, publicUrl), code, status, title, means, see, fix },
      });
    const text = page({ code, status, title, means, see, fix });
    response
      .writeHead(200, {
        ...securityHeaders,
        'content-type': 'text/html; charset=utf-8',
        'content-length': Buffer.byteLength(text),
        'x-request-id': response.locals.requestId as string,
      })
      .end(text);
  };

/** All of it is text of this repository; it is escaped all the same. */
function page(problem: {
  code: string;
  status: number;
  title: string;
  means: string;
  see: string;
  fix: string;
}) {
  const { code, status, title, means, see, fix } = problem;
  return `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${escapeHtml(title)}: ${code}</title></head>
<body>
<main>
<h1>${escapeHtml(title)}</h1>
<p><code>${code}</code>, HTTP status ${status}</p>
<h2>What it means</h2>
<p>${marked(means)}</p>
<h2>How to see it</h2>
<p>${marked(see)}</p>
<h2>How to fix it</h2>
<p>${marked(fix)}</p>
</main>
</body>
</html>
`;
}

const entities: Record<string, string> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};
const escapeHtml = (text: string): string =>
  text.replace(/[&<>"']/g, (character) => entities[character] ?? '');
const marked = (text: string): string => escapeHtml(text).replace(/`([^`]*)`/g, '<code>$1</code>');
