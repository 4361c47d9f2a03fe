/** Customers' projects outside the repository, with the packed tarball as npm would install it. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, symlinkSync } from 'node:fs';
import path from 'node:path';
import type { Tarball } from '../run/packed.js';

const repository = process.cwd();

/** The two that the package is for, and what each needs beside it. */
export const flavours = [
  {
    cdk: 'cdktf',
    name: '@rolebridge/constructs',
    peers: ['cdktf', 'constructs', '@cdktf/provider-aws'],
    folder: 'dist/',
  },
  {
    cdk: 'cdktn',
    name: '@rolebridge/constructs/cdktn',
    peers: ['cdktn', 'constructs', '@cdktn/provider-aws'],
    folder: 'dist/cdktn/',
  },
] as const;
export type Flavour = (typeof flavours)[number];

/** A customer's cdktf code, translated to cdktn: only the names of three packages change. */
export const moved = (program: string, { cdk, name }: Flavour) =>
  program
    .replaceAll(/(['"])@rolebridge\/constructs\1/g, `$1${name}$1`)
    .replaceAll(/(['"])cdktf\1/g, `$1${cdk}$1`)
    .replaceAll('@cdktf/provider-aws', `@${cdk}/provider-aws`);

/** Puts the tarball and the packages that go with it into a project's `node_modules`. */
export function installConstructs(project: string, tarball: Tarball, peers: readonly string[]): void {
  const modules = path.join(project, 'node_modules');
  const installed = path.join(modules, '@rolebridge/constructs');
  mkdirSync(installed, { recursive: true });
  execFileSync('tar', ['-xzf', tarball.file, '-C', installed, '--strip-components=1']);
  // The peers by link: hundreds of megabytes that npm would fetch again.
  for (const peer of [...peers, '@types/node', 'undici-types']) {
    mkdirSync(path.dirname(path.join(modules, peer)), { recursive: true });
    symlinkSync(path.join(repository, 'node_modules', peer), path.join(modules, peer), 'dir');
  }
}
