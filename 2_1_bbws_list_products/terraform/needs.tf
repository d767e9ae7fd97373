# What this function is given and may do: it reads the table's indexes, and only those.

locals {
  environment_variables = {
    TABLE_NAME      = local.infrastructure.table_name
    API_CLIENTS     = jsonencode(local.infrastructure.api_clients)
    ALLOWED_ORIGINS = join(",", local.infrastructure.allowed_origins)
  }

  statements = {
    ListProducts = {
      actions = ["dynamodb:Query"]
      resources = [
        "${local.infrastructure.table_arn}/index/ProductsByCreatedIndex",
        "${local.infrastructure.table_arn}/index/ProductsByCurrencyAndPriceIndex",
        "${local.infrastructure.table_arn}/index/ProductsByNameIndex",
      ]
    }
    # For the version before, while this one takes over and after a rollback.
    FormerlyListedByPrice = {
      actions   = ["dynamodb:Query"]
      resources = ["${local.infrastructure.table_arn}/index/ProductsByPriceIndex"]
    }
  }

  api_routes       = ["GET/v1.0/products", "HEAD/v1.0/products"]
  source_queue_arn = null
}
