# The role, its policies and the callback: the same resources as the constructs of @rolebridge/constructs make.

locals {
  partition = split(":", var.principal)[1]

  # The policies that every template of this role is made from.
  policies = jsondecode(file("${path.module}/role-policies.json"))

  # Keys that are known at plan, also where an ARN is not: the names of a map, the values of a set.
  is_list = jsonencode([for key, _ in var.managed_policies : key]) == jsonencode(range(length(var.managed_policies)))
  managed_policies = merge(
    var.permissions == null ? {} : { (var.permissions) = local.policies.presets[var.permissions] },
    { for key, policy in var.managed_policies : tostring(key) => policy if !local.is_list },
    { for policy in try(local.set.managedPolicies, []) : policy => policy },
  )
  aws_policies = "arn:${local.partition}:iam::aws:policy/"
  policy_arns  = { for key, policy in local.managed_policies : key => startswith(policy, "arn:") ? policy : "${local.aws_policies}${policy}" }
  listed_arns  = [for policy in var.managed_policies : startswith(policy, "arn:") ? policy : "${local.aws_policies}${policy}" if local.is_list]

  # The session actions are in the same statement: a separate one without the condition would bypass it.
  actions = concat(
    [local.policies.actions.always],
    var.allow_session_tags ? [local.policies.actions.allowSessionTags] : [],
    var.allow_source_identity ? [local.policies.actions.allowSourceIdentity] : [],
  )

  # Each value takes the place of a whole JSON string, so that none can become another part of the policy.
  trust_policy = replace(replace(replace(jsonencode(local.policies.trustPolicy),
    "\"{actions}\"", length(local.actions) == 1 ? jsonencode(local.actions[0]) : jsonencode(local.actions)),
    "\"{principal}\"", jsonencode(var.principal)),
    "\"{externalId}\"", jsonencode(var.external_id),
  )

  set    = jsondecode(var.permission_set_file == null ? "{\"statements\": []}" : file(var.permission_set_file))
  set_id = var.permission_set_file == null ? "" : "${local.set.name}@${local.set.version}"

  # Each statement as JSON text: types of statements differ, and a list has one type.
  set_statements = concat(
    [
      for one in local.set.statements : jsonencode(merge(
        { Sid = one.sid, Effect = "Allow", Action = one.actions, Resource = one.resources },
        try({ Condition = one.conditions }, {}),
      )) if !(try(one.optional, false) && contains(var.without, one.sid))
    ],
    [
      for one in try(local.set.denies, []) : jsonencode(merge(
        { Sid = one.sid, Effect = "Deny", Action = one.actions, Resource = one.resources },
        try({ Condition = one.conditions }, {}),
      ))
    ],
  )

  # Inside the role while there is room (10,240 characters for all inline policies), then in managed policies (6,144).
  set_ends    = [for index, _ in local.set_statements : sum([for text in slice(local.set_statements, 0, index + 1) : length(text) + 1])]
  set_inline  = [for index, text in local.set_statements : text if local.set_ends[index] <= 9500]
  set_managed = { for index, text in local.set_statements : format("permissions-%02d", floor((local.set_ends[index] - 9500) / 3000) + 2) => text... if local.set_ends[index] > 9500 }

  # What IAM can be asked: its simulator takes concrete actions, and wants the context of conditions.
  set_questions = {
    for one in concat(
      [for statement in local.set.statements : jsonencode(merge(statement, { effect = "Allow" })) if !try(statement.optional, false)],
      [for denial in try(local.set.denies, []) : jsonencode(merge(denial, { effect = "Deny" }))],
      ) : jsondecode(one).sid => {
      effect    = jsondecode(one).effect
      reason    = jsondecode(one).reason
      actions   = try(jsondecode(one).check.actions, jsondecode(one).actions)
      resources = try(jsondecode(one).check.resources, jsondecode(one).resources)
      context = {
        for key, value in try(jsondecode(one).check.context, {}) :
        key => { type = can(tolist(value)) ? "stringList" : "string", values = [for each in flatten([value]) : tostring(each)] }
      }
    } if var.simulate_permissions && (can(jsondecode(one).check) || (!can(regex("[*?]|[$][{]", jsonencode(jsondecode(one).actions))) && !can(jsondecode(one).conditions) && alltrue([for each in jsondecode(one).resources : each == "*" || !can(regex("[*?]|[$][{]", each))])))
  }

  self_inspection = merge(local.policies.selfInspection, { Resource = [aws_iam_role.this.arn] })

  scope_members = var.scope == null ? {} : { for level, name in var.scope : level => name if name != null }
  scope         = var.scope == null ? "" : jsonencode(local.scope_members)

  callback_script = "${path.module}/rolebridge-callback.cjs"

  # nonsensitive: Terraform would hide the reason of a refusal too. The script prints no secret.
  callback_environment = {
    CONNECT_LABEL                         = var.vendor_name
    CONNECT_INPUTS                        = "hcl"
    CONNECT_CALLBACK_URL                  = var.callback_url
    CONNECT_CONNECTION_ID                 = var.connection_id
    CONNECT_EXTERNAL_ID                   = var.external_id
    CONNECT_PRINCIPAL                     = var.principal
    CONNECT_DEADLINE_SECONDS              = tostring(var.callback_timeout_seconds)
    CONNECT_CALLBACK_SECRET_FROM_VARIABLE = nonsensitive(var.callback_secret == null ? "" : var.callback_secret)
  }
}

