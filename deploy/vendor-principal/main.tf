# The principal that the service runs as, and that customers' roles trust: it may assume roles and nothing else.
terraform {
  required_version = ">= 1.5"
  required_providers {
    aws = { source = "hashicorp/aws", version = ">= 5.0" }
  }
}

variable "trusted_service" {
  description = "The AWS service that runs Rolebridge: ec2.amazonaws.com, ecs-tasks.amazonaws.com or pods.eks.amazonaws.com."
  type        = string
  default     = "ec2.amazonaws.com"
}

variable "kms_key_arns" {
  description = "KMS keys that encrypt customers' access keys (ROLEBRIDGE_KMS_KEY_ARNS)."
  type        = list(string)
  default     = []
}

data "aws_caller_identity" "vendor" {}
data "aws_partition" "vendor" {}

resource "aws_iam_role" "rolebridge" {
  name        = "rolebridge"
  description = "Assumes the roles of customers"
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Service = var.trusted_service }
      Action    = var.trusted_service == "pods.eks.amazonaws.com" ? ["sts:AssumeRole", "sts:TagSession"] : ["sts:AssumeRole"]
    }]
  })
}

resource "aws_iam_role_policy" "assume_customer_roles" {
  name = "assume-customer-roles"
  role = aws_iam_role.rolebridge.id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = concat(
      [
        {
          Sid      = "AssumeCustomerRoles"
          Effect   = "Allow"
          Action   = ["sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity"]
          Resource = "arn:${data.aws_partition.vendor.partition}:iam::*:role/*"
        },
        {
          Sid      = "NeverOwnRoles"
          Effect   = "Deny"
          Action   = "sts:AssumeRole"
          Resource = "arn:${data.aws_partition.vendor.partition}:iam::${data.aws_caller_identity.vendor.account_id}:role/*"
        },
      ],
      length(var.kms_key_arns) == 0 ? [] : [{
        Sid      = "EncryptAccessKeys"
        Effect   = "Allow"
        Action   = ["kms:Encrypt", "kms:Decrypt"]
        Resource = var.kms_key_arns
      }],
    )
  })
}

output "principal" {
  description = "ROLEBRIDGE_PRINCIPAL"
  value       = aws_iam_role.rolebridge.arn
}
