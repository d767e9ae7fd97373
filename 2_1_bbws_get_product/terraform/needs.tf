# What this function is given and may do: it reads single items of the table, and the change records of one product.

locals {
  environment_variables = {
    TABLE_NAME      = local.infrastructure.table_name
    API_CLIENTS     = jsonencode(local.infrastructure.api_clients)
    ALLOWED_ORIGINS = join(",", local.infrastructure.allowed_origins)
  }

  statements = {
    ReadProduct = {
      actions   = ["dynamodb:GetItem", "dynamodb:Query"]
      resources = [local.infrastructure.table_arn]
    }
  }

  api_routes       = ["GET/v1.0/products/*", "HEAD/v1.0/products/*", "GET/v1.0/products/*/changes", "HEAD/v1.0/products/*/changes"]
  source_queue_arn = null
}