data "aws_caller_identity" "current" {}

# The dry run: are secret, URL, external ID and account right? Before there is a role.
resource "terraform_data" "check" {
  triggers_replace = {
    connection_id = var.connection_id
    callback_url  = var.callback_url
    external_id   = var.external_id
    principal     = var.principal
    account_id    = data.aws_caller_identity.current.account_id
  }

  provisioner "local-exec" {
    interpreter = ["node"]
    command     = local.callback_script

    environment = merge(local.callback_environment, {
      CONNECT_EVENT      = "connection.check"
      CONNECT_ACCOUNT_ID = data.aws_caller_identity.current.account_id
    })
  }
}

resource "aws_iam_role" "this" {
  name                  = var.role_name
  name_prefix           = var.role_name == null ? var.role_name_prefix : null
  path                  = var.path
  description           = var.description
  assume_role_policy    = local.trust_policy
  max_session_duration  = var.max_session_duration
  permissions_boundary  = var.permissions_boundary
  force_detach_policies = true
  tags                  = var.tags

  lifecycle {
    precondition {
      condition     = var.expected_account_id == null ? true : data.aws_caller_identity.current.account_id == var.expected_account_id
      error_message = "account_mismatch: your AWS credentials are of another account than expected_account_id. Nothing was created."
    }
  }

  depends_on = [terraform_data.check]
}

check "managed_policies" {
  assert {
    condition     = length(local.policy_arns) + length(local.listed_arns) <= 10 || contains(var.acknowledge, "attached-policies-quota")
    error_message = "More than 10 managed policies are attached; IAM takes 10 unless the account's quota was raised (at most 20). If it was, set acknowledge = [\"attached-policies-quota\"]."
  }
}

resource "aws_iam_role_policy_attachment" "this" {
  for_each = local.policy_arns

  role       = aws_iam_role.this.name
  policy_arn = each.value

  # A role that is replaced under its old name has lost its policies; the name alone doesn't show that.
  lifecycle {
    replace_triggered_by = [aws_iam_role.this.unique_id]
  }
}

# A list has positions and no names. Were the attachments only moved along when one goes, the policy that one of them
# detaches could be the one that another has just attached: from the first position that changes on, all are detached
# first, then attached again. Those before it stay.
resource "terraform_data" "managed_policy_list" {
  count = length(local.listed_arns)

  triggers_replace = slice(local.listed_arns, 0, count.index + 1)
}

resource "aws_iam_role_policy_attachment" "list" {
  count = length(local.listed_arns)

  role       = aws_iam_role.this.name
  policy_arn = local.listed_arns[count.index]

  lifecycle {
    replace_triggered_by = [aws_iam_role.this.unique_id, terraform_data.managed_policy_list[count.index]]
  }

  depends_on = [terraform_data.managed_policy_list]
}

# Self-inspection, and the statements of policy_json, which may be unknown at plan.
resource "aws_iam_role_policy" "this" {
  count = var.self_inspection || length(local.set_inline) > 0 ? 1 : var.policy_json == null ? 0 : 1

  name = "vendor-access"
  role = aws_iam_role.this.name
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = concat(
      var.self_inspection ? [local.self_inspection] : [],
      [for text in local.set_inline : jsondecode(text)],
      var.policy_json == null ? [] : flatten([jsondecode(var.policy_json).Statement]),
    )
  })

  lifecycle {
    replace_triggered_by = [aws_iam_role.this.unique_id]
  }
}

# Statements beyond the inline policy limit.
resource "aws_iam_policy" "set" {
  for_each = local.set_managed

  name_prefix = "${coalesce(var.role_name, var.role_name_prefix)}-"
  policy      = jsonencode({ Version = "2012-10-17", Statement = [for text in each.value : jsondecode(text)] })
}

resource "aws_iam_role_policy_attachment" "set" {
  for_each = local.set_managed

  role       = aws_iam_role.this.name
  policy_arn = aws_iam_policy.set[each.key].arn

  lifecycle {
    replace_triggered_by = [aws_iam_role.this.unique_id]
  }
}

