/** `npm run docs`: writes the pages that are generated from the code. */
import { writeFileSync } from 'node:fs';
import { settingsPage } from './settings.js';
import { troubleshootingPage } from './troubleshooting.js';
import { unsafeRolesPage } from './unsafe-roles.js';

writeFileSync('docs/troubleshooting.md', troubleshootingPage());
writeFileSync('docs/settings.md', settingsPage());
writeFileSync('docs/unsafe-roles.md', unsafeRolesPage());
