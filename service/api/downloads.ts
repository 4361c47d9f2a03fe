import { createHash } from 'node:crypto';
import type { Express } from 'express';
import type { Dependencies } from '../actions/dependencies.js';
import { builtCallback, vendorTemplate } from '../templates/index.js';
import { refuseMethod } from './respond.js';
import { terraformModuleArchive } from './terraform-module.js';

/**
 * What the ways to create the role need to be had somewhere: the same for every customer, with nothing of anyone in it,
 * so that neither a key nor a link that can't be guessed is needed.
 */
export function addDownloadRoutes(app: Express, deps: Dependencies): void {
  const vendor = { principals: deps.principals, callbackUrl: `${deps.publicUrl}/v1/callbacks` };
  const downloads: Record<string, { type: string; make: () => string | Buffer }> = {
    '/downloads/terraform-module.tar.gz': { type: 'application/gzip', make: terraformModuleArchive },
    '/downloads/callback.cjs': {
      type: 'text/javascript; charset=utf-8',
      make: () => builtCallback('script'),
    },
    '/downloads/cloudformation.yaml': {
      type: 'text/yaml; charset=utf-8',
      make: () => vendorTemplate(vendor),
    },
  };
  for (const [path, { type, make }] of Object.entries(downloads)) {
    let made: { bytes: Buffer; etag: string } | undefined;
    app.get(path, (request, response) => {
      made ??= withEtag(Buffer.from(make()));
      const { bytes, etag } = made;
      response.setHeader('cache-control', 'public, max-age=300');
      response.setHeader('x-content-type-options', 'nosniff');
      response.setHeader('etag', etag);
      if (request.headers['if-none-match'] === etag) {
        response.writeHead(304).end();
        return;
      }
      response.writeHead(200, { 'content-type': type, 'content-length': bytes.length });
      response.end(bytes);
    });
    app.all(path, refuseMethod('GET'));
  }
}

const withEtag = (bytes: Buffer) => ({
  bytes,
  etag: `"${createHash('sha256').update(bytes).digest('base64url').slice(0, 22)}"`,
});
