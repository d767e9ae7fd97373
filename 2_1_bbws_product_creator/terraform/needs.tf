# What this function is given and may do: it takes changes from the change queue, applies them to the table in one
# transaction each and passes their records on to the audit queue.

locals {
  environment_variables = {
    TABLE_NAME      = local.infrastructure.table_name
    AUDIT_QUEUE_URL = local.infrastructure.audit_queue_url
    DLQ_URL         = local.infrastructure.change_dlq_url
  }

  statements = {
    ApplyChange = {
      actions   = ["dynamodb:DeleteItem", "dynamodb:GetItem", "dynamodb:PutItem"]
      resources = [local.infrastructure.table_arn]
    }
    PassRecordOn = {
      actions   = ["sqs:SendMessage"]
      resources = [local.infrastructure.audit_queue_arn]
    }
    GiveUpMessage = {
      actions   = ["sqs:SendMessage"]
      resources = [local.infrastructure.change_dlq_arn]
    }
  }

  api_routes       = []
  source_queue_arn = local.infrastructure.change_queue_arn
}
