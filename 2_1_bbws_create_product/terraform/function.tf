# The function, its log group and its alias.

locals {
  name = "bbws-${var.function_name}-${var.environment}"

  # A caller may wait for ten seconds (src/common/outcome.py), and is answered after that.
  least_request_seconds = 15
}

resource "aws_cloudwatch_log_group" "function" {
  #checkov:skip=CKV_AWS_158:CloudWatch encrypts every log with a key of its own; this one holds ids and names, no keys.

  name              = "/aws/lambda/${local.name}"
  retention_in_days = var.log_retention_days
}

resource "aws_lambda_function" "function" {
  #checkov:skip=CKV_AWS_115:The clients' rates bound it; a concurrency reserved here would be missing everywhere else in the account.
  #checkov:skip=CKV_AWS_116:Nobody invokes it asynchronously: the gateway waits for its answer, and a queue has its own DLQ.
  #checkov:skip=CKV_AWS_117:It talks to AWS alone, with TLS and IAM; a VPC would add endpoints and slower starts.
  #checkov:skip=CKV_AWS_173:Its settings are names, addresses and fingerprints; none is a secret.
  #checkov:skip=CKV_AWS_272:What is deployed is the package that was tested, by its checksum; a signature by the same workflow would say no more.

  function_name    = local.name
  description      = join("; ", compact([var.description, var.messages]))
  role             = aws_iam_role.function.arn
  runtime          = "python3.12"
  architectures    = [var.architecture]
  handler          = "handler.handler"
  filename         = var.package_path
  source_code_hash = filebase64sha256(var.package_path)
  memory_size      = var.memory_mb
  timeout          = length(local.api_routes) > 0 ? max(var.timeout_seconds, local.least_request_seconds) : var.timeout_seconds
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

  # scripts/release.py and rollback.py move the alias.
  lifecycle {
    ignore_changes = [function_version, routing_config]
  }
}
