import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import type { Request, Response, Router } from 'express';
import { type Brand, type BrandImage, brandStyle } from './brand.js';

interface Asset {
  readonly path: string;
  readonly type: string;
  readonly bytes: Buffer;
  readonly compressed: Buffer;
}

/** The addresses of what pages load, with the path that the site is mounted at. */
export interface Assets {
  readonly style: string;
  readonly script: string;
  readonly logo?: string | undefined;
  readonly logoDark?: string | undefined;
  readonly favicon?: string | undefined;
}

/** The few files that pages load, each under a name with its hash, so that browsers keep them for ever. */
export function serveAssets(router: Router, brand: Brand, base: string): Assets {
  const own = (name: string) => readFileSync(fileURLToPath(new URL(`./public/${name}`, import.meta.url)));
  const serve = (name: string, extension: string, type: string, bytes: Buffer): string => {
    const asset = assetOf(name, extension, type, bytes);
    router.get(asset.path, (request, response) => sendAsset(asset, request, response));
    return `${base}${asset.path}`;
  };
  const image = (name: string, given: BrandImage | undefined) =>
    given && serve(name, imageExtensions[given.type] ?? 'img', given.type, given.bytes);
  // Other sites' pages load it, by a name that stays.
  const connect = assetOf('connect', 'js', 'text/javascript; charset=utf-8', own('connect.js'));
  if (brand.embedOrigins.length > 0)
    router.get('/connect.js', (request, response) =>
      sendAsset(connect, request, response, {
        'cache-control': 'public, max-age=300',
        'cross-origin-resource-policy': 'cross-origin',
      }),
    );
  // Last, so that they replace the tokens' own colors.
  const style = [...styles.map(own), Buffer.from(brandStyle(brand.colors))];
  return {
    style: serve('page', 'css', 'text/css; charset=utf-8', Buffer.concat(style)),
    script: serve('page', 'js', 'text/javascript; charset=utf-8', own('page.js')),
    logo: image('logo', brand.logo),
    logoDark: image('logo-dark', brand.logoDark),
    favicon: image('favicon', brand.favicon),
  };
}

const styles = ['tokens.css', 'components.css', 'pages.css'];

const imageExtensions: Record<string, string> = {
  'image/svg+xml': 'svg',
  'image/png': 'png',
  'image/x-icon': 'ico',
};

function assetOf(name: string, extension: string, type: string, bytes: Buffer): Asset {
  const version = createHash('sha256').update(bytes).digest('hex').slice(0, 12);
  return {
    path: `/assets/${name}.${version}.${extension}`,
    type,
    bytes,
    compressed: gzipSync(bytes, { level: 9 }),
  };
}

function sendAsset(
  asset: Asset,
  request: Request,
  response: Response,
  headers: Record<string, string> = {},
): void {
  const isCompressed = /\bgzip\b/.test(String(request.headers['accept-encoding'] ?? ''));
  const body = isCompressed ? asset.compressed : asset.bytes;
  response.writeHead(200, {
    'content-type': asset.type,
    'content-length': body.length,
    'cache-control': 'public, max-age=31536000, immutable',
    'x-content-type-options': 'nosniff',
    // A logo is the vendor's image: scripts in an SVG never run.
    'content-security-policy': "default-src 'none'; style-src 'unsafe-inline'; sandbox",
    vary: 'accept-encoding',
    ...(isCompressed && { 'content-encoding': 'gzip' }),
    ...headers,
  });
  response.end(body);
}
