# What the scripts read from this root's state.

output "function_name" {
  description = "Name of the function in AWS."
  value       = aws_lambda_function.function.function_name
}

output "region" {
  description = "The AWS region of the function."
  value       = var.region
}

output "version" {
  description = "The newest published version of the function."
  value       = aws_lambda_function.function.version
}
