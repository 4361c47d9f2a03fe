# The role, its policies and the callback: the same resources as the constructs of @rolebridge/constructs make.

locals {
  partition = split(":", var.principal)[1]

  presets = {
    read-only      = "ReadOnlyAccess"
    power-user     = "PowerUserAccess"
    administrator  = "AdministratorAccess"
    security-audit = "SecurityAudit"
  }

  managed_policies = concat(var.permissions == null ? [] : [local.presets[var.permissions]], var.managed_policies)
  policy_arns = toset([
    for policy in local.managed_policies :
    startswith(policy, "arn:") ? policy : "arn:${local.partition}:iam::aws:policy/${policy}"
  ])

  # The session actions are in the same statement: one of their own without the condition would be a way around it.
  actions = concat(
    ["sts:AssumeRole"],
    var.allow_session_tags ? ["sts:TagSession"] : [],
    var.allow_source_identity ? ["sts:SetSourceIdentity"] : [],
  )

  trust_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { AWS = var.principal }
      Action    = jsondecode(length(local.actions) == 1 ? jsonencode(local.actions[0]) : jsonencode(local.actions))
      Condition = { StringEquals = { "sts:ExternalId" = var.external_id } }
    }]
  })

  scope_members = var.scope == null ? {} : { for level, name in var.scope : level => name if name != null }
  scope         = var.scope == null ? "" : jsonencode(local.scope_members)

  callback_script = "${path.module}/rolebridge-callback.cjs"
}

data "aws_caller_identity" "current" {
  count = var.expected_account_id == null ? 0 : 1
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
      condition     = var.expected_account_id == null ? true : data.aws_caller_identity.current[0].account_id == var.expected_account_id
      error_message = "account_mismatch: the AWS credentials in use belong to another account than expected_account_id. Nothing was made."
    }
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

resource "aws_iam_role_policy" "this" {
  count = var.policy_json == null ? 0 : 1

  name   = "rolebridge"
  role   = aws_iam_role.this.name
  policy = var.policy_json

  lifecycle {
    replace_triggered_by = [aws_iam_role.this.unique_id]
  }
}

# Never replaced for a change of the role: a destroy-time provisioner runs on every replacement.
resource "terraform_data" "deregistration" {
  triggers_replace = { connection_id = var.connection_id }

  input = {
    connection_id            = var.connection_id
    callback_url             = var.callback_url
    role_arn                 = aws_iam_role.this.arn
    callback_script          = local.callback_script
    deadline_seconds         = tostring(var.destroy_timeout_seconds)
    fail_when_unreachable    = tostring(var.fail_destroy_when_unreachable)
    waits_for_inline_policy  = one(aws_iam_role_policy.this[*].id)
    waits_for_managed_policy = length(aws_iam_role_policy_attachment.this)
  }

  provisioner "local-exec" {
    when        = destroy
    interpreter = ["node"]
    command     = self.input.callback_script

    environment = {
      ROLEBRIDGE_EVENT                 = "role.deprovisioned"
      ROLEBRIDGE_CALLBACK_URL          = self.input.callback_url
      ROLEBRIDGE_CONNECTION_ID         = self.input.connection_id
      ROLEBRIDGE_ROLE_ARN              = self.input.role_arn
      ROLEBRIDGE_DEADLINE_SECONDS      = self.input.deadline_seconds
      ROLEBRIDGE_FAIL_WHEN_UNREACHABLE = self.input.fail_when_unreachable
    }
  }

  depends_on = [aws_iam_role_policy_attachment.this, aws_iam_role_policy.this]
}

resource "terraform_data" "registration" {
  triggers_replace = {
    connection_id        = var.connection_id
    callback_url         = var.callback_url
    role_arn             = aws_iam_role.this.arn
    role_unique_id       = aws_iam_role.this.unique_id
    scope                = local.scope
    trust_policy         = sha256(local.trust_policy)
    managed_policies     = local.policy_arns
    inline_policy        = var.policy_json == null ? "" : sha256(var.policy_json)
    permissions_boundary = var.permissions_boundary == null ? "" : var.permissions_boundary
  }

  provisioner "local-exec" {
    interpreter = ["node"]
    command     = local.callback_script

    # nonsensitive: Terraform would hide the reason of a refusal too. The script prints no secret.
    environment = {
      ROLEBRIDGE_EVENT                         = "role.provisioned"
      ROLEBRIDGE_CALLBACK_URL                  = var.callback_url
      ROLEBRIDGE_CONNECTION_ID                 = var.connection_id
      ROLEBRIDGE_ROLE_ARN                      = aws_iam_role.this.arn
      ROLEBRIDGE_SCOPE                         = local.scope
      ROLEBRIDGE_EXPECTED_ACCOUNT_ID           = var.expected_account_id == null ? "" : var.expected_account_id
      ROLEBRIDGE_DEADLINE_SECONDS              = tostring(var.callback_timeout_seconds)
      ROLEBRIDGE_CALLBACK_SECRET_FROM_VARIABLE = nonsensitive(var.callback_secret == null ? "" : var.callback_secret)
    }
  }

  # After the deregistration too: an apply that is cut off behind the registration can then be destroyed.
  depends_on = [terraform_data.deregistration]
}
