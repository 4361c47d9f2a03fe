import type { Dependencies } from '../actions/dependencies.js';
import { roleFor } from '../api/views.js';
import type { Connection, RoleRegistration } from '../domain/connection.js';
import {
  awsCliCommands,
  cdktfProgram,
  cloudFormationTemplate,
  consoleLink,
  isPermissionPreset,
  type PermissionPreset,
  permissionPresets,
  quickCreateLink,
  terraformConfiguration,
  terraformModuleCall,
} from '../templates/index.js';
import type { Preset, Way } from './views/setup.js';

const titles: Record<PermissionPreset, string> = {
  'read-only': 'Read only',
  'security-audit': 'Security audit',
  'power-user': 'Power user',
  administrator: 'Administrator',
};

/** From the least to the most. */
export const presets: readonly (Preset & { readonly id: PermissionPreset })[] = (
  Object.keys(titles) as PermissionPreset[]
).map((id) => ({ id, title: titles[id], sentence: permissionPresets[id].sentence }));

export const presetOf = (text: string): PermissionPreset => (isPermissionPreset(text) ? text : 'read-only');

/** The role in every form, with the permissions that were chosen; the console's link first. */
export function waysOf(
  deps: Dependencies,
  connection: Connection,
  trust: RoleRegistration,
  permissions: PermissionPreset,
): { readonly consoleUrl: string; readonly ways: readonly Way[] } {
  const role = roleFor(deps, connection, trust, { permissions });
  const quickCreate = deps.templateUrl === undefined ? undefined : quickCreateLink(role, deps.templateUrl);
  return {
    consoleUrl: consoleLink(role),
    ways: [
      {
        id: 'cdktf',
        title: 'CDKTF',
        help: 'A whole program: put it into a CDKTF project, set CONNECT_CALLBACK_SECRET, and run cdktf deploy.',
        callsBack: true,
        text: cdktfProgram(role),
      },
      {
        id: 'terraform',
        title: 'Terraform',
        help: 'A whole configuration: save it as main.tf, set CONNECT_CALLBACK_SECRET, and run terraform apply.',
        callsBack: true,
        text: terraformConfiguration(role),
        other: {
          title: 'Terraform module',
          help: 'The same with every option, such as a permissions boundary, a policy of your own or tags: a module that this platform serves.',
          text: terraformModuleCall(role, `${deps.publicUrl}/downloads/terraform-module.tar.gz`),
        },
      },
      {
        id: 'cloudformation',
        title: 'CloudFormation',
        help: quickCreate
          ? 'CloudFormation opens with everything filled in but the callback secret: make one here, paste it there, and create the stack. Or save the template below as rolebridge.yaml, and make a stack of that.'
          : 'A template: save it as rolebridge.yaml, and make a stack of it in the CloudFormation console.',
        ...(quickCreate && { link: { title: 'Create the stack in CloudFormation', url: quickCreate } }),
        callsBack: true,
        text: cloudFormationTemplate(role),
      },
      {
        id: 'aws-cli',
        title: 'AWS CLI',
        help: 'Commands for a shell that is signed in to your account. They make the role and tell the platform; run again, they repair it.',
        callsBack: true,
        text: awsCliCommands(role),
      },
    ],
  };
}
