/** `npm run docs`: writes the files that are generated from the code. */
import { execFileSync } from 'node:child_process';
import { copyFileSync, writeFileSync } from 'node:fs';
import { callsPage } from './calls.js';
import { cliCalls } from './cli-calls.js';
import { clientApi } from './client-api.js';
import { eventsPage } from './events.js';
import { ROLE_POLICIES, rolePoliciesModule } from './role-policies.js';
import { settingsPage } from './settings.js';
import { troubleshootingPage } from './troubleshooting.js';
import { unsafeRolesPage } from './unsafe-roles.js';

writeFileSync('docs/troubleshooting.md', troubleshootingPage());
writeFileSync('docs/calls.md', callsPage());
writeFileSync('docs/events.md', eventsPage());
writeFileSync('docs/settings.md', settingsPage());
writeFileSync('docs/unsafe-roles.md', await unsafeRolesPage());
writeFileSync('client/api.ts', clientApi());
writeFileSync('service/cli/calls.ts', cliCalls());
writeFileSync('service/domain/role-policies.ts', rolePoliciesModule());
copyFileSync(ROLE_POLICIES, 'service/terraform-module/role-policies.json');
execFileSync('node_modules/.bin/biome', [
  'format',
  '--write',
  'client/api.ts',
  'service/cli/calls.ts',
  'service/domain/role-policies.ts',
]);
// Their help is made of service/cli/calls.ts, which was just written.
const { commandsPage } = await import('./commands.js');
writeFileSync('docs/commands.md', commandsPage());
