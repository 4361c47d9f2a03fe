/** Before the first test file of a run: a folder for what its files share, and the service as processes start it. */
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildCallback } from '../../constructs/callback/build.mjs';
import { transpileService } from './service-program.mjs';

/**
 * @param {unknown} _globalConfig
 * @param {{ testMatch: string[] }} projectConfig
 */
export default async function setUp(_globalConfig, { testMatch }) {
  // Terraform's providers and a browser take gigabytes.
  const isLarge = testMatch.some((pattern) => pattern.includes('/test/real/'));
  const folder = mkdtempSync(join(isLarge ? tmpdir() : (memoryFolder() ?? tmpdir()), 'test-run-'));
  process.env.TEST_RUN_DIR = folder;
  // What test files leave goes with it.
  process.env.TMPDIR = join(folder, 'tmp');
  mkdirSync(process.env.TMPDIR);
  // PostgreSQL runs as another user than root.
  for (const path of [folder, process.env.TMPDIR]) chmodSync(path, 0o711);
  // The SDK's advice on Node versions is for operators; in a test it hides what matters.
  process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED = 'true';
  process.env.TEST_RUNNER_PID = String(process.pid);
  await buildCallback();
  await transpileService();
}

const memory = '/dev/shm';
const leastBytes = 4 * 1024 ** 3;

/** A file system in memory, where tests don't wait for the disk; undefined where there is none that programs run from. */
function memoryFolder() {
  try {
    const { bavail, bsize } = statfsSync(memory);
    if (bavail * bsize < leastBytes) return undefined;
    const folder = mkdtempSync(join(memory, 'test-run-probe-'));
    const program = join(folder, 'program');
    writeFileSync(program, '#!/bin/sh\n', { mode: 0o700 });
    const { status } = spawnSync(program);
    rmSync(folder, { recursive: true });
    return status === 0 ? memory : undefined;
  } catch {
    return undefined;
  }
}
