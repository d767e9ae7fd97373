# The function's role: its own statements (needs.tf) and those that its log, its traces and its queue take.

locals {
  log_statement = {
    WriteLogs = {
      actions   = ["logs:CreateLogStream", "logs:PutLogEvents"]
      resources = ["${aws_cloudwatch_log_group.function.arn}:*"]
    }
  }

  # X-Ray has no resources to name.
  tracing_statement = {
    for sid in var.tracing ? ["WriteTraces"] : [] : sid => {
      actions   = ["xray:PutTelemetryRecords", "xray:PutTraceSegments"]
      resources = ["*"]
    }
  }

  queue_statement = {
    for sid in local.source_queue_arn == null ? [] : ["ReceiveMessages"] : sid => {
      actions   = ["sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ReceiveMessage"]
      resources = [local.source_queue_arn]
    }
  }
}

resource "aws_iam_role" "function" {
  name        = local.name
  description = "What ${local.name} may do"

  # The infrastructure's bootstrap makes it: the workflows may make no role without it. No workflow deploys to local.
  permissions_boundary = var.environment == "local" ? null : "arn:aws:iam::${var.account_id}:policy/bbws-product-runtime-boundary-${var.environment}"

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Service = "lambda.amazonaws.com" }
      Action    = "sts:AssumeRole"
    }]
  })
}

resource "aws_iam_role_policy" "function" {
  name = "function"
  role = aws_iam_role.function.id

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      for sid, statement in merge(local.log_statement, local.tracing_statement, local.queue_statement, local.statements) : merge(
        {
          Sid      = sid
          Effect   = "Allow"
          Action   = statement.actions
          Resource = statement.resources
        },
        try({ Condition = statement.condition }, {}),
      )
    ]
  })
}
