import type { Partition } from '../domain/role-arn.js';
import { rolePolicies } from '../domain/role-policies.js';
import { selfInspection, trustPolicyWith } from '../domain/trust-policy.js';
import { policyDocument, type SetPolicies } from './permission-set-policies.js';
import { permissionPresets } from './permissions.js';
import { roleDescriptionText } from './role-description.js';

/** The vendor's values in a template. */
export interface VendorOfTemplate {
  /** The name in the brand file. */
  readonly vendorName?: string | undefined;
  readonly principals: ReadonlyMap<Partition, string>;
  readonly callbackUrl: string;
}

export const noValue = { Ref: 'AWS::NoValue' };
export const isGiven = (parameter: string) => ({
  'Fn::Not': [{ 'Fn::Equals': [{ Ref: parameter }, ''] }],
});
export const partitionArn = (rest: unknown[]) => ({
  'Fn::Join': ['', ['arn:', { Ref: 'AWS::Partition' }, ':', ...rest]],
});

export const sessionConditions = {
  HasName: isGiven('RoleName'),
  TagsSessions: { 'Fn::Equals': [{ Ref: 'AllowSessionTags' }, 'true'] },
  NamesSource: { 'Fn::Equals': [{ Ref: 'AllowSourceIdentity' }, 'true'] },
};

/** The vendor's principal is a mapping, because customers can edit parameters. */
export const principalMapping = (vendor: VendorOfTemplate, hasPresets: boolean) => ({
  Vendor: Object.fromEntries(
    [...vendor.principals].map(([partition, principal]) => [partition, { Principal: principal }]),
  ),
  ...(hasPresets && {
    ManagedPolicies: Object.fromEntries(
      Object.entries(permissionPresets).map(([preset, { policy }]) => [preset, { Name: policy }]),
    ),
  }),
});

/** The role, and the policy that allows it to read itself. */
export const roleResources = (
  { vendorName }: VendorOfTemplate,
  externalId: unknown,
  managedPolicies: readonly unknown[] | undefined,
) => ({
  Role: {
    Type: 'AWS::IAM::Role',
    Properties: {
      RoleName: { 'Fn::If': ['HasName', { Ref: 'RoleName' }, noValue] },
      Path: { Ref: 'RolePath' },
      Description: roleDescriptionText(vendorName),
      MaxSessionDuration: { Ref: 'MaxSessionDuration' },
      AssumeRolePolicyDocument: trustPolicyResource(externalId),
      ManagedPolicyArns: managedPolicies ?? [
        partitionArn([
          'iam::aws:policy/',
          { 'Fn::FindInMap': ['ManagedPolicies', { Ref: 'Permissions' }, 'Name'] },
        ]),
      ],
    },
  },
  SelfInspection: {
    Type: 'AWS::IAM::RolePolicy',
    Properties: {
      RoleName: { Ref: 'Role' },
      PolicyName: 'self-inspection',
      PolicyDocument: policyDocument([selfInspection({ 'Fn::GetAtt': ['Role', 'Arn'] })]),
    },
  },
});

/** The policies of a permission set: an inline policy, and managed policies for the rest. */
export function setResources(set: SetPolicies | undefined): Record<string, object> {
  if (set === undefined) return {};
  const { inline, managed } = set;
  return {
    ...(inline.length > 0 && {
      Permissions: {
        Type: 'AWS::IAM::RolePolicy',
        Properties: {
          RoleName: { Ref: 'Role' },
          PolicyName: 'permissions',
          PolicyDocument: policyDocument(inline),
        },
      },
    }),
    ...Object.fromEntries(
      managed.map((statements, index) => [
        `Permissions${index + 2}`,
        {
          Type: 'AWS::IAM::ManagedPolicy',
          Properties: { Roles: [{ Ref: 'Role' }], PolicyDocument: policyDocument(statements) },
        },
      ]),
    ),
  };
}

/** The permission set in the callback; a change of it triggers a verification. */
export const setProperties = (set: SetPolicies | undefined) =>
  set && { PermissionSet: set.id, ...(set.without !== '' && { Without: set.without }) };

/** The trust policy, with CloudFormation functions in place of values and of the two optional actions. */
function trustPolicyResource(externalId: unknown) {
  const { always, allowSessionTags, allowSourceIdentity } = rolePolicies.actions;
  return trustPolicyWith({
    principal: { 'Fn::FindInMap': ['Vendor', { Ref: 'AWS::Partition' }, 'Principal'] },
    externalId,
    actions: [
      always,
      { 'Fn::If': ['TagsSessions', allowSessionTags, noValue] },
      { 'Fn::If': ['NamesSource', allowSourceIdentity, noValue] },
    ],
  });
}

/** The function of a custom resource, and its role, which can only write logs. */
export const functionResources = (
  name: string,
  description: string,
  source: string,
  { roleName, ...members }: { readonly roleName?: string; readonly Condition?: string } = {},
) => ({
  [`${name}Log`]: {
    Type: 'AWS::IAM::Role',
    ...members,
    Properties: {
      ...(roleName !== undefined && { RoleName: roleName }),
      Description: 'Lets a function of the connection write its log, and nothing else',
      AssumeRolePolicyDocument: {
        Version: '2012-10-17',
        Statement: [
          { Effect: 'Allow', Principal: { Service: 'lambda.amazonaws.com' }, Action: 'sts:AssumeRole' },
        ],
      },
      ManagedPolicyArns: [partitionArn(['iam::aws:policy/service-role/AWSLambdaBasicExecutionRole'])],
    },
  },
  [`${name}Function`]: {
    Type: 'AWS::Lambda::Function',
    ...members,
    Properties: {
      Description: description,
      Runtime: 'nodejs22.x',
      Handler: 'index.handler',
      Timeout: 150,
      Role: { 'Fn::GetAtt': [`${name}Log`, 'Arn'] },
      Code: { ZipFile: source },
    },
  },
});

export const callbackResource = (
  members: object,
  properties: Record<string, unknown>,
  set?: SetPolicies | undefined,
) => ({
  Type: 'Custom::VendorCallback',
  ...members,
  DependsOn: ['SelfInspection', ...Object.keys(setResources(set))],
  Properties: {
    ServiceToken: { 'Fn::GetAtt': ['CallbackFunction', 'Arn'] },
    ServiceTimeout: 180,
    RoleArn: { 'Fn::GetAtt': ['Role', 'Arn'] },
    RoleId: { 'Fn::GetAtt': ['Role', 'RoleId'] },
    ...properties,
    ...setProperties(set),
    // The function does not read these: a change of them triggers a verification.
    AllowSessionTags: { Ref: 'AllowSessionTags' },
    AllowSourceIdentity: { Ref: 'AllowSourceIdentity' },
  },
});

/** The parameters for options of the role. */
export function optionalParameters(values: Record<string, string>, hasPresets: boolean) {
  const parameter = (name: string, members: Record<string, unknown>, fallback: string) => ({
    [name]: { Type: 'String', ...members, Default: values[name] ?? fallback },
  });
  return {
    ...(hasPresets &&
      parameter(
        'Permissions',
        {
          Description: 'The permissions of the role in this account.',
          AllowedValues: Object.keys(permissionPresets),
        },
        'read-only',
      )),
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
      { Description: 'Whether sessions of the role may have tags.', AllowedValues: ['true', 'false'] },
      'false',
    ),
    ...parameter(
      'AllowSourceIdentity',
      {
        Description: 'Whether sessions of the role may name who is behind them.',
        AllowedValues: ['true', 'false'],
      },
      'false',
    ),
  };
}
