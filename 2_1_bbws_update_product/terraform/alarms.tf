# The alarms of this function, on what callers get: the alias. Without traffic none of its metrics has data, and that
# is no fault.

locals {
  alarm_period_seconds  = 300
  highest_error_share   = 5
  slow_periods_to_alarm = 3

  live_dimensions = {
    FunctionName = aws_lambda_function.function.function_name
    Resource     = "${aws_lambda_function.function.function_name}:${aws_lambda_alias.live.name}"
  }

  # What a function that answers requests counts itself leaves out those whose callers wanted to wait (src/common/api.py).
  duration = length(local.api_routes) > 0 ? {
    namespace  = "BBWS/Products"
    metric     = "RequestDuration"
    dimensions = { Environment = var.environment, Function = local.name }
    } : {
    namespace  = "AWS/Lambda"
    metric     = "Duration"
    dimensions = local.live_dimensions
  }
}

resource "aws_cloudwatch_metric_alarm" "errors" {
  alarm_name = "${local.name}-errors"
  alarm_description = join(" ", [
    "More than ${local.highest_error_share} % of the invocations of ${local.name} fail: it crashes, runs out of memory or out of time.",
    "Read its log. If it began with a deployment, point the alias at the version before.",
    "Runbook: ${local.infrastructure.runbooks}/function-errors.md",
  ])

  comparison_operator = "GreaterThanThreshold"
  threshold           = local.highest_error_share
  evaluation_periods  = 1
  treat_missing_data  = "notBreaching"

  metric_query {
    id          = "share"
    label       = "Failed invocations, %"
    expression  = "100 * errors / invocations"
    return_data = true
  }

  dynamic "metric_query" {
    for_each = { errors = "Errors", invocations = "Invocations" }

    content {
      id = metric_query.key

      metric {
        namespace   = "AWS/Lambda"
        metric_name = metric_query.value
        dimensions  = local.live_dimensions
        stat        = "Sum"
        period      = local.alarm_period_seconds
      }
    }
  }

  alarm_actions = [local.infrastructure.alert_topic_arn]
  ok_actions    = [local.infrastructure.alert_topic_arn]
}

# For a function that answers requests: it turns what goes wrong inside into an answer, which Lambda counts as a success.
resource "aws_cloudwatch_metric_alarm" "faults" {
  count = length(local.api_routes) > 0 ? 1 : 0

  alarm_name = "${local.name}-faults"
  alarm_description = join(" ", [
    "More than ${local.highest_error_share} % of the requests to ${local.name} get a 5xx.",
    "Read its log. If it began with a deployment, roll it back.",
    "Runbook: ${local.infrastructure.runbooks}/function-errors.md",
  ])

  comparison_operator = "GreaterThanThreshold"
  threshold           = local.highest_error_share
  evaluation_periods  = 1
  treat_missing_data  = "notBreaching"

  metric_query {
    id          = "share"
    label       = "Requests with a 5xx, %"
    expression  = "100 * faults / invocations"
    return_data = true
  }

  # Lines of the function's log, which CloudWatch counts (src/common/metrics.py).
  metric_query {
    id = "faults"

    metric {
      namespace   = "BBWS/Products"
      metric_name = "Faults"
      dimensions  = { Environment = var.environment, Function = local.name }
      stat        = "Sum"
      period      = local.alarm_period_seconds
    }
  }

  metric_query {
    id = "invocations"

    metric {
      namespace   = "AWS/Lambda"
      metric_name = "Invocations"
      dimensions  = local.live_dimensions
      stat        = "Sum"
      period      = local.alarm_period_seconds
    }
  }

  alarm_actions = [local.infrastructure.alert_topic_arn]
  ok_actions    = [local.infrastructure.alert_topic_arn]
}

# For a function that takes messages: what it hands back, Lambda counts as a success. A release watches it, so it looks at
# a minute.
resource "aws_cloudwatch_metric_alarm" "failed_messages" {
  count = local.source_queue_arn == null ? 0 : 1

  alarm_name = "${local.name}-failed-messages"
  alarm_description = join(" ", [
    "${local.name} failed to take in messages, which are delivered again, and end in the dead-letter queue if that goes on.",
    "Read its log. If it began with a deployment, roll it back.",
    "Runbook: ${local.infrastructure.runbooks}/function-errors.md",
  ])

  # Lines of the function's log, which CloudWatch counts (src/common/metrics.py).
  namespace           = "BBWS/Products"
  metric_name         = "FailedMessages"
  dimensions          = { Environment = var.environment, Function = local.name }
  statistic           = "Sum"
  period              = 60
  evaluation_periods  = 1
  comparison_operator = "GreaterThanThreshold"
  threshold           = 0
  treat_missing_data  = "notBreaching"

  alarm_actions = [local.infrastructure.alert_topic_arn]
  ok_actions    = [local.infrastructure.alert_topic_arn]
}

resource "aws_cloudwatch_metric_alarm" "duration" {
  alarm_name = "${local.name}-duration"
  alarm_description = join(" ", [
    "For a quarter of an hour more than 5 % of the invocations of ${local.name} have taken longer than its target, ${var.duration_target_ms} ms.",
    "See on the dashboard whether the table, a queue or the function itself has become slower.",
    "Runbook: ${local.infrastructure.runbooks}/function-duration.md",
  ])

  namespace           = local.duration.namespace
  metric_name         = local.duration.metric
  dimensions          = local.duration.dimensions
  extended_statistic  = "p95"
  period              = local.alarm_period_seconds
  evaluation_periods  = local.slow_periods_to_alarm
  comparison_operator = "GreaterThanThreshold"
  threshold           = var.duration_target_ms
  treat_missing_data  = "notBreaching"

  # Of a handful of invocations the slowest is the 95th percentile: one slow one would be an alarm.
  evaluate_low_sample_count_percentiles = "ignore"

  alarm_actions = [local.infrastructure.alert_topic_arn]
  ok_actions    = [local.infrastructure.alert_topic_arn]
}

resource "aws_cloudwatch_metric_alarm" "throttles" {
  alarm_name = "${local.name}-throttles"
  alarm_description = join(" ", [
    "Lambda throttles ${local.name}: all the account's concurrent executions are in use. Callers get a 5xx, or messages wait.",
    "See which function takes them; ask AWS for a higher limit.",
    "Runbook: ${local.infrastructure.runbooks}/function-throttles.md",
  ])

  namespace           = "AWS/Lambda"
  metric_name         = "Throttles"
  dimensions          = local.live_dimensions
  statistic           = "Sum"
  period              = 60
  evaluation_periods  = 1
  comparison_operator = "GreaterThanThreshold"
  threshold           = 0
  treat_missing_data  = "notBreaching"

  alarm_actions = [local.infrastructure.alert_topic_arn]
  ok_actions    = [local.infrastructure.alert_topic_arn]
}
