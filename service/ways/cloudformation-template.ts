import { type Partition, partitions } from '../domain/role-arn.js';
import type { Scope } from '../domain/scope.js';
import { lambdaSource } from './cloudformation-lambda.js';
import { permissionPresets, type RolePermissions } from './permissions.js';
import { yamlText } from './quoting.js';
import { policyArnsOf, type RoleDescription, regionOf, roleDescriptionText } from './role-description.js';

/** The template for one connection: its values are the parameters' defaults, the callback's secret is typed in. */
export function cloudFormationTemplate(description: RoleDescription): string {
  const { principal, partition, callbackUrl } = description;
  return templateText({ principals: new Map([[partition, principal]]), callbackUrl }, description);
}

/** The vendor's template for every connection, for a bucket that quick-create links can name. */
export function vendorTemplate(vendor: VendorOfTemplate): string {
  return templateText(vendor);
}

export interface VendorOfTemplate {
  readonly principals: ReadonlyMap<Partition, string>;
  readonly callbackUrl: string;
}

/**
 * Opens CloudFormation's page with the vendor's template and this connection's values; people type the callback's
 * secret there, since a link can't fill what is not to be shown. The template has to be in an S3 bucket.
 * https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cfn-console-create-stacks-quick-create-links.html
 */
export function quickCreateLink(description: RoleDescription, templateUrl: string): string | undefined {
  // The vendor's template has a parameter that chooses among presets, and none for a list of policies.
  if (typeof description.permissions !== 'string') return undefined;
  const values = parameterValues(description);
  const query = new URLSearchParams({ templateURL: templateUrl, stackName: 'rolebridge' });
  for (const [name, value] of Object.entries(values)) query.append(`param_${name}`, value);
  const host = partitions[description.partition].consoleHost;
  return `https://${host}/cloudformation/home?region=${regionOf(description)}#/stacks/quickcreate?${query}`;
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

function templateText(vendor: VendorOfTemplate, description?: RoleDescription): string {
  const document = templateDocument(vendor, description);
  const note = `# A role that only the vendor can assume, and only with the connection's external ID. With the callback's secret the
# stack connects the role by itself, and fails when the vendor refuses it; without one, give the vendor its output RoleArn.
`;
  return note + yamlText(document).trimStart();
}

/** The template as data. */
export function templateDocument(vendor: VendorOfTemplate, description?: RoleDescription) {
  const permissions = description?.permissions ?? 'read-only';
  return {
    AWSTemplateFormatVersion: '2010-09-09',
    Description: roleDescriptionText,
    ...(description?.expectedAccountId !== undefined && {
      Rules: accountRule(description.expectedAccountId),
    }),
    Parameters: parameters(permissions, description && parameterValues(description)),
    Mappings: {
      Vendor: Object.fromEntries(
        [...vendor.principals].map(([partition, principal]) => [partition, { Principal: principal }]),
      ),
      ...(typeof permissions === 'string' && {
        ManagedPolicies: Object.fromEntries(
          Object.entries(permissionPresets).map(([preset, { policy }]) => [preset, { Name: policy }]),
        ),
      }),
    },
    Conditions: {
      HasName: isGiven('RoleName'),
      HasScope: isGiven('Scope'),
      HasSecret: isGiven('CallbackSecret'),
      TagsSessions: { 'Fn::Equals': [{ Ref: 'AllowSessionTags' }, 'true'] },
      NamesSource: { 'Fn::Equals': [{ Ref: 'AllowSourceIdentity' }, 'true'] },
    },
    Resources: {
      Role: {
        Type: 'AWS::IAM::Role',
        Properties: {
          RoleName: { 'Fn::If': ['HasName', { Ref: 'RoleName' }, noValue] },
          Path: { Ref: 'RolePath' },
          Description: roleDescriptionText,
          MaxSessionDuration: { Ref: 'MaxSessionDuration' },
          AssumeRolePolicyDocument: {
            Version: '2012-10-17',
            Statement: [
              {
                Effect: 'Allow',
                Principal: {
                  AWS: { 'Fn::FindInMap': ['Vendor', { Ref: 'AWS::Partition' }, 'Principal'] },
                },
                Action: [
                  'sts:AssumeRole',
                  { 'Fn::If': ['TagsSessions', 'sts:TagSession', noValue] },
                  { 'Fn::If': ['NamesSource', 'sts:SetSourceIdentity', noValue] },
                ],
                Condition: { StringEquals: { 'sts:ExternalId': { Ref: 'ExternalId' } } },
              },
            ],
          },
          ManagedPolicyArns:
            description !== undefined && typeof permissions !== 'string'
              ? policyArnsOf(description)
              : [
                  partitionArn([
                    'iam::aws:policy/',
                    { 'Fn::FindInMap': ['ManagedPolicies', { Ref: 'Permissions' }, 'Name'] },
                  ]),
                ],
        },
      },
      ...callbackResources(vendor.callbackUrl),
    },
    Outputs: {
      RoleArn: { Description: 'The role to connect.', Value: { 'Fn::GetAtt': ['Role', 'Arn'] } },
    },
  };
}

const noValue = { Ref: 'AWS::NoValue' };
const isGiven = (parameter: string) => ({
  'Fn::Not': [{ 'Fn::Equals': [{ Ref: parameter }, ''] }],
});
const partitionArn = (rest: unknown[]) => ({
  'Fn::Join': ['', ['arn:', { Ref: 'AWS::Partition' }, ':', ...rest]],
});

/** Stops before anything is made; in CloudFormation's rules, an assertion. */
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

function parameters(permissions: RolePermissions, values: Record<string, string> = {}) {
  const parameter = (name: string, members: Record<string, unknown>, fallback?: string | undefined) => ({
    [name]: { Type: 'String', ...members, Default: values[name] ?? fallback },
  });
  return {
    ...parameter('ConnectionId', {
      Description: 'The connection, as the vendor gave it.',
      AllowedPattern: '^con_[a-z2-7]{24}$',
    }),
    ...parameter('ExternalId', {
      Description: 'The external ID of the connection, as the vendor gave it.',
      AllowedPattern: '^[a-zA-Z0-9_+=,.@:/-]{2,1224}$',
    }),
    ...(typeof permissions === 'string' &&
      parameter(
        'Permissions',
        {
          Description: 'What the vendor may do in this account.',
          AllowedValues: Object.keys(permissionPresets),
        },
        'read-only',
      )),
    ...parameter(
      'CallbackSecret',
      {
        Description: 'The callback secret (whsec_...). Left out, only the role is made.',
        NoEcho: true,
        AllowedPattern: '^(whsec_[A-Za-z0-9+/]{22,}={0,2})?$',
      },
      '',
    ),
    ...parameter(
      'Scope',
      {
        Description: 'Where the connection applies, as JSON. Left out, it stays as the vendor has it.',
        AllowedPattern: '^([{].*[}])?$',
      },
      '',
    ),
    ...parameter(
      'RoleName',
      { Description: 'Left out, CloudFormation makes one.', AllowedPattern: '^[a-zA-Z0-9_+=,.@-]{0,64}$' },
      '',
    ),
    ...parameter(
      'RolePath',
      { Description: 'The path of the role.', AllowedPattern: '^/([a-zA-Z0-9_+=,.@-]+/)*$' },
      '/',
    ),
    ...parameter(
      'MaxSessionDuration',
      { Type: 'Number', Description: 'The longest session, in seconds.', MinValue: 3600, MaxValue: 43200 },
      '3600',
    ),
    ...parameter(
      'AllowSessionTags',
      { Description: 'Whether the vendor may tag its sessions.', AllowedValues: ['true', 'false'] },
      'false',
    ),
    ...parameter(
      'AllowSourceIdentity',
      {
        Description: 'Whether the vendor may name who is behind a session.',
        AllowedValues: ['true', 'false'],
      },
      'false',
    ),
  };
}

/** Only where there is a secret to sign with. */
function callbackResources(callbackUrl: string) {
  return {
    CallbackLog: {
      Type: 'AWS::IAM::Role',
      Condition: 'HasSecret',
      Properties: {
        Description: 'Lets the callback of Rolebridge write its log, and nothing else',
        AssumeRolePolicyDocument: {
          Version: '2012-10-17',
          Statement: [
            { Effect: 'Allow', Principal: { Service: 'lambda.amazonaws.com' }, Action: 'sts:AssumeRole' },
          ],
        },
        ManagedPolicyArns: [partitionArn(['iam::aws:policy/service-role/AWSLambdaBasicExecutionRole'])],
      },
    },
    CallbackFunction: {
      Type: 'AWS::Lambda::Function',
      Condition: 'HasSecret',
      Properties: {
        Description: 'Tells the vendor that the role is there, or that it goes',
        Runtime: 'nodejs22.x',
        Handler: 'index.handler',
        Timeout: 150,
        Role: { 'Fn::GetAtt': ['CallbackLog', 'Arn'] },
        Code: { ZipFile: lambdaSource },
      },
    },
    Callback: {
      Type: 'Custom::RolebridgeCallback',
      Condition: 'HasSecret',
      Properties: {
        ServiceToken: { 'Fn::GetAtt': ['CallbackFunction', 'Arn'] },
        ServiceTimeout: 180,
        ConnectionId: { Ref: 'ConnectionId' },
        RoleArn: { 'Fn::GetAtt': ['Role', 'Arn'] },
        CallbackUrl: callbackUrl,
        CallbackSecret: { Ref: 'CallbackSecret' },
        Scope: { 'Fn::If': ['HasScope', { Ref: 'Scope' }, noValue] },
        // A change of these is a reason to verify again.
        ExternalId: { Ref: 'ExternalId' },
        RoleId: { 'Fn::GetAtt': ['Role', 'RoleId'] },
      },
    },
  };
}
