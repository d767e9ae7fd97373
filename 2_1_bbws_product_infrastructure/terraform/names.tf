# Names and ARNs. They are spelled out, so that a policy can name a resource before it exists.

locals {
  table_name        = coalesce(var.table_name, "bbws-products-${var.environment}")
  api_name          = "bbws-product-api-${var.environment}"
  alert_topic_name  = "bbws-product-alerts-${var.environment}"
  audit_bucket_name = "bbws-product-audit-logs-${var.environment}"

  queue_names             = { for role in ["change", "audit"] : role => "bbws-product-${role}-${var.environment}" }
  dead_letter_queue_names = { for role in ["change", "audit"] : role => "bbws-product-${role}-dlq-${var.environment}" }

  queue_arn_prefix = "arn:aws:sqs:${var.region}:${var.account_id}"
  alert_topic_arn  = "arn:aws:sns:${var.region}:${var.account_id}:${local.alert_topic_name}"
  audit_bucket_arn = "arn:aws:s3:::${local.audit_bucket_name}"
}
