import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import type { Request, Response, Router } from 'express';

interface Asset {
  readonly path: string;
  readonly type: string;
  readonly bytes: Buffer;
  readonly compressed: Buffer;
}

export interface Assets {
  readonly base: string;
  readonly style: string;
  readonly script: string;
}

const types = { css: 'text/css; charset=utf-8', js: 'text/javascript; charset=utf-8' };

/** The few files that pages load, each under a name with its hash, so that browsers keep them for ever. */
export function serveAssets(router: Router): Assets {
  const require = createRequire(import.meta.url);
  const own = (name: string) => fileURLToPath(new URL(`./public/${name}`, import.meta.url));
  const base = load('pico', 'css', require.resolve('@picocss/pico/css/pico.min.css'));
  const style = load('rolebridge', 'css', own('rolebridge.css'));
  const script = load('rolebridge', 'js', own('rolebridge.js'));
  for (const asset of [base, style, script])
    router.get(asset.path, (request, response) => sendAsset(asset, request, response));
  return { base: base.path, style: style.path, script: script.path };
}

function load(name: string, kind: keyof typeof types, file: string): Asset {
  const bytes = readFileSync(file);
  const version = createHash('sha256').update(bytes).digest('hex').slice(0, 12);
  return {
    path: `/assets/${name}.${version}.${kind}`,
    type: types[kind],
    bytes,
    compressed: gzipSync(bytes, { level: 9 }),
  };
}

function sendAsset(asset: Asset, request: Request, response: Response): void {
  const isCompressed = /\bgzip\b/.test(String(request.headers['accept-encoding'] ?? ''));
  const body = isCompressed ? asset.compressed : asset.bytes;
  response.writeHead(200, {
    'content-type': asset.type,
    'content-length': body.length,
    'cache-control': 'public, max-age=31536000, immutable',
    'x-content-type-options': 'nosniff',
    vary: 'accept-encoding',
    ...(isCompressed && { 'content-encoding': 'gzip' }),
  });
  response.end(body);
}
