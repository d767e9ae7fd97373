# What invokes the alias: routes of the API, or a queue.

resource "aws_lambda_permission" "api" {
  for_each = toset(local.api_routes)

  # A statement id has letters, digits, hyphens and underscores.
  statement_id  = replace(replace(each.value, "*", "any"), "/[^A-Za-z0-9]+/", "-")
  action        = "lambda:InvokeFunction"
  principal     = "apigateway.amazonaws.com"
  function_name = aws_lambda_function.function.function_name
  qualifier     = aws_lambda_alias.live.name
  source_arn    = "${local.infrastructure.api_execution_arn}/*/${each.value}"
}

resource "aws_lambda_event_source_mapping" "queue" {
  for_each = { for arn in [local.source_queue_arn] : "source" => arn if arn != null }

  event_source_arn        = each.value
  function_name           = aws_lambda_alias.live.arn
  batch_size              = 10
  function_response_types = ["ReportBatchItemFailures"]

  # Otherwise Lambda invokes it as often as messages come, up to the account's limit, and what it throttles there costs
  # its messages a receive.
  scaling_config {
    maximum_concurrency = var.maximum_concurrency
  }

  # Whoever restores the table pauses what reads the queue; a deployment must not let it go on too early.
  lifecycle {
    ignore_changes = [enabled]
  }
}
