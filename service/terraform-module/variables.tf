variable "connection_id" {
  description = "The connection's id (con_...)."
  type        = string

  validation {
    condition     = can(regex("^con_[a-z2-7]{24}$", var.connection_id))
    error_message = "connection_id is con_ and 24 letters or digits."
  }
}

variable "external_id" {
  description = "The connection's external ID. The role can't be assumed without it."
  type        = string

  validation {
    condition     = can(regex("^[\\w+=,.@:/-]+$", var.external_id)) && length(var.external_id) >= 2 && length(var.external_id) <= 1224
    error_message = "external_id has 2 to 1,224 characters of [A-Za-z0-9_+=,.@:/-] and no wildcard."
  }
}

variable "principal" {
  description = "The ARN of the IAM role, user or account root that may assume the role."
  type        = string

  validation {
    condition     = can(regex("^arn:aws(-[a-z]+)*:iam::[0-9]{12}:(root|(role|user)/[\\w+=,.@/-]+)$", var.principal))
    error_message = "principal is the ARN of an IAM role, a user or an account's root, without wildcards."
  }
}

variable "callback_url" {
  description = "The service's callback URL."
  type        = string

  validation {
    condition     = can(regex("^(https://|http://(localhost|127\\.0\\.0\\.1|\\[::1\\])[:/])", var.callback_url))
    error_message = "callback_url begins with https:// (http:// on loopback only)."
  }
}

variable "scope" {
  description = "Where the connection applies: {} is the organization's default, null leaves it as it is."
  type = object({
    project      = optional(string)
    environment  = optional(string)
    architecture = optional(string)
  })
  default = null

  validation {
    condition     = var.scope == null ? true : alltrue([for name in values(var.scope) : name == null || can(regex("^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$", name))])
    error_message = "scope: each name has 1 to 64 characters of [A-Za-z0-9._-], the first a letter or digit."
  }
}

variable "permissions" {
  description = "The permissions of the role: read-only, power-user, administrator or security-audit; null for none."
  type        = string
  default     = null

  validation {
    condition     = var.permissions == null ? true : contains(["read-only", "power-user", "administrator", "security-audit"], var.permissions)
    error_message = "permissions is one of read-only, power-user, administrator, security-audit, or null."
  }
}

variable "managed_policies" {
  description = "More managed policies: names of AWS's own, or ARNs of any. A map ({ deploy = aws_iam_policy.deploy.arn }) or a set keeps each attachment in place when others are added or removed; in a list, those from the first change on are attached again."
  type        = any
  default     = {}

  validation {
    condition     = can(values({ for key, policy in var.managed_policies : tostring(key) => startswith(policy, "arn:") }))
    error_message = "managed_policies is a map, a set or a list of names or ARNs."
  }
}

variable "permission_set_file" {
  description = "The path of a permission set (NAME@VERSION.json), beside managed_policies and policy_json; null for none."
  type        = string
  default     = null

  validation {
    condition     = var.permission_set_file == null ? true : can(regex("@[0-9]+$", "${jsondecode(file(var.permission_set_file)).name}@${jsondecode(file(var.permission_set_file)).version}"))
    error_message = "permission_set_file is the path of a permission set that the service serves, unchanged."
  }
}

variable "without" {
  description = "Optional statements of the permission set to leave out, by sid."
  type        = list(string)
  default     = []
}

variable "simulate_permissions" {
  description = "Whether the apply checks the role's permissions with IAM's simulator, with your own rights (iam:SimulatePrincipalPolicy), and fails with the denied actions before the role is reported. Needs permission_set_file."
  type        = bool
  default     = false
}

variable "policy_json" {
  description = "A policy document to put into the role, such as data.aws_iam_policy_document's; null for none."
  type        = string
  default     = null

  validation {
    condition     = var.policy_json == null ? true : can(jsondecode(var.policy_json).Statement)
    error_message = "policy_json is a policy document in JSON, with a Statement."
  }
}

variable "role_name" {
  description = "The role's name; null for one that begins with role_name_prefix."
  type        = string
  default     = null

  validation {
    condition     = var.role_name == null ? true : can(regex("^[\\w+=,.@-]{1,64}$", var.role_name))
    error_message = "role_name has 1 to 64 characters of [A-Za-z0-9_+=,.@-]."
  }
}

variable "role_name_prefix" {
  description = "The start of the role's name, for a name that is unique in the account."
  type        = string
  default     = "vendor-access-"

  validation {
    condition     = can(regex("^[\\w+=,.@-]{1,38}$", var.role_name_prefix))
    error_message = "role_name_prefix has 1 to 38 characters of [A-Za-z0-9_+=,.@-]."
  }
}

