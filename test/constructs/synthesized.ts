/** Shared by the construct tests: valid props, and their Terraform JSON. */
import { AwsProvider } from '@cdktf/provider-aws/lib/provider/index.js';
import type { AwsConnectionProps } from '@rolebridge/constructs';
import { App, TerraformStack, Testing } from 'cdktf';

export const VENDOR_ROLE = 'arn:aws:iam::123456789012:role/rolebridge';
export const EXTERNAL_ID = 'Vq3n8XkLw0ZcR7yT1uHs5A';

export const validProps: AwsConnectionProps = {
  connectionId: 'con_8f3kQz',
  externalId: EXTERNAL_ID,
  principal: VENDOR_ROLE,
  callbackUrl: 'https://connect.vendor.example/v1/callbacks',
};

/** Looked at by each test for itself. */
export type Json = ReturnType<typeof JSON.parse>;

export interface TerraformJson {
  readonly resource: Record<string, Record<string, Json>>;
  readonly data?: Record<string, Record<string, Record<string, unknown>>>;
  readonly check?: Record<string, Json>;
  readonly terraform?: { readonly required_providers: Record<string, unknown> };
}

/** A stack with an AWS provider, and whatever `build` adds. */
export function stackOf(build: (stack: TerraformStack) => void): TerraformStack {
  const stack = new TerraformStack(new App({ skipValidation: true }), 'test');
  new AwsProvider(stack, 'aws', { region: 'eu-central-1' });
  build(stack);
  return stack;
}

/** The stack's Terraform JSON, with CDKTF's validations run. */
export function synthesize(build: (stack: TerraformStack) => void): TerraformJson {
  return JSON.parse(Testing.synth(stackOf(build), true));
}

/** The one resource of a type. */
export function only(json: TerraformJson, type: string): Json {
  const all = Object.values(json.resource[type] ?? {});
  if (all.length !== 1) throw new Error(`expected one ${type}, found ${all.length}`);
  return all[0];
}

/** The resources of the callback: registration and deregistration. */
export function callbackOf(json: TerraformJson, construct = '') {
  const [registration, ...others] = Object.entries(json.resource.terraform_data ?? {}).filter(
    ([name]) => name.startsWith(construct) && name.includes('_registration_'),
  );
  const [deregistration] = Object.entries(json.resource.terraform_data ?? {}).filter(
    ([name]) => name.startsWith(construct) && name.includes('_deregistration_'),
  );
  if (!registration || !deregistration || others.length > 0) throw new Error('expected one callback');
  return {
    registration: registration[1],
    deregistration: deregistration[1],
    deregistrationAddress: `terraform_data.${deregistration[0]}`,
    registrationProvisioner: registration[1].provisioner[0]['local-exec'],
    deregistrationProvisioner: deregistration[1].provisioner[0]['local-exec'],
  };
}

/** Every address of the role and its policies. */
export function roleAddresses(json: TerraformJson): string[] {
  return ['aws_iam_role', 'aws_iam_role_policy_attachment', 'aws_iam_role_policy'].flatMap((type) =>
    Object.keys(json.resource[type] ?? {}).map((name) => `${type}.${name}`),
  );
}

/** The warnings on a stack's constructs. */
export function warningsOf(stack: TerraformStack): string[] {
  return stack.node
    .findAll()
    .flatMap((construct) => construct.node.metadata)
    .filter(({ type }) => type === '@cdktf/warn')
    .map(({ data }) => String(data));
}
