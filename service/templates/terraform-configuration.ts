import { callbackSource } from './callback-source.js';
import { attributes, list } from './hcl.js';
import { hclText } from './quoting.js';
import {
  policyArnsOf,
  type RoleDescription,
  regionOf,
  roleDescriptionText,
  trustPolicyOf,
} from './role-description.js';

/**
 * One file of plain HCL, as `terraform fmt` has it, with all that it needs: the role, its policies and the callback.
 * The module in `terraform-module` does the same with every option, and says more when a role is refused.
 */
export function terraformConfiguration(description: RoleDescription): string {
  const [statement] = trustPolicyOf(description).Statement as [
    ReturnType<typeof trustPolicyOf>['Statement'][number],
  ];
  const { scope, expectedAccountId, roleName, path, maxSessionDuration } = description;
  const scopeJson = scope === undefined ? '' : JSON.stringify(scope);
  return `# Connects this AWS account with Rolebridge. In an empty folder, with Node 18 or newer and AWS credentials of the account:
#   export ROLEBRIDGE_CALLBACK_SECRET=whsec_...
#   terraform init
#   terraform apply

terraform {
  required_version = ">= 1.4"

  required_providers {
    aws = {
      source = "hashicorp/aws"
    }
  }
}

provider "aws" {
${attributes('  ', [
  ['region', hclText(regionOf(description))],
  ['allowed_account_ids', expectedAccountId && list([expectedAccountId])],
])}}

locals {
${attributes('  ', [
  ['connection_id', hclText(description.connectionId)],
  ['callback_url', hclText(description.callbackUrl)],
  ['scope', hclText(scopeJson)],
])}
  callback = <<-JS
${indented(callbackSource, '    ')}
${indented(runCallback, '    ')}  JS
}

resource "aws_iam_role" "rolebridge" {
${attributes('  ', [
  roleName === undefined ? ['name_prefix', '"rolebridge-"'] : ['name', hclText(roleName)],
  ['path', path && hclText(path)],
  ['description', hclText(roleDescriptionText)],
  ['max_session_duration', maxSessionDuration && String(maxSessionDuration)],
  ['force_detach_policies', 'true'],
])}
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { AWS = ${hclText(statement.Principal.AWS)} }
      Action    = ${typeof statement.Action === 'string' ? hclText(statement.Action) : list(statement.Action)}
      Condition = { StringEquals = { "sts:ExternalId" = ${hclText(description.externalId)} } }
    }]
  })
}

resource "aws_iam_role_policy_attachment" "rolebridge" {
  for_each = toset(${list(policyArnsOf(description))})

  role       = aws_iam_role.rolebridge.name
  policy_arn = each.value

  # A role that is replaced under its old name has lost its policies; the name alone doesn't show that.
  lifecycle {
    replace_triggered_by = [aws_iam_role.rolebridge.unique_id]
  }
}

# Tells the vendor, before the role goes, that it goes.
resource "terraform_data" "deregistration" {
  triggers_replace = local.connection_id

  input = {
    connection_id = local.connection_id
    callback_url  = local.callback_url
    role_arn      = aws_iam_role.rolebridge.arn
    callback      = local.callback
  }

  provisioner "local-exec" {
    when        = destroy
    interpreter = ["node", "-e"]
    command     = self.input.callback

    environment = {
      ROLEBRIDGE_EVENT         = "role.deprovisioned"
      ROLEBRIDGE_CALLBACK_URL  = self.input.callback_url
      ROLEBRIDGE_CONNECTION_ID = self.input.connection_id
      ROLEBRIDGE_ROLE_ARN      = self.input.role_arn
    }
  }

  depends_on = [aws_iam_role_policy_attachment.rolebridge]
}

# Registers the role once it and its policies are there, and again when one of them changes.
resource "terraform_data" "registration" {
  triggers_replace = {
    connection_id = local.connection_id
    callback_url  = local.callback_url
    scope         = local.scope
    role          = aws_iam_role.rolebridge.unique_id
    trust_policy  = aws_iam_role.rolebridge.assume_role_policy
    policies      = keys(aws_iam_role_policy_attachment.rolebridge)
  }

  provisioner "local-exec" {
    interpreter = ["node", "-e"]
    command     = local.callback

    environment = {
      ROLEBRIDGE_EVENT         = "role.provisioned"
      ROLEBRIDGE_CALLBACK_URL  = local.callback_url
      ROLEBRIDGE_CONNECTION_ID = local.connection_id
      ROLEBRIDGE_ROLE_ARN      = aws_iam_role.rolebridge.arn
      ROLEBRIDGE_SCOPE         = local.scope
    }
  }

  depends_on = [terraform_data.deregistration]
}

output "role_arn" {
  value = aws_iam_role.rolebridge.arn
}
`;
}

const runCallback = `const env = process.env;
const isEnd = env.ROLEBRIDGE_EVENT === 'role.deprovisioned';
const id = env.ROLEBRIDGE_CONNECTION_ID;
const secret = env['ROLEBRIDGE_CALLBACK_SECRET_' + id.toUpperCase()] || env.ROLEBRIDGE_CALLBACK_SECRET || '';
const data = { connectionId: id, roleArn: env.ROLEBRIDGE_ROLE_ARN };
if (env.ROLEBRIDGE_SCOPE) data.scope = JSON.parse(env.ROLEBRIDGE_SCOPE);
callBack(env.ROLEBRIDGE_CALLBACK_URL, secret, env.ROLEBRIDGE_EVENT, data, Date.now() + (isEnd ? 15000 : 120000)).then(
  () => console.log(isEnd ? 'rolebridge: disconnected' : 'rolebridge: connected'),
  (error) => {
    console.log('rolebridge: not ' + (isEnd ? 'told that the role goes: ' : 'connected: ') + error.message);
    // A vendor that can't be reached must not keep the role from going.
    process.exitCode = isEnd ? 0 : 1;
  },
);
`;

const indented = (text: string, indent: string): string => text.replace(/^(?=.)/gm, indent);
