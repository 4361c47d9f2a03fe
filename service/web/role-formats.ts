import type { Dependencies } from '../actions/dependencies.js';
import { roleFor } from '../api/views.js';
import type { Connection, RoleRegistration } from '../domain/connection.js';
import {
  awsCliCommands,
  cdkProgram,
  cloudFormationTemplate,
  consoleLink,
  consolePolicies,
  isPermissionPreset,
  type PermissionPreset,
  quickCreateLink,
  terraformConfiguration,
  terraformModuleCall,
} from '../templates/index.js';

/** The role templates, as the tabs name them. */
export const formats = ['console', 'cloudformation', 'terraform', 'cdktn', 'cdktf', 'aws-cli'] as const;
export type Format = (typeof formats)[number];

export const formatOf = (text: string): Format => formats.find((each) => each === text) ?? 'console';

/** The least, where none were chosen. */
export const presetOf = (text: string): PermissionPreset => (isPermissionPreset(text) ? text : 'read-only');

/** The variable that a stack reads the callback secret from. */
export const secretVariable = 'CONNECT_CALLBACK_SECRET';

/** The role in one form. */
export interface RoleTemplate {
  readonly text: string;
  /** Statements beyond the inline policy limit: documents of managed policies. */
  readonly more?: readonly string[];
  /** Opens a console with everything filled in. */
  readonly url?: string | undefined;
  /** The same role as a call of the service's Terraform module. */
  readonly module?: string | undefined;
}

/** Writes the role in one form, with the permissions that were chosen. */
export function roleTemplate(
  deps: Dependencies,
  connection: Connection,
  trust: RoleRegistration,
  { format, permissions }: { format: Format; permissions: PermissionPreset },
): RoleTemplate {
  const role = roleFor(deps, connection, trust, { permissions });
  switch (format) {
    case 'console': {
      const [text, ...more] = consolePolicies(role);
      return { text, more, url: consoleLink(role) };
    }
    case 'cloudformation':
      return {
        text: cloudFormationTemplate(role),
        url: quickCreateLink(role, deps),
      };
    case 'terraform':
      return {
        text: terraformConfiguration(role),
        module: terraformModuleCall(role, `${deps.publicUrl}/downloads/terraform-module.tar.gz`),
      };
    case 'cdktn':
    case 'cdktf':
      return { text: cdkProgram(role, format) };
    case 'aws-cli':
      return { text: awsCliCommands(role) };
  }
}
