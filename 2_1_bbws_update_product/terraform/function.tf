# The function, its log group and its alias.

locals {
  name = "bbws-${var.function_name}-${var.environment}"
}

resource "aws_cloudwatch_log_group" "function" {
  name              = "/aws/lambda/${local.name}"
  retention_in_days = var.log_retention_days
}

resource "aws_lambda_function" "function" {
  function_name    = local.name
  description      = var.description
  role             = aws_iam_role.function.arn
  runtime          = "python3.12"
  architectures    = [var.architecture]
  handler          = "handler.handler"
  filename         = var.package_path
  source_code_hash = filebase64sha256(var.package_path)
  memory_size      = var.memory_mb
  timeout          = var.timeout_seconds
  publish          = true

  environment {
    variables = merge({ ENVIRONMENT = var.environment, LOG_LEVEL = "INFO" }, local.environment_variables)
  }

  tracing_config {
    mode = var.tracing ? "Active" : "PassThrough"
  }

  # Otherwise the first invocation makes a log group that keeps its logs for ever, or can't write to this one.
  depends_on = [aws_cloudwatch_log_group.function, aws_iam_role_policy.function]
}

resource "aws_lambda_alias" "live" {
  name             = "live"
  description      = "The version that callers get"
  function_name    = aws_lambda_function.function.function_name
  function_version = aws_lambda_function.function.version

  # scripts/deploy.py moves the alias once the new version is there.
  lifecycle {
    ignore_changes = [function_version, routing_config]
  }
}
