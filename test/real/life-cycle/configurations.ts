/** The stacks of the life cycle: the same connections by the construct and by the Terraform module. */
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { AwsProvider } from '@cdktf/provider-aws/lib/provider/index.js';
import { AwsConnection } from '@rolebridge/constructs';
import { App, TerraformResource, TerraformStack } from 'cdktf';

// biome-ignore lint/suspicious/noExplicitAny: an answer of the API, member by member.
export type Json = any;

/** One connection in a configuration. */
export interface Choices {
  /** The construct's id, or the module's name. */
  readonly id: string;
  /** The id before, when this apply moves it. */
  readonly movedFrom?: { readonly id: string; readonly addresses: readonly string[] } | undefined;
  readonly connection: Json;
  readonly roleName: string;
  readonly path: string;
  readonly policies: string[];
  readonly project: string;
  /** Keys of the account; without them, the environment's. */
  readonly account?: { readonly accessKeyId: string; readonly secretAccessKey: string };
}

export interface Configuration {
  readonly connections: readonly Choices[];
  readonly defaultTags: boolean;
  readonly providerVersion: string;
}

/** Writes a configuration, and says where Terraform runs. */
export type Write = (folder: string, configuration: Configuration) => string;

const OWN_STATEMENT = { actions: ['s3:GetObject'], resources: ['*'] };
const TAGS = { team: 'platform' };

const valuesOf = (connection: Json) => ({
  connectionId: String(connection.id),
  externalId: String(connection.externalId),
  principal: String(connection.principal),
  callbackUrl: String(connection.callbackUrl),
  expectedAccountId: String(connection.expectedAccountId),
});

export const construct: Write = (folder, { connections, defaultTags, providerVersion }) => {
  const app = new App({ outdir: path.join(folder, 'out') });
  const stack = new TerraformStack(app, 'stack');
  const provider = { region: 'us-east-1', ...(defaultTags && { defaultTags: [{ tags: TAGS }] }) };
  new AwsProvider(stack, 'aws', provider);
  for (const choices of connections) {
    const { id, connection, roleName, policies, project, account, movedFrom } = choices;
    const own =
      account &&
      new AwsProvider(stack, `aws-${id}`, {
        ...provider,
        alias: id,
        accessKey: account.accessKeyId,
        secretKey: account.secretAccessKey,
      });
    const made = new AwsConnection(stack, id, {
      ...valuesOf(connection),
      scope: { project },
      roleName,
      path: choices.path,
      permissions: { managedPolicies: policies, statements: [OWN_STATEMENT] },
      destroyTimeoutSeconds: 5,
      ...(own && { provider: own }),
    });
    if (movedFrom) moveFrom(made, id, movedFrom);
  }
  app.synth();
  const where = path.join(folder, 'out/stacks/stack');
  const file = path.join(where, 'cdk.tf.json');
  const json = JSON.parse(readFileSync(file, 'utf8'));
  json.terraform.backend.local.path = '../../../terraform.tfstate';
  json.terraform.required_providers.aws.version = providerVersion;
  writeFileSync(file, JSON.stringify(json));
  return where;
};

/** As constructs/README.md says it: each resource moves from the address that `terraform state list` shows. */
function moveFrom(
  made: AwsConnection,
  id: string,
  { id: oldId, addresses }: { id: string; addresses: readonly string[] },
): void {
  for (const child of made.node.findAll()) {
    if (!TerraformResource.isTerraformResource(child)) continue;
    const place = child.friendlyUniqueId.replace(/_[0-9A-F]{8}$/, '').slice(id.length);
    const address = addresses.find((each) =>
      each.replace(/_[0-9A-F]{8}$/, '').endsWith(`${child.terraformResourceType}.${oldId}${place}`),
    );
    if (address !== undefined) child.moveFromId(address);
  }
}

export const terraformModule: Write = (folder, { connections, defaultTags, providerVersion }) => {
  mkdirSync(path.join(folder, 'module'), { recursive: true });
  cpSync('service/terraform-module', path.join(folder, 'module'), { recursive: true });
  const tags = defaultTags ? '\n  default_tags {\n    tags = { team = "platform" }\n  }' : '';
  const text = `terraform {
  required_providers {
    aws = { source = "hashicorp/aws", version = "${providerVersion}" }
  }
}
provider "aws" {
  region = "us-east-1"${tags}
}
${connections.map((choices) => moduleCall(choices, tags)).join('')}`;
  writeFileSync(path.join(folder, 'main.tf'), text);
  return folder;
};

function moduleCall(choices: Choices, tags: string): string {
  const { id, roleName, policies, project, account, movedFrom } = choices;
  const { connectionId, externalId, principal, callbackUrl, expectedAccountId } = valuesOf(
    choices.connection,
  );
  return `${
    account
      ? `provider "aws" {
  alias      = "${id}"
  region     = "us-east-1"
  access_key = "${account.accessKeyId}"
  secret_key = "${account.secretAccessKey}"${tags}
}
`
      : ''
  }module "${id}" {
  source = "./module"
${account ? `  providers = { aws = aws.${id} }\n` : ''}
  connection_id           = "${connectionId}"
  external_id             = "${externalId}"
  principal               = "${principal}"
  callback_url            = "${callbackUrl}"
  expected_account_id     = "${expectedAccountId}"
  scope                   = { project = "${project}" }
  role_name               = "${roleName}"
  path                    = "${choices.path}"
  managed_policies        = { ${policies.map((name) => `${name} = "${name}"`).join(', ')} }
  policy_json             = jsonencode({ Version = "2012-10-17", Statement = [{ Effect = "Allow", Action = "s3:GetObject", Resource = "*" }] })
  destroy_timeout_seconds = 5
}
${movedFrom ? `moved {\n  from = module.${movedFrom.id}\n  to   = module.${id}\n}\n` : ''}`;
}
