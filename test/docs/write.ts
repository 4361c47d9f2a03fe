/** `npm run docs`: writes the pages that are made from the code. */
import { writeFileSync } from 'node:fs';
import { troubleshootingPage } from './troubleshooting.js';

writeFileSync('docs/troubleshooting.md', troubleshootingPage());
