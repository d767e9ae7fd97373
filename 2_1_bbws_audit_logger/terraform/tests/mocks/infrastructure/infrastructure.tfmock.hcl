# What the product infrastructure exports, of the shape that its own tests pin.

mock_data "terraform_remote_state" {
  defaults = {
    outputs = {
      table_name        = "the-table"
      table_arn         = "arn:aws:dynamodb:eu-west-1:000000000000:table/the-table"
      change_queue_url  = "https://sqs.example/the-change-queue"
      change_queue_arn  = "arn:aws:sqs:eu-west-1:000000000000:the-change-queue"
      change_dlq_url    = "https://sqs.example/the-change-dlq"
      change_dlq_arn    = "arn:aws:sqs:eu-west-1:000000000000:the-change-dlq"
      audit_queue_url   = "https://sqs.example/the-audit-queue"
      audit_queue_arn   = "arn:aws:sqs:eu-west-1:000000000000:the-audit-queue"
      audit_dlq_url     = "https://sqs.example/the-audit-dlq"
      audit_dlq_arn     = "arn:aws:sqs:eu-west-1:000000000000:the-audit-dlq"
      audit_bucket_name = "the-audit-bucket"
      audit_bucket_arn  = "arn:aws:s3:::the-audit-bucket"
      alert_topic_arn   = "arn:aws:sns:eu-west-1:000000000000:the-alerts"
      runbooks          = "the-runbooks"
      api_id            = "the-api"
      api_execution_arn = "arn:aws:execute-api:eu-west-1:000000000000:the-api"
      api_url           = "https://the-api.example/v1.0"
      api_clients       = { "0123456789abcdef" = { name = "admin", role = "writer" } }
      allowed_origins   = ["https://portal.example", "https://staff.example"]
    }
  }
}
