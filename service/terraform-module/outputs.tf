output "role_arn" {
  description = "The role's ARN; known once the role is verified."
  value       = aws_iam_role.this.arn
  depends_on  = [terraform_data.registration]
}

output "role_name" {
  description = "The role's name."
  value       = aws_iam_role.this.name
}

output "account_id" {
  description = "The account that was connected."
  value       = split(":", aws_iam_role.this.arn)[4]
}
