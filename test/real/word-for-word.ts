/** Follows a document's commands as they are written, with this repository's packages from a registry. */
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { packed } from '../run/packed.js';

/** The shell commands of a section, block by block. */
export const commandsOf = (file: string, heading: string): string[] => blocksOf(file, heading, 'sh');

/** A section's blocks of code in a language. */
export function blocksOf(file: string, heading: string, language: string): string[] {
  const text = readFileSync(file, 'utf8');
  const start = text.indexOf(`${heading}\n`);
  if (start < 0) throw new Error(`${file} has no section "${heading}".`);
  const end = text.indexOf('\n## ', start);
  const section = text.slice(start, end < 0 ? undefined : end);
  const blocks = new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\`$`, 'gms');
  return [...section.matchAll(blocks)].map((match) => String(match[1]));
}

/** A registry of our packages, which are not published; everything else comes from npm's. */
export async function startRegistry(folder: string, workspaces: readonly string[]) {
  const tarballs = new Map<string, Buffer>();
  for (const workspace of workspaces) tarballs.set(workspace, readFileSync((await packed(workspace)).file));
  const server = createServer((request, response) => {
    const workspace = workspaces.find((name) => request.url?.endsWith(`${name}.tgz`));
    if (workspace) return response.end(tarballs.get(workspace));
    const named = workspaces.find((name) => request.url?.toLowerCase() === `/@rolebridge%2f${name}`);
    const tarball = named && tarballs.get(named);
    if (!tarball) return response.writeHead(404).end('{}');
    const manifest = JSON.parse(readFileSync(join(named, 'package.json'), 'utf8'));
    const { port } = server.address() as AddressInfo;
    const integrity = `sha512-${createHash('sha512').update(tarball).digest('base64')}`;
    const dist = { tarball: `http://127.0.0.1:${port}/${named}.tgz`, integrity };
    const versions = { [manifest.version]: { ...manifest, dist } };
    response.setHeader('content-type', 'application/json');
    return response.end(
      JSON.stringify({ name: manifest.name, 'dist-tags': { latest: manifest.version }, versions }),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  // This machine's settings for npm, and one line more.
  const own = process.env.npm_config_userconfig ?? join(homedir(), '.npmrc');
  const settings = join(folder, 'npmrc');
  writeFileSync(
    settings,
    `${existsSync(own) ? readFileSync(own, 'utf8') : ''}\n@rolebridge:registry=http://127.0.0.1:${port}/\n`,
  );
  return {
    /** For npm and npx. */
    env: {
      // A new cache: a package from an earlier run must not be taken for this one.
      npm_config_cache: join(folder, 'npm-cache'),
      npm_config_userconfig: settings,
      // npx asks before it installs.
      npm_config_yes: 'true',
      npm_config_audit: 'false',
      npm_config_fund: 'false',
    },
    close: () => void server.close(),
  };
}