# With your own rights, before the role is reported.
data "aws_iam_principal_policy_simulation" "set" {
  for_each = local.set_questions

  policy_source_arn = aws_iam_role.this.arn
  action_names      = each.value.actions
  resource_arns     = contains(each.value.resources, "*") ? null : each.value.resources

  dynamic "context" {
    for_each = each.value.context

    content {
      key    = context.key
      type   = context.value.type
      values = context.value.values
    }
  }

  depends_on = [aws_iam_role_policy_attachment.this, aws_iam_role_policy_attachment.list, aws_iam_role_policy_attachment.set, aws_iam_role_policy.this]

  lifecycle {
    postcondition {
      condition     = alltrue([for r in self.results : each.value.effect == "Deny" ? !r.allowed : r.allowed || length(r.missing_context_keys) > 0])
      error_message = "permissions_missing: IAM ${each.value.effect == "Deny" ? "allows" : "denies"} the role ${join(", ", [for r in self.results : r.action_name if r.allowed == (each.value.effect == "Deny")])} (${local.set_id}, ${each.key}: ${each.value.reason}). Look for a permissions boundary or an organization's policy; the role was not reported."
    }
  }
}

# Never replaced for a change of the role: a destroy-time provisioner runs on every replacement.
resource "terraform_data" "deregistration" {
  triggers_replace = { connection_id = var.connection_id }

  input = {
    connection_id            = var.connection_id
    callback_url             = var.callback_url
    role_arn                 = aws_iam_role.this.arn
    role_id                  = aws_iam_role.this.unique_id
    vendor_name              = var.vendor_name
    deadline_seconds         = tostring(var.destroy_timeout_seconds)
    fail_when_unreachable    = tostring(var.fail_destroy_when_unreachable)
    waits_for_inline_policy  = one(aws_iam_role_policy.this[*].id)
    waits_for_managed_policy = length(aws_iam_role_policy_attachment.this) + length(aws_iam_role_policy_attachment.list) + length(aws_iam_role_policy_attachment.set)
  }

  lifecycle {
    precondition {
      condition     = length(distinct(concat(values(local.policy_arns), local.listed_arns))) == length(local.policy_arns) + length(local.listed_arns)
      error_message = "managed_policies names a policy twice, or one that permissions or the permission set attaches too. Name it once: when one of the two goes, it takes the attachment of the other along."
    }
  }

  # A shell, so that a machine without Node or the script can warn; no value is in the command but the vendor's name.
  provisioner "local-exec" {
    when    = destroy
    command = "node -e \"require(require('node:path').resolve(process.env.CONNECT_SCRIPT))\" ${self.input.fail_when_unreachable == "true" ? "" : "|| echo ${self.input.vendor_name}: warning: Node or the script failed, so the service was not notified && exit 0"}"

    environment = {
      CONNECT_EVENT                 = "role.deprovisioned"
      CONNECT_SCRIPT                = "${path.module}/rolebridge-callback.cjs"
      CONNECT_LABEL                 = self.input.vendor_name
      CONNECT_CALLBACK_URL          = self.input.callback_url
      CONNECT_CONNECTION_ID         = self.input.connection_id
      CONNECT_ROLE_ARN              = self.input.role_arn
      CONNECT_ROLE_ID               = self.input.role_id
      CONNECT_DEADLINE_SECONDS      = self.input.deadline_seconds
      CONNECT_FAIL_WHEN_UNREACHABLE = self.input.fail_when_unreachable
    }
  }

  depends_on = [aws_iam_role_policy_attachment.this, aws_iam_role_policy_attachment.list, aws_iam_role_policy_attachment.set, aws_iam_role_policy.this]
}

resource "terraform_data" "registration" {
  triggers_replace = {
    connection_id        = var.connection_id
    callback_url         = var.callback_url
    role_arn             = aws_iam_role.this.arn
    role_id              = aws_iam_role.this.unique_id
    scope                = local.scope
    trust_policy         = sha256(local.trust_policy)
    managed_policies     = concat(values(local.policy_arns), local.listed_arns)
    inline_policy        = var.policy_json == null ? "" : sha256(var.policy_json)
    permission_set       = join(" ", concat([local.set_id, sha256(jsonencode(local.set_statements))], var.without))
    self_inspection      = var.self_inspection
    permissions_boundary = var.permissions_boundary == null ? "" : var.permissions_boundary
    # A new deregistration means that the old one has run: the role is registered again.
    deregistration = terraform_data.deregistration.id
  }

  provisioner "local-exec" {
    interpreter = ["node"]
    command     = local.callback_script

    environment = merge(local.callback_environment, {
      CONNECT_EVENT               = "role.provisioned"
      CONNECT_ROLE_ARN            = aws_iam_role.this.arn
      CONNECT_ROLE_ID             = aws_iam_role.this.unique_id
      CONNECT_SCOPE               = local.scope
      CONNECT_PERMISSION_SET      = local.set_id
      CONNECT_WITHOUT             = join(",", var.without)
      CONNECT_EXPECTED_ACCOUNT_ID = var.expected_account_id == null ? "" : var.expected_account_id
    })
  }

  # After the deregistration too: an apply that is cut off behind the registration can then be destroyed.
  depends_on = [terraform_data.deregistration, data.aws_iam_principal_policy_simulation.set]
}
