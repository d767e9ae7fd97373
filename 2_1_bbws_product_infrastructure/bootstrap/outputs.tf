# What somebody who sets up GitHub's environments wants to know.

output "break_glass_role_arn" {
  description = "The role that may delete audit records; null where nobody may assume it."
  value       = one(aws_iam_role.break_glass[*].arn)
}

output "deploy_role_arn" {
  description = "The role that a workflow assumes in the GitHub environment {env}."
  value       = aws_iam_role.workflow["deploy"].arn
}

output "plan_role_arn" {
  description = "The role that a workflow assumes in the GitHub environment {env}-plan."
  value       = aws_iam_role.workflow["plan"].arn
}

output "restore_role_arn" {
  description = "The role with which AWS Backup restores the product table."
  value       = aws_iam_role.restore.arn
}

output "runtime_boundary_arn" {
  description = "The permissions boundary of every role that a deployment makes."
  value       = aws_iam_policy.boundary["runtime"].arn
}

output "state_bucket" {
  description = "The bucket of Terraform's states."
  value       = aws_s3_bucket.state.id
}
