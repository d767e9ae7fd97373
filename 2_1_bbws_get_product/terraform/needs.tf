# What this function is given and may do: it reads one item of the table.

locals {
  environment_variables = {
    TABLE_NAME      = local.infrastructure.table_name
    ALLOWED_ORIGINS = join(",", local.infrastructure.allowed_origins)
  }

  statements = {
    ReadProduct = {
      actions   = ["dynamodb:GetItem"]
      resources = [local.infrastructure.table_arn]
    }
  }

  api_routes       = ["GET/v1.0/products/*"]
  source_queue_arn = null
}
