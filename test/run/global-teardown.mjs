/** After the last test file of a run: ends the shared processes and removes the shared folder. */
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';

export default function tearDown() {
  const folder = process.env.TEST_RUN_DIR;
  if (folder === undefined) return;
  const pidFile = join(folder, 'postgres', 'pid');
  if (existsSync(pidFile)) process.kill(Number(readFileSync(pidFile, 'utf8')), 'SIGTERM');
  rmSync(folder, { recursive: true, force: true });
}
