import { apiKeyCommands } from './api-keys.js';
import { auditCommands } from './audit.js';
import type { CommandRow } from './command-row.js';
import { completionCommands } from './completion.js';
import { connectionCommands } from './connections.js';
import { enrollmentCommands } from './enrollments.js';
import { evidenceCommands } from './evidence.js';
import { execCommands } from './exec.js';
import { explainCommands } from './explain.js';
import { operatorTokenCommands } from './operator-tokens.js';
import { organizationCommands } from './organizations.js';
import { permissionCommands } from './permissions.js';
import { projectCommands } from './projects.js';
import { serviceCommands } from './service-commands.js';
import { signInLinkCommands } from './sign-in-links.js';
import { targetCommands } from './targets.js';
import { verifyCommands } from './verify-all.js';
import { webhookCommands } from './webhooks.js';

/**
 * Every command, once. The program, its help, completion and docs/commands.md come from here; what a command has in
 * common with its call of the API comes from the table of operations.
 */
export const commandTable: readonly CommandRow[] = [
  ...serviceCommands,
  ...organizationCommands,
  ...operatorTokenCommands,
  ...connectionCommands,
  ...verifyCommands,
  ...permissionCommands,
  ...targetCommands,
  ...projectCommands,
  ...execCommands,
  ...enrollmentCommands,
  ...apiKeyCommands,
  ...signInLinkCommands,
  ...webhookCommands,
  ...auditCommands,
  ...evidenceCommands,
  ...explainCommands,
  ...completionCommands,
];

/** Descriptions of the first words that several commands share. */
export const groups: Readonly<Record<string, string>> = {
  brand: "the vendor's name, logo and colors on the pages",
  org: 'the organizations',
  'operator-token': 'tokens for your staff and backend, on the machine of the service',
  operator: 'the operator’s page and lists',
  connection: 'connections to customers’ AWS accounts',
  permissions: 'permission sets and the roles that have them',
  scope: 'where connections apply',
  projects: 'declared targets',
  enrollment: 'accounts of an AWS Organization that register themselves',
  'api-keys': 'the organization’s API keys',
  'sign-in-links': 'links that sign one person in to the pages',
  webhooks: 'endpoints that get events, and deliveries to them',
};
