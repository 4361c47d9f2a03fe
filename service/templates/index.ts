/**
 * The role templates, each written from one {@link RoleDescription}. Pure: texts from values, no secret in
 * them. Depends on the domain; `http`, `web` and the command line show these templates.
 */
export { awsCliCommands } from './aws-cli-commands.js';
export { builtCallback } from './built-callback.js';
export { cdkProgram } from './cdktf-program.js';
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
export { terraformModuleCall } from './terraform-module-call.js';
