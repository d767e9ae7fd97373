# The alarms of what is shared: queues, API and table. A function's alarms are in its own repository.
#
# Silence is no fault: without traffic none of these metrics has data.

locals {
  alarm_period_seconds = 300

  # A queue that keeps a message so long doesn't get its work done.
  oldest_message_seconds = 300

  highest_api_error_rate = 0.01

  # The table and each of its indexes count their throttled requests apart.
  throttled = {
    for pair in setproduct(["Read", "Write"], concat(["table"], keys(local.product_indexes))) :
    lower("${pair[1]}-${pair[0]}") => {
      metric = "${pair[0]}ThrottleEvents"
      what   = pair[1] == "table" ? "table ${local.table_name}" : "index ${pair[1]} of ${local.table_name}"
      dimensions = merge(
        { TableName = local.table_name },
        pair[1] == "table" ? {} : { GlobalSecondaryIndexName = pair[1] },
      )
    }
  }
}

resource "aws_cloudwatch_metric_alarm" "dead_letters" {
  for_each = local.dead_letter_queue_names

  alarm_name = "${each.value}-depth"
  alarm_description = join(" ", [
    "Messages that failed ${local.most_receives} times, or never can succeed, wait in ${each.value}: changes that callers were promised are not ${each.key == "change" ? "applied" : "audited"}.",
    "See why with scripts/replay_dlq.py, mend it, and move them back.",
    "Runbook: ${var.runbooks}/dead-letters.md",
  ])

  namespace           = "AWS/SQS"
  metric_name         = "ApproximateNumberOfMessagesVisible"
  dimensions          = { QueueName = each.value }
  statistic           = "Maximum"
  period              = 60
  evaluation_periods  = 1
  comparison_operator = "GreaterThanThreshold"
  threshold           = 0
  treat_missing_data  = "notBreaching"

  alarm_actions = [aws_sns_topic.alerts.arn]
  ok_actions    = [aws_sns_topic.alerts.arn]
}

resource "aws_cloudwatch_metric_alarm" "oldest_message" {
  for_each = local.queue_names

  alarm_name = "${each.value}-oldest-message"
  alarm_description = join(" ", [
    "A message has waited in ${each.value} for over five minutes: changes are ${each.key == "change" ? "applied" : "audited"} late, or one fails again and again.",
    "See in the log of ${each.key == "change" ? "bbws-product-creator" : "bbws-audit-logger"}-${var.environment} whether it fails, is too slow or isn't invoked.",
    "Runbook: ${var.runbooks}/old-messages.md",
  ])

  namespace           = "AWS/SQS"
  metric_name         = "ApproximateAgeOfOldestMessage"
  dimensions          = { QueueName = each.value }
  statistic           = "Maximum"
  period              = 60
  evaluation_periods  = 1
  comparison_operator = "GreaterThanThreshold"
  threshold           = local.oldest_message_seconds
  treat_missing_data  = "notBreaching"

  alarm_actions = [aws_sns_topic.alerts.arn]
  ok_actions    = [aws_sns_topic.alerts.arn]
}

# The average of 5XXError is its share of the requests.
resource "aws_cloudwatch_metric_alarm" "api_errors" {
  alarm_name = "${local.api_name}-errors"
  alarm_description = join(" ", [
    "More than 1 % of the answers of ${local.api_name} are 5xx: callers can't read or change products.",
    "See in the API's access log which route it is and whether the function, AWS or the gateway fails.",
    "Runbook: ${var.runbooks}/api-errors.md",
  ])

  namespace           = "AWS/ApiGateway"
  metric_name         = "5XXError"
  dimensions          = { ApiName = local.api_name, Stage = var.environment }
  statistic           = "Average"
  period              = local.alarm_period_seconds
  evaluation_periods  = 1
  comparison_operator = "GreaterThanThreshold"
  threshold           = local.highest_api_error_rate
  treat_missing_data  = "notBreaching"

  alarm_actions = [aws_sns_topic.alerts.arn]
  ok_actions    = [aws_sns_topic.alerts.arn]
}

resource "aws_cloudwatch_metric_alarm" "table_throttles" {
  for_each = local.throttled

  alarm_name = "bbws-products-${var.environment}-${each.key}-throttles"
  alarm_description = join(" ", [
    "DynamoDB throttles requests to the ${each.value.what}: callers get 503, or changes come late.",
    "See whether one partition is hot or the account's limit is reached; throttled changes are tried again by themselves.",
    "Runbook: ${var.runbooks}/table-throttles.md",
  ])

  namespace           = "AWS/DynamoDB"
  metric_name         = each.value.metric
  dimensions          = each.value.dimensions
  statistic           = "Sum"
  period              = 60
  evaluation_periods  = 1
  comparison_operator = "GreaterThanThreshold"
  threshold           = 0
  treat_missing_data  = "notBreaching"

  alarm_actions = [aws_sns_topic.alerts.arn]
  ok_actions    = [aws_sns_topic.alerts.arn]
}

resource "aws_cloudwatch_metric_alarm" "failed_backups" {
  count = local.backup_count

  alarm_name = "${local.backup_role_name}-failures"
  alarm_description = join(" ", [
    "A copy of ${local.table_name} failed, was broken off or didn't begin in time: there is one less to restore from.",
    "See why in AWS Backup, mend it, and have a copy made.",
    "Runbook: ${var.runbooks}/failed-backups.md",
  ])

  comparison_operator = "GreaterThanThreshold"
  threshold           = 0
  evaluation_periods  = 1
  treat_missing_data  = "notBreaching"

  # AWS Backup reports a metric only when there is something to count.
  metric_query {
    id          = "lost"
    label       = "Copies that were not made"
    expression  = "FILL(failed, 0) + FILL(aborted, 0) + FILL(expired, 0)"
    return_data = true
  }

  dynamic "metric_query" {
    for_each = toset(["Aborted", "Expired", "Failed"])

    content {
      id = lower(metric_query.value)

      metric {
        namespace   = "AWS/Backup"
        metric_name = "NumberOfBackupJobs${metric_query.value}"
        dimensions  = { BackupVaultName = local.backup_name }
        stat        = "Sum"
        period      = local.alarm_period_seconds
      }
    }
  }

  alarm_actions = [aws_sns_topic.alerts.arn]
  ok_actions    = [aws_sns_topic.alerts.arn]
}
