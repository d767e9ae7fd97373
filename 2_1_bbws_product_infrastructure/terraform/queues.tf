# The change queue and the audit queue, each with its dead-letter queue (DLQ).
#
# Redrive and access policies are inline, with ARNs spelled out: the provider waits half a minute for each separate one.

locals {
  # An invocation that Lambda throttles costs its messages a receive: these last a quarter of an hour.
  most_receives = 5

  queue_retention_seconds             = 4 * 24 * 60 * 60
  dead_letter_queue_retention_seconds = 14 * 24 * 60 * 60

  queue_tls_policies = {
    for name in concat(values(local.queue_names), values(local.dead_letter_queue_names)) :
    name => var.require_tls ? jsonencode({
      Version = "2012-10-17"
      Statement = [{
        Sid       = "RefuseCallersWithoutTls"
        Effect    = "Deny"
        Principal = "*"
        Action    = "sqs:*"
        Resource  = "${local.queue_arn_prefix}:${name}"
        Condition = { Bool = { "aws:SecureTransport" = "false" } }
      }]
    }) : null
  }
}

resource "aws_sqs_queue" "dead_letter" {
  for_each = local.dead_letter_queue_names

  name                      = each.value
  message_retention_seconds = local.dead_letter_queue_retention_seconds
  sqs_managed_sse_enabled   = true
  policy                    = local.queue_tls_policies[each.value]

  redrive_allow_policy = jsonencode({
    redrivePermission = "byQueue"
    sourceQueueArns   = ["${local.queue_arn_prefix}:${local.queue_names[each.key]}"]
  })
}

resource "aws_sqs_queue" "work" {
  for_each = local.queue_names

  name                       = each.value
  message_retention_seconds  = local.queue_retention_seconds
  visibility_timeout_seconds = var.queue_visibility_timeout_seconds
  sqs_managed_sse_enabled    = true
  policy                     = local.queue_tls_policies[each.value]

  redrive_policy = jsonencode({
    deadLetterTargetArn = aws_sqs_queue.dead_letter[each.key].arn
    maxReceiveCount     = local.most_receives
  })
}