variable "path" {
  description = "The role's path."
  type        = string
  default     = "/"

  validation {
    condition     = can(regex("^/([\\w+=,.@-]+/)*$", var.path)) && length(var.path) <= 512
    error_message = "path begins and ends with a slash and has at most 512 characters."
  }
}

variable "description" {
  description = "The role's description."
  type        = string
  default     = "Cross-account access for a vendor, with the connection's external ID"

  validation {
    condition     = can(regex("^[\\t\\n\\r\\x20-\\x7e\\xa1-\\xff]*$", var.description)) && length(var.description) <= 1000
    error_message = "description is at most 1,000 characters of Latin-1 text."
  }
}

variable "tags" {
  description = "The role's tags, besides the provider's default tags."
  type        = map(string)
  default     = {}

  validation {
    condition     = length(var.tags) <= 50 && alltrue([for key, value in var.tags : !startswith(lower(key), "aws:") && length(key) <= 128 && length(value) <= 256])
    error_message = "tags: at most 50, no key begins with aws:, keys have at most 128 and values at most 256 characters."
  }
}

variable "max_session_duration" {
  description = "The longest session, in seconds: 3,600 to 43,200."
  type        = number
  default     = 3600

  validation {
    condition     = var.max_session_duration >= 3600 && var.max_session_duration <= 43200
    error_message = "max_session_duration is 3600 to 43200 seconds."
  }
}

variable "permissions_boundary" {
  description = "The ARN of the managed policy that limits the role's permissions; null for none."
  type        = string
  default     = null

  validation {
    condition     = var.permissions_boundary == null ? true : can(regex("^arn:aws(-[a-z]+)*:iam::(aws|[0-9]{12}):policy/.+$", var.permissions_boundary))
    error_message = "permissions_boundary is the ARN of a managed policy, or null."
  }
}

variable "allow_session_tags" {
  description = "Whether sessions of the role may have tags (sts:TagSession)."
  type        = bool
  default     = false
}

variable "allow_source_identity" {
  description = "Whether sessions of the role may name who is behind them (sts:SetSourceIdentity)."
  type        = bool
  default     = false
}

variable "expected_account_id" {
  description = "The account to apply to; another one stops the plan. Null for any."
  type        = string
  default     = null

  validation {
    condition     = var.expected_account_id == null ? true : can(regex("^[0-9]{12}$", var.expected_account_id))
    error_message = "expected_account_id is 12 digits, or null."
  }
}

variable "self_inspection" {
  description = "Whether the role may read itself (iam:GetRole and iam:SimulatePrincipalPolicy on its own ARN), so that the service can prove that it is safe and sufficient."
  type        = bool
  default     = true
}

variable "acknowledge" {
  description = "Warnings that you accept: attached-policies-quota."
  type        = list(string)
  default     = []

  validation {
    condition     = alltrue([for warning in var.acknowledge : warning == "attached-policies-quota"])
    error_message = "acknowledge takes attached-policies-quota."
  }
}

variable "vendor_name" {
  description = "The vendor's name before each line of the output."
  type        = string
  default     = "connect"

  validation {
    condition     = can(regex("^[A-Za-z0-9._-]{1,32}$", var.vendor_name))
    error_message = "vendor_name has 1 to 32 characters of [A-Za-z0-9._-]."
  }
}

# Without a validation: Terraform would print the value in its error. The callback script checks it.
variable "callback_secret" {
  description = "The callback's secret, where no environment variable can be set; a saved plan holds it. Null: CONNECT_CALLBACK_SECRET_<CONNECTION ID IN CAPITALS> or CONNECT_CALLBACK_SECRET where Terraform runs."
  type        = string
  default     = null
  sensitive   = true
}

variable "callback_timeout_seconds" {
  description = "How long to retry the registration while the service can't be reached or has no verdict."
  type        = number
  default     = 120

  validation {
    condition     = var.callback_timeout_seconds >= 1 && var.callback_timeout_seconds <= 900
    error_message = "callback_timeout_seconds is 1 to 900 seconds."
  }
}

variable "destroy_timeout_seconds" {
  description = "How long to retry the deregistration at destroy."
  type        = number
  default     = 15

  validation {
    condition     = var.destroy_timeout_seconds >= 1 && var.destroy_timeout_seconds <= 300
    error_message = "destroy_timeout_seconds is 1 to 300 seconds."
  }
}

variable "fail_destroy_when_unreachable" {
  description = "Whether a destroy fails when the service was not notified, whatever the cause; by default that is a warning."
  type        = bool
  default     = false
}
