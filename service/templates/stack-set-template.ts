import { type Enrollment, enrollmentRoleName } from '../domain/enrollment.js';
import { partitions } from '../domain/role-arn.js';
import { builtCallback } from './built-callback.js';
import {
  callbackResource,
  functionResources,
  optionalParameters,
  principalMapping,
  roleResources,
  sessionConditions,
  setResources,
  type VendorOfTemplate,
} from './cloudformation-parts.js';
import { setPoliciesOf } from './permission-set-policies.js';
import { type ChosenPermissionSet, managedPolicyArns } from './permissions.js';
import { yamlText } from './quoting.js';

/**
 * The template for a StackSet of an AWS Organization. In each account, a custom resource registers the account, which gets
 * a separate connection; the role requires the external ID of that connection; the callback connects the role. All accounts
 * share the parameters; `Label` can differ between organizational units.
 */
export function stackSetTemplate(vendor: VendorOfTemplate, enrollment: EnrollmentOfTemplate): string {
  const note = `# Connects each account that you deploy it to, as a StackSet. Every account registers itself with the enrollment's secret and gets
# a separate connection and external ID.
`;
  return note + yamlText(stackSetDocument(vendor, enrollment)).trimStart();
}

/** The values of an enrollment in its template. */
export type EnrollmentOfTemplate = Pick<Enrollment, 'id' | 'partition'> & {
  readonly enrollmentUrl: string;
  /** The permission set of each role. @default a preset, which is a parameter */
  readonly permissions?: ChosenPermissionSet | undefined;
};

/** The template as data. */
export function stackSetDocument(
  vendor: VendorOfTemplate,
  { id, partition, enrollmentUrl, permissions }: EnrollmentOfTemplate,
) {
  const set = permissions && setPoliciesOf({ permissions });
  const own = permissions && managedPolicyArns(permissions, partition);
  const ofConnection = (name: string) => ({ 'Fn::GetAtt': ['Enrollment', name] });
  return {
    AWSTemplateFormatVersion: '2010-09-09',
    Description: 'Creates a separate connection for this account',
    Parameters: {
      EnrollmentSecret: {
        Type: 'String',
        Description: 'The secret of the enrollment (whsec_...).',
        NoEcho: true,
        AllowedPattern: '^whsec_[A-Za-z0-9+/]{22,}={0,2}$',
      },
      Label: {
        Type: 'String',
        Description: 'The label in the scope rule of the enrollment, such as an environment.',
        AllowedPattern: '^([A-Za-z0-9][A-Za-z0-9._-]{0,63})?$',
        Default: '',
      },
      ...optionalParameters({}, own === undefined),
    },
    Mappings: principalMapping(vendor, own === undefined),
    Conditions: sessionConditions,
    Resources: {
      ...functionResources(
        'Enrollment',
        'Creates a separate connection for this account',
        builtCallback('lambda-enrollment'),
        {
          roleName: enrollmentRoleName(id),
        },
      ),
      Enrollment: {
        Type: 'Custom::VendorEnrollment',
        Properties: {
          ServiceToken: { 'Fn::GetAtt': ['EnrollmentFunction', 'Arn'] },
          ServiceTimeout: 180,
          EnrollmentUrl: enrollmentUrl,
          EnrollmentSecret: { Ref: 'EnrollmentSecret' },
          StsHost: partitions[partition].stsHost,
          Label: { Ref: 'Label' },
        },
      },
      ...roleResources(vendor, ofConnection('ExternalId'), own),
      ...setResources(set),
      ...functionResources(
        'Callback',
        'Reports that the role is there, or that it goes',
        builtCallback('lambda-callback'),
      ),
      Callback: callbackResource(
        {},
        {
          ConnectionId: ofConnection('ConnectionId'),
          ExternalId: ofConnection('ExternalId'),
          CallbackUrl: vendor.callbackUrl,
          CallbackSecret: ofConnection('CallbackSecret'),
        },
        set,
      ),
    },
    Outputs: {
      ConnectionId: { Description: 'The connection of this account.', Value: ofConnection('ConnectionId') },
      RoleArn: { Description: 'The role of this account.', Value: { 'Fn::GetAtt': ['Role', 'Arn'] } },
    },
  };
}
