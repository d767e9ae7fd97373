# The topic that alarms publish to, under a key that lets them: alarms can't publish through the AWS-managed one.

resource "aws_sns_topic" "alerts" {
  name = local.alert_topic_name

  # bootstrap/ makes the key, which has its topic's name.
  kms_master_key_id = "alias/${local.alert_topic_name}"

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = concat(
      [
        {
          Sid       = "AlarmsPublish"
          Effect    = "Allow"
          Principal = { Service = "cloudwatch.amazonaws.com" }
          Action    = "sns:Publish"
          Resource  = local.alert_topic_arn
          Condition = { StringEquals = { "aws:SourceAccount" = var.account_id } }
        },
      ],
      [
        for sid in var.require_tls ? ["RefuseCallersWithoutTls"] : [] : {
          Sid       = sid
          Effect    = "Deny"
          Principal = "*"
          Action    = "sns:Publish"
          Resource  = local.alert_topic_arn
          Condition = { Bool = { "aws:SecureTransport" = "false" } }
        }
      ],
    )
  })
}

resource "aws_sns_topic_subscription" "email" {
  for_each = var.alert_emails

  topic_arn = aws_sns_topic.alerts.arn
  protocol  = "email"
  endpoint  = each.value
}
