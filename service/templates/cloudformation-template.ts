import { type PermissionSet, permissionSetId } from '../domain/permission-set.js';
import { type Partition, partitions } from '../domain/role-arn.js';
import type { Scope } from '../domain/scope.js';
import { builtCallback } from './built-callback.js';
import {
  callbackResource,
  functionResources,
  isGiven,
  noValue,
  optionalParameters,
  partitionArn,
  principalMapping,
  roleResources,
  sessionConditions,
  setResources,
  type VendorOfTemplate,
} from './cloudformation-parts.js';
import { setPoliciesOf } from './permission-set-policies.js';
import { managedPolicyArns, type RolePermissions } from './permissions.js';
import { yamlText } from './quoting.js';
import { type RoleDescription, regionOf, roleDescriptionText } from './role-description.js';

/** The template for one connection. Its values are the defaults of the parameters; people enter the callback secret. */
export function cloudFormationTemplate(description: RoleDescription): string {
  const { principal, partition, callbackUrl, vendorName } = description;
  const principals = new Map([[partition, principal]]);
  return templateText({ principals, callbackUrl, vendorName }, description);
}

/**
 * The vendor's template for every connection, to copy to an S3 bucket for quick-create links.
 *
 * @param set the permission set of the connections. Without it, a parameter selects a preset
 */
export function vendorTemplate(vendor: VendorOfTemplate, set?: PermissionSet): string {
  return templateText(vendor, undefined, set && { set, without: [] });
}

/** The URLs of the vendor's copies of its templates. */
export interface TemplateUrls {
  readonly templateUrl?: string | undefined;
  /** The URL with `{set}` in place of `deploy@3`. */
  readonly setTemplateUrl?: string | undefined;
}

/**
 * The link to CloudFormation's console with the vendor's template and the values of the connection. People enter the
 * callback secret there, because a link can't fill a NoEcho parameter. The template must be in an S3 bucket.
 * https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cfn-console-create-stacks-quick-create-links.html
 */
export function quickCreateLink(description: RoleDescription, urls: TemplateUrls): string | undefined {
  const templateUrl = templateUrlFor(description.permissions, urls);
  if (templateUrl === undefined) return undefined;
  const values = parameterValues(description);
  const query = new URLSearchParams({ templateURL: templateUrl, stackName: 'vendor-access' });
  for (const [name, value] of Object.entries(values)) query.append(`param_${name}`, value);
  const host = partitions[description.partition].consoleHost;
  return `https://${host}/cloudformation/home?region=${regionOf(description)}#/stacks/quickcreate?${query}`;
}

/** There are templates for presets and for whole permission sets, not for lists of policies or parts of a set. */
function templateUrlFor(
  permissions: RolePermissions,
  { templateUrl, setTemplateUrl }: TemplateUrls,
): string | undefined {
  if (typeof permissions === 'string') return templateUrl;
  if (!('set' in permissions) || permissions.without.length > 0) return undefined;
  return setTemplateUrl?.replace('{set}', permissionSetId(permissions.set));
}

function parameterValues(description: RoleDescription): Record<string, string> {
  const { scope = {}, permissions, maxSessionDuration, allowSessionTags, allowSourceIdentity } = description;
  return Object.fromEntries(
    Object.entries({
      ConnectionId: description.connectionId,
      ExternalId: description.externalId,
      Permissions: typeof permissions === 'string' ? permissions : undefined,
      RoleName: description.roleName,
      RolePath: description.path,
      MaxSessionDuration: maxSessionDuration && String(maxSessionDuration),
      AllowSessionTags: allowSessionTags && 'true',
      AllowSourceIdentity: allowSourceIdentity && 'true',
      Scope: description.scope && scopeText(scope),
    }).filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
  );
}

const scopeText = (scope: Scope): string => JSON.stringify(scope);

function templateText(...given: Parameters<typeof templateDocument>): string {
  const document = templateDocument(...given);
  const note = `# A role that only one principal can assume, and only with the connection's external ID. With the callback secret
# the stack connects the role, and fails if a check fails. Without the secret, enter the output RoleArn on the connection's page.
`;
  return note + yamlText(document).trimStart();
}

/** The template as data. */
export function templateDocument(
  vendor: VendorOfTemplate,
  description?: RoleDescription,
  permissions: RolePermissions = description?.permissions ?? 'read-only',
) {
  const values = description ? parameterValues(description) : {};
  const own = typeof permissions === 'string' ? undefined : policiesOf(permissions, description?.partition);
  const set = setPoliciesOf({ permissions });
  const inSecret = { Condition: 'HasSecret' };
  return {
    AWSTemplateFormatVersion: '2010-09-09',
    Description: roleDescriptionText(vendor.vendorName),
    ...(description?.expectedAccountId !== undefined && {
      Rules: accountRule(description.expectedAccountId),
    }),
    Parameters: {
      ConnectionId: {
        Type: 'String',
        Description: 'The id of the connection.',
        AllowedPattern: '^con_[a-z2-7]{24}$',
        Default: values.ConnectionId,
      },
      ExternalId: {
        Type: 'String',
        Description: 'The external ID of the connection.',
        AllowedPattern: '^[a-zA-Z0-9_+=,.@:/-]{2,1224}$',
        Default: values.ExternalId,
      },
      CallbackSecret: {
        Type: 'String',
        Description: 'The callback secret (whsec_...). Left out, only the role is made.',
        NoEcho: true,
        AllowedPattern: '^(whsec_[A-Za-z0-9+/]{22,}={0,2})?$',
        Default: '',
      },
      Scope: {
        Type: 'String',
        Description: 'Where the connection applies, as JSON. Left out, it stays as it is.',
        AllowedPattern: '^([{].*[}])?$',
        Default: values.Scope ?? '',
      },
      ...optionalParameters(values, own === undefined),
    },
    Mappings: principalMapping(vendor, own === undefined),
    Conditions: {
      HasSecret: isGiven('CallbackSecret'),
      HasScope: isGiven('Scope'),
      ...sessionConditions,
    },
    Resources: {
      ...roleResources(vendor, { Ref: 'ExternalId' }, own),
      ...setResources(set),
      ...functionResources(
        'Callback',
        'Reports that the role is there, or that it goes',
        builtCallback('lambda-callback'),
        inSecret,
      ),
      Callback: callbackResource(
        inSecret,
        {
          ConnectionId: { Ref: 'ConnectionId' },
          ExternalId: { Ref: 'ExternalId' },
          CallbackUrl: vendor.callbackUrl,
          CallbackSecret: { Ref: 'CallbackSecret' },
          Scope: { 'Fn::If': ['HasScope', { Ref: 'Scope' }, noValue] },
        },
        set,
      ),
    },
    Outputs: {
      RoleArn: { Description: 'The role to connect.', Value: { 'Fn::GetAtt': ['Role', 'Arn'] } },
    },
  };
}

/** Without a partition, the stack inserts its own. */
const policiesOf = (permissions: RolePermissions, partition: Partition | undefined) =>
  managedPolicyArns(permissions, partition ?? 'aws').map((arn) =>
    partition === undefined ? partitionArn([arn.slice('arn:aws:'.length)]) : arn,
  );

/** An assertion in the `Rules` section fails before CloudFormation creates anything. */
const accountRule = (accountId: string) => ({
  ExpectedAccount: {
    Assertions: [
      {
        Assert: { 'Fn::Equals': [{ Ref: 'AWS::AccountId' }, accountId] },
        AssertDescription: `account_mismatch: this connection is for account ${accountId}. Nothing was made.`,
      },
    ],
  },
});
