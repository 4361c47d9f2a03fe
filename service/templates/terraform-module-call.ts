import { attributes, hclValue, list } from './hcl.js';
import { setPoliciesOf } from './permission-set-policies.js';
import { hclText } from './quoting.js';
import { policyArnsOf, type RoleDescription, regionOf, vendorId } from './role-description.js';

/** One file of HCL that calls the module in `terraform-module`, which the service serves. */
export function terraformModuleCall(description: RoleDescription, moduleUrl: string): string {
  const { permissions, scope, maxSessionDuration, allowSessionTags, allowSourceIdentity } = description;
  const names = Object.entries(scope ?? {}).filter(
    (entry): entry is [string, string] => entry[1] !== undefined,
  );
  const set = setPoliciesOf(description);
  const file = set && `permissions/${set.id}.json`;
  return `# Connects this AWS account. In an empty folder, with Node 18 or newer and AWS credentials of the account:
#   export CONNECT_CALLBACK_SECRET=whsec_...
#   terraform init
#   terraform apply${
    file === undefined
      ? ''
      : `
# The permission set is a file beside this one; review and commit it:
#   curl -fsS --create-dirs -o ${file} ${setUrl(description.callbackUrl, set?.id ?? '')}`
  }

provider "aws" {
${attributes('  ', [['region', hclText(regionOf(description))]])}}

module "${vendorId(description)}" {
  source = ${hclText(moduleUrl)}

${attributes('  ', [
  ['connection_id', hclText(description.connectionId)],
  ['external_id', hclText(description.externalId)],
  ['principal', hclText(description.principal)],
  ['callback_url', hclText(description.callbackUrl)],
  ['vendor_name', hclText(vendorId(description))],
  ['permissions', typeof permissions === 'string' && hclText(permissions)],
  ['permission_set_file', file && hclText(file)],
  ['without', set && set.without !== '' && list(set.without.split(','))],
  [
    'managed_policies',
    typeof permissions === 'object' && set === undefined && hclValue(policyMap(description), '  '),
  ],
  ['role_name', description.roleName && hclText(description.roleName)],
  ['path', description.path && hclText(description.path)],
  ['max_session_duration', maxSessionDuration && String(maxSessionDuration)],
  ['allow_session_tags', allowSessionTags && 'true'],
  ['allow_source_identity', allowSourceIdentity && 'true'],
  ['expected_account_id', description.expectedAccountId && hclText(description.expectedAccountId)],
  [
    'scope',
    scope &&
      (names.length === 0
        ? '{}'
        : `{ ${names.map(([level, name]) => `${level} = ${hclText(name)}`).join(', ')} }`),
  ],
])}}

output "role_arn" {
  value = module.${vendorId(description)}.role_arn
}
`;
}

/** The URL of the permission set, beside that of the callback: `/v1/permission-sets/deploy/3`. */
const setUrl = (callbackUrl: string, id: string): string =>
  callbackUrl.replace(/[^/]*$/, `permission-sets/${id.replace('@', '/')}`);

/** Keys keep each attachment in place when others are added. */
const policyMap = (description: RoleDescription): Record<string, string> =>
  Object.fromEntries(policyArnsOf(description).map((arn) => [arn.slice(arn.indexOf('/') + 1), arn]));
