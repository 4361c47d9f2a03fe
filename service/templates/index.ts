/**
 * The role templates, all generated from one {@link RoleDescription}. They contain no secret. `api`, `web` and `cli` show
 * them.
 */
export { awsCliCommands } from './aws-cli-commands.js';
export { builtCallback } from './built-callback.js';
export { cdkProgram } from './cdk-program.js';
export {
  cloudFormationTemplate,
  quickCreateLink,
  type TemplateUrls,
  vendorTemplate,
} from './cloudformation-template.js';
export { consoleLink, consolePolicies } from './console-link.js';
export { policyDocument, setPoliciesOf } from './permission-set-policies.js';
export * from './permissions.js';
export {
  describeRole,
  type RoleChoices,
  type RoleDescription,
  regionOf,
  trustPolicyOf,
} from './role-description.js';
export { stackSetTemplate } from './stack-set-template.js';
export { terraformConfiguration } from './terraform-configuration.js';
export { terraformModuleArchive } from './terraform-module-archive.js';
export { terraformModuleCall } from './terraform-module-call.js';
