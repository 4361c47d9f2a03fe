import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { DataAwsCallerIdentity } from '@cdktf/provider-aws/lib/data-aws-caller-identity/index.js';
import { IamRole } from '@cdktf/provider-aws/lib/iam-role/index.js';
import { IamRolePolicy } from '@cdktf/provider-aws/lib/iam-role-policy/index.js';
import { IamRolePolicyAttachment } from '@cdktf/provider-aws/lib/iam-role-policy-attachment/index.js';
import { AwsProvider } from '@cdktf/provider-aws/lib/provider/index.js';
import { AwsConnection } from '@rolebridge/constructs';
import {
  App,
  AssetType,
  dependable,
  type LocalExecProvisioner,
  TerraformAsset,
  TerraformOutput,
  TerraformResource,
  TerraformStack,
} from 'cdktf';
import { interleaved, type Measurement, median } from './measure.js';

const principal = 'arn:aws:iam::123456789012:role/vendor';
const callbackUrl = 'https://vendor.example/v1/callbacks';
const readOnly = 'arn:aws:iam::aws:policy/ReadOnlyAccess';
/** The fingerprint of the trust policy: handwritten code doesn't need to compute it. */
const fingerprint = '5f229bda48ef42c050d4c3738e9e0de5acee74063c192d0831f3ceef57b2cdd0';
const script = join(
  dirname(createRequire(import.meta.url).resolve('../../constructs/package.json')),
  'callback-script/rolebridge-callback.cjs',
);

type Build = (stack: TerraformStack, number: number) => void;

/** Synthesizes `examples/smallest`, and the same resources written by hand with the bindings. */
export async function measureSynth(directory: string): Promise<Measurement[]> {
  mkdirSync(directory, { recursive: true });
  assertSameResources(directory);
  const synthesize = (build: Build, connections: number) => () => {
    const startedAt = performance.now();
    synthesizeApp(`${directory}/app`, build, connections);
    return (performance.now() - startedAt) / connections;
  };
  // A round is the median of some apps: a single one is over before the clock says much.
  const several = (build: Build) => () => median(Array.from({ length: 20 }, synthesize(build, 1)));

  for (let warmUp = 0; warmUp < 10; warmUp++) {
    several(withConstruct)();
    several(byHand)();
  }
  const one = await interleaved(20, { ours: several(withConstruct), baseline: several(byHand) });
  const many = await interleaved(5, {
    ours100: synthesize(withConstruct, 100),
    hand100: synthesize(byHand, 100),
    ours1000: synthesize(withConstruct, 1_000),
    hand1000: synthesize(byHand, 1_000),
  });
  rmSync(directory, { recursive: true, force: true });
  const unit = 'ms/connection';
  return [
    { name: 'synth of the smallest example, against the same by hand', unit, ...one, goal: { atMost: 1.15 } },
    { name: 'synth of 100 connections, by hand', unit, ours: many.ours100, baseline: many.hand100 },
    { name: 'synth of 1,000 connections, by hand', unit, ours: many.ours1000, baseline: many.hand1000 },
    {
      name: 'synth is linear: 1,000 connections against 100',
      unit,
      ours: many.ours1000,
      baseline: many.ours100,
      goal: { atMost: 1.25 },
    },
    {
      name: 'the same resources by hand: 1,000 against 100',
      unit,
      ours: many.hand1000,
      baseline: many.hand100,
    },
  ];
}

function synthesizeApp(outdir: string, build: Build, connections: number): void {
  const app = new App({ outdir });
  const stack = new TerraformStack(app, 'rolebridge');
  new AwsProvider(stack, 'aws', { region: 'eu-central-1' });
  for (let number = 0; number < connections; number++) build(stack, number);
  app.synth();
}

const withConstruct: Build = (stack, number) => {
  const connection = new AwsConnection(stack, `vendor-${number}`, {
    connectionId: `con_${number}`,
    externalId: `the-external-id-${number}`,
    principal,
    callbackUrl,
    permissions: 'read-only',
    scope: {},
  });
  new TerraformOutput(stack, `role_arn_${number}`, { value: connection.roleArn });
};

