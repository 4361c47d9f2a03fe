#!/usr/bin/env node
import { run } from './cli/index.js';

// The SDK's advice on Node versions would precede the output of each command.
process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= 'true';
// A closed pipe, such as that of `head`, is not an error.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(1);
  throw error;
});
process.exitCode = await run(process.argv.slice(2), process);
