# The topic that alarms publish to, under a key of its own: alarms can't publish through the AWS-managed one.

resource "aws_kms_key" "alerts" {
  description             = "Encrypts ${local.alert_topic_name}"
  enable_key_rotation     = true
  deletion_window_in_days = var.deletion_protection ? 30 : 7

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid       = "AccountAdministersTheKey"
        Effect    = "Allow"
        Principal = { AWS = "arn:aws:iam::${var.account_id}:root" }
        Action    = "kms:*"
        Resource  = "*"
      },
      {
        Sid       = "AlarmsUseTheKey"
        Effect    = "Allow"
        Principal = { Service = "cloudwatch.amazonaws.com" }
        Action    = ["kms:Decrypt", "kms:GenerateDataKey*"]
        Resource  = "*"
        Condition = { StringEquals = { "aws:SourceAccount" = var.account_id } }
      },
    ]
  })
}

resource "aws_kms_alias" "alerts" {
  name          = "alias/${local.alert_topic_name}"
  target_key_id = aws_kms_key.alerts.key_id
}

resource "aws_sns_topic" "alerts" {
  name              = local.alert_topic_name
  kms_master_key_id = aws_kms_key.alerts.arn

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