const byHand: Build = (stack, number) => {
  const connectionId = `con_${number}`;
  const role = new IamRole(stack, `role-${number}`, {
    namePrefix: 'vendor-access-',
    assumeRolePolicy: JSON.stringify({
      Version: '2012-10-17',
      Statement: [
        {
          Effect: 'Allow',
          Principal: { AWS: principal },
          Action: 'sts:AssumeRole',
          Condition: { StringEquals: { 'sts:ExternalId': `the-external-id-${number}` } },
        },
      ],
    }),
    description: "Cross-account access for a vendor, with the connection's external ID",
    forceDetachPolicies: true,
  });
  const lifecycle = { replaceTriggeredBy: [`${dependable(role)}.unique_id`] };
  const attachment = new IamRolePolicyAttachment(stack, `attachment-${number}`, {
    role: role.name,
    policyArn: readOnly,
    lifecycle,
  });
  const selfInspection = new IamRolePolicy(stack, `self-${number}`, {
    name: 'self-inspection',
    role: role.name,
    policy: `{"Version":"2012-10-17","Statement":[{"Sid":"SelfInspection","Effect":"Allow","Action":["iam:GetRole","iam:SimulatePrincipalPolicy"],"Resource":[\${jsonencode(${dependable(role)}.arn)}]}]}`,
    lifecycle,
  });
  const policies = [role, attachment, selfInspection];
  const asset =
    (stack.node.tryFindChild('script') as TerraformAsset | undefined) ??
    new TerraformAsset(stack, 'script', { path: script, type: AssetType.FILE });
  const run = {
    type: 'local-exec',
    interpreter: ['node'],
    command: asset.path,
  } satisfies LocalExecProvisioner;

  const identity = {
    CONNECT_EXTERNAL_ID: `the-external-id-${number}`,
    CONNECT_PRINCIPAL: principal,
  };
  const common = {
    CONNECT_LABEL: `vendor-${number}`,
    CONNECT_CALLBACK_URL: callbackUrl,
    CONNECT_CONNECTION_ID: connectionId,
    CONNECT_DEADLINE_SECONDS: '120',
    ...identity,
  };
  const { accountId } = new DataAwsCallerIdentity(stack, `caller-${number}`);
  const check = terraformData(stack, `check-${number}`, [], {
    ...run,
    environment: { ...common, CONNECT_EVENT: 'connection.check', CONNECT_ACCOUNT_ID: accountId },
  });
  check.addOverride('triggers_replace', {
    connection_id: connectionId,
    callback_url: callbackUrl,
    account_id: accountId,
    ...identity,
  });
  role.dependsOn = [dependable(check)];

  const deregistration = terraformData(stack, `deregistration-${number}`, policies, {
    type: 'local-exec',
    when: 'destroy',
    command: `node -e "require(require('node:path').resolve(process.env.CONNECT_SCRIPT))" || echo vendor-${number}: warning: Node or the script failed, so the service was not notified && exit 0`,
    environment: {
      CONNECT_EVENT: 'role.deprovisioned',
      CONNECT_LABEL: `vendor-${number}`,
      CONNECT_SCRIPT: asset.path,
      CONNECT_CALLBACK_URL: '${self.input.callback_url}',
      CONNECT_CONNECTION_ID: '${self.input.connection_id}',
      CONNECT_ROLE_ARN: '${self.input.role_arn}',
      CONNECT_ROLE_ID: '${self.input.role_id}',
      CONNECT_DEADLINE_SECONDS: '15',
      CONNECT_FAIL_WHEN_UNREACHABLE: 'false',
    },
  });
  deregistration.addOverride('input', {
    connection_id: connectionId,
    callback_url: callbackUrl,
    role_arn: role.arn,
    role_id: role.uniqueId,
  });
  deregistration.addOverride('triggers_replace', { connection_id: connectionId });
  const registration = terraformData(stack, `registration-${number}`, [...policies, deregistration], {
    ...run,
    environment: {
      ...common,
      CONNECT_EVENT: 'role.provisioned',
      CONNECT_ROLE_ARN: role.arn,
      CONNECT_ROLE_ID: role.uniqueId,
      CONNECT_SCOPE: '{}',
      CONNECT_EXPECTED_ACCOUNT_ID: '',
    },
  });
  registration.addOverride('triggers_replace', {
    connection_id: connectionId,
    callback_url: callbackUrl,
    role_arn: role.arn,
    role_id: role.uniqueId,
    scope: '{}',
    trust_policy: fingerprint,
    managed_policies: [attachment.policyArn],
    inline_policy: '',
    self_inspection: 'true',
    permissions_boundary: '',
    deregistration: `\${${dependable(deregistration)}.id}`,
  });
  new TerraformOutput(stack, `role_arn_${number}`, { value: role.arn });
};

function terraformData(
  stack: TerraformStack,
  id: string,
  after: readonly TerraformResource[],
  provisioner: LocalExecProvisioner,
): TerraformResource {
  const resource = new TerraformResource(stack, id, {
    terraformResourceType: 'terraform_data',
    provisioners: [provisioner],
  });
  resource.dependsOn = after.map(dependable);
  return resource;
}

/** A comparison of different resources would be worth nothing. */
function assertSameResources(directory: string): void {
  const [ours, hand] = [withConstruct, byHand].map((build) => {
    synthesizeApp(`${directory}/app`, build, 1);
    const file = `${directory}/app/stacks/rolebridge/cdk.tf.json`;
    const { resource, output } = JSON.parse(readFileSync(file, 'utf8'));
    return shape({ resource: Object.values(resource as object).map((type) => Object.values(type)), output });
  });
  if (ours !== hand) throw new Error(`Not the same resources:\n${ours}\n${hand}`);
}

/** The values, without the names that the constructs' paths give them. */
const shape = (value: unknown): string =>
  JSON.stringify(sorted(value))
    .replace(
      /(\b(?:aws_iam_role|aws_iam_role_policy|aws_iam_role_policy_attachment|aws_caller_identity|terraform_data)\.)[\w-]+/g,
      '$1NAME',
    )
    .replace(/assets\/[^"]*/g, 'ASSET')
    .replace(/[0-9a-f]{64}/g, 'FINGERPRINT');

function sorted(value: unknown): unknown {
  if (Array.isArray(value))
    return value.map(sorted).sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([key]) => key !== '//')
      .sort(([one], [other]) => (one < other ? -1 : 1))
      .map(([key, member]) => [key, sorted(member)]),
  );
}
