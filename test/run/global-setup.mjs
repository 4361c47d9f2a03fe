/** Before the first test file of a run: a folder for what its files share, and the service as processes start it. */
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildCallback } from '../../constructs/callback/build.mjs';
import { transpileService } from './service-program.mjs';

export default async function setUp() {
  process.env.TEST_RUN_DIR = mkdtempSync(join(tmpdir(), 'rolebridge-run-'));
  // The SDK's advice on Node versions is for operators; in a test it hides what matters.
  process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED = 'true';
  process.env.TEST_RUNNER_PID = String(process.pid);
  await buildCallback();
  await transpileService();
}
