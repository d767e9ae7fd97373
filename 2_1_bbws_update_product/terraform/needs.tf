# What this function is given and may do: it reads the product and who holds its new name, asks for the change on the change
# queue and reads what became of it.

locals {
  environment_variables = {
    TABLE_NAME       = local.infrastructure.table_name
    CHANGE_QUEUE_URL = local.infrastructure.change_queue_url
    API_CLIENTS      = jsonencode(local.infrastructure.api_clients)
    ALLOWED_ORIGINS  = join(",", local.infrastructure.allowed_origins)
  }

  statements = {
    ReadProduct = {
      actions   = ["dynamodb:GetItem"]
      resources = [local.infrastructure.table_arn]
    }
    RequestChange = {
      actions   = ["sqs:SendMessage"]
      resources = [local.infrastructure.change_queue_arn]
    }
  }

  api_routes       = ["PUT/v1.0/products/*"]
  source_queue_arn = null
}
