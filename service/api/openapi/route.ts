import { createHash } from 'node:crypto';
import type { Express } from 'express';
import { refuseMethod } from '../respond.js';

/**
 * `GET /openapi.json`: the same for everybody and as long as the process runs, so it is made once, when it is first
 * asked for: the schemas of all answers are nothing that a service needs to start.
 */
export function addOpenApiRoute(app: Express, serverUrl: string): void {
  let made: Promise<{ text: string; etag: string }> | undefined;
  app.get('/openapi.json', async (request, response) => {
    made ??= make(serverUrl);
    const { text, etag } = await made;
    response.setHeader('cache-control', 'public, max-age=300');
    response.setHeader('etag', etag);
    response.setHeader('x-content-type-options', 'nosniff');
    if (request.headers['if-none-match'] === etag) {
      response.writeHead(304).end();
      return;
    }
    response.writeHead(200, {
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(text),
    });
    response.end(text);
  });
  app.all('/openapi.json', refuseMethod('GET'));
}

async function make(serverUrl: string) {
  const { createOpenApiDocument } = await import('./document.js');
  const text = JSON.stringify(createOpenApiDocument({ serverUrl }));
  return { text, etag: `"${createHash('sha256').update(text).digest('base64url').slice(0, 22)}"` };
}
