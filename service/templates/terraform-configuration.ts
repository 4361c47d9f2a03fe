import { selfInspection, trustPolicy } from '../domain/trust-policy.js';
import { builtCallback } from './built-callback.js';
import { attributes, hclValue, list } from './hcl.js';
import { policyDocument, setPoliciesOf } from './permission-set-policies.js';
import { hclText } from './quoting.js';
import {
  policyArnsOf,
  type RoleDescription,
  regionOf,
  roleDescriptionText,
  vendorId,
} from './role-description.js';
import { setPlaces, setResources } from './terraform-permission-set.js';

/**
 * One file of plain HCL, in the layout of `terraform fmt`: the role, its policies and the callback. The module in
 * `terraform-module` does the same with every option, and explains refusals in more detail.
 */
export function terraformConfiguration(description: RoleDescription): string {
  const { scope, expectedAccountId, roleName, path, maxSessionDuration } = description;
  const scopeJson = scope === undefined ? '' : JSON.stringify(scope);
  const set = setPoliciesOf(description);
  return `# Connects this AWS account. In an empty folder, with Node 18 or newer and AWS credentials of the account:
#   export CONNECT_CALLBACK_SECRET=whsec_...
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
  ['external_id', hclText(description.externalId)],
  ['principal', hclText(description.principal)],
  ['scope', hclText(scopeJson)],
  ['vendor_name', hclText(vendorId(description))],
])}
  # Reports the role to the service. Built from a public source; read it as you would a script.
  callback = <<-JS
${indented(escaped(builtCallback('script')), '    ')}  JS
}

data "aws_caller_identity" "current" {}

# The script is in the environment, because Terraform prints the command.
# The dry run: are secret, URL, external ID and account right? Before there is a role.
resource "terraform_data" "check" {
  triggers_replace = {
    connection_id = local.connection_id
    callback_url  = local.callback_url
    external_id   = local.external_id
    account_id    = data.aws_caller_identity.current.account_id
  }

  provisioner "local-exec" {
    interpreter = ["node", "-e"]
    command     = "eval(process.env.CONNECT_SCRIPT)"

    environment = {
      CONNECT_SCRIPT        = local.callback
      CONNECT_EVENT         = "connection.check"
      CONNECT_INPUTS        = "hcl"
      CONNECT_LABEL         = local.vendor_name
      CONNECT_CALLBACK_URL  = local.callback_url
      CONNECT_CONNECTION_ID = local.connection_id
      CONNECT_EXTERNAL_ID   = local.external_id
      CONNECT_PRINCIPAL     = local.principal
      CONNECT_ACCOUNT_ID    = data.aws_caller_identity.current.account_id
    }
  }
}

resource "aws_iam_role" "vendor" {
${attributes('  ', [
  roleName === undefined ? ['name_prefix', '"vendor-access-"'] : ['name', hclText(roleName)],
  ['path', path && hclText(path)],
  ['description', hclText(roleDescriptionText(description.vendorName))],
  ['max_session_duration', maxSessionDuration && String(maxSessionDuration)],
  ['force_detach_policies', 'true'],
])}
  assume_role_policy = jsonencode(${trustPolicyHcl(description)})

  depends_on = [terraform_data.check]
}

resource "aws_iam_role_policy_attachment" "vendor" {
  for_each = toset(${list(policyArnsOf(description))})

  role       = aws_iam_role.vendor.name
  policy_arn = each.value

  # A role that is replaced under its old name has lost its policies; the name alone doesn't show that.
  lifecycle {
    replace_triggered_by = [aws_iam_role.vendor.unique_id]
  }
}

# The role may read itself, so that its checks can prove that it is safe and sufficient.
resource "aws_iam_role_policy" "self_inspection" {
  name = "self-inspection"
  role = aws_iam_role.vendor.name
  policy = jsonencode(${selfInspectionHcl()})

  lifecycle {
    replace_triggered_by = [aws_iam_role.vendor.unique_id]
  }
}

${set ? setResources(set) : ''}# Deregisters the role before it goes.
resource "terraform_data" "deregistration" {
  triggers_replace = local.connection_id

  # The script is marked as sensitive, so that a plan does not print it.
  input = {
    connection_id = local.connection_id
    callback_url  = local.callback_url
    role_arn      = aws_iam_role.vendor.arn
    role_id       = aws_iam_role.vendor.unique_id
    callback      = sensitive(local.callback)
    vendor_name   = local.vendor_name
  }

  # A shell, so that a machine without Node can warn.
  provisioner "local-exec" {
    when    = destroy
    command = "node -e \\"eval(process.env.CONNECT_SCRIPT)\\" || echo \${self.input.vendor_name}: warning: Node failed, so the service was not notified && exit 0"

    environment = {
      # Not sensitive here, or Terraform would hide the output.
      CONNECT_SCRIPT        = nonsensitive(sensitive(self.input.callback))
      CONNECT_EVENT         = "role.deprovisioned"
      CONNECT_LABEL         = self.input.vendor_name
      CONNECT_CALLBACK_URL  = self.input.callback_url
      CONNECT_CONNECTION_ID = self.input.connection_id
      CONNECT_ROLE_ARN      = self.input.role_arn
      CONNECT_ROLE_ID       = self.input.role_id
    }
  }

  depends_on = [aws_iam_role_policy_attachment.vendor, aws_iam_role_policy.self_inspection${
    set
      ? setPlaces(set)
          .map(({ dependency }) => `, ${dependency}`)
          .join('')
      : ''
  }]
}

# Registers the role once it and its policies are there, and again when one of them changes.
resource "terraform_data" "registration" {
  triggers_replace = {
    connection_id = local.connection_id
    callback_url  = local.callback_url
    scope         = local.scope
    role_id       = aws_iam_role.vendor.unique_id
    trust_policy  = aws_iam_role.vendor.assume_role_policy
    policies      = ${
      set
        ? `concat(keys(aws_iam_role_policy_attachment.vendor), [${setPlaces(set)
            .map(({ document }) => `sha256(${document})`)
            .join(', ')}])`
        : 'keys(aws_iam_role_policy_attachment.vendor)'
    }
    # A new deregistration means that the old one has run: the role is registered again.
    deregistration = terraform_data.deregistration.id
  }

  provisioner "local-exec" {
    interpreter = ["node", "-e"]
    command     = "eval(process.env.CONNECT_SCRIPT)"

    environment = {
${attributes('      ', [
  ['CONNECT_SCRIPT', 'local.callback'],
  ['CONNECT_EVENT', '"role.provisioned"'],
  ['CONNECT_INPUTS', '"hcl"'],
  ['CONNECT_LABEL', 'local.vendor_name'],
  ['CONNECT_CALLBACK_URL', 'local.callback_url'],
  ['CONNECT_CONNECTION_ID', 'local.connection_id'],
  ['CONNECT_EXTERNAL_ID', 'local.external_id'],
  ['CONNECT_PRINCIPAL', 'local.principal'],
  ['CONNECT_ROLE_ARN', 'aws_iam_role.vendor.arn'],
  ['CONNECT_ROLE_ID', 'aws_iam_role.vendor.unique_id'],
  ['CONNECT_SCOPE', 'local.scope'],
  ['CONNECT_PERMISSION_SET', set && hclText(set.id)],
  ['CONNECT_WITHOUT', set && set.without !== '' && hclText(set.without)],
])}    }
  }

  depends_on = [terraform_data.deregistration]
}

output "role_arn" {
  value = aws_iam_role.vendor.arn
}
`;
}

/** Refers to `locals`, so that a change there changes the role. */
const trustPolicyHcl = (description: RoleDescription): string =>
  hclWith(trustPolicy({ ...description, principal: '{principal}', externalId: '{externalId}' }), {
    principal: 'local.principal',
    externalId: 'local.external_id',
  });

/** Only Terraform knows the ARN. */
const selfInspectionHcl = (): string =>
  hclWith(policyDocument([selfInspection('{roleArn}')]), { roleArn: 'aws_iam_role.vendor.arn' });

/** A policy with Terraform expressions in place of some values. */
const hclWith = (policy: unknown, expressions: Readonly<Record<string, string>>): string =>
  Object.entries(expressions).reduce(
    (text, [name, expression]) => text.replace(`"{${name}}"`, expression),
    hclValue(policy, '  '),
  );

/** Escapes the sequences that Terraform evaluates in a heredoc. */
const escaped = (text: string): string => text.replace(/[$%](?=\{)/g, '$&$&');

const indented = (text: string, indent: string): string => text.replace(/^(?=.)/gm, indent);
