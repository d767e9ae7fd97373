# What the scripts read from this root's state.

output "version" {
  description = "The newest published version of the function."
  value       = aws_lambda_function.function.version
}
