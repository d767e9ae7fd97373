# What this function is given and may do: it takes change records from the audit queue and writes each to the bucket.

locals {
  environment_variables = {
    AUDIT_BUCKET = local.infrastructure.audit_bucket_name
    DLQ_URL      = local.infrastructure.audit_dlq_url
  }

  statements = {
    WriteRecord = {
      actions   = ["s3:PutObject"]
      resources = ["${local.infrastructure.audit_bucket_arn}/*"]
      # With If-None-Match alone, so that no record is written over.
      condition = { Null = { "s3:if-none-match" = "false" } }
    }
    GiveUpMessage = {
      actions   = ["sqs:SendMessage"]
      resources = [local.infrastructure.audit_dlq_arn]
    }
  }

  api_routes       = []
  source_queue_arn = local.infrastructure.audit_queue_arn
}
