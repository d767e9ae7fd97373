# A table that was restored under another name, in place of the one that Terraform made.

mock_provider "aws" {
  source          = "./tests/mocks"
  override_during = plan
}

# It is imported, which a mock can't do.
override_resource {
  override_during = plan
  target          = aws_dynamodb_table.products
  values = {
    arn = "arn:aws:dynamodb:af-south-1:093646564004:table/bbws-products-prod-restored"
  }
}

variables {
  environment                      = "prod"
  account_id                       = "093646564004"
  region                           = "af-south-1"
  allowed_origins                  = ["https://portal.example"]
  queue_visibility_timeout_seconds = 180
  deletion_protection              = true
  require_tls                      = true
  tracing                          = true
  access_logs                      = true
  firewall                         = true
  log_retention_days               = 365
  backup                           = { hourly = { schedule = "cron(0 * * * ? *)", keep_days = 90 } }
  api_key_values                   = { admin = "a-key-of-the-admin-alone", storefront = "a-key-of-the-storefront" }
  table_name                       = "bbws-products-prod-restored"
}

run "restored" {
  command = plan

  assert {
    condition     = output.table_name == "bbws-products-prod-restored" && strcontains(output.table_arn, ":table/bbws-products-prod-restored")
    error_message = "The functions must be pointed at the restored table."
  }

  # Restoring takes over none of these.
  assert {
    condition = (
      aws_dynamodb_table.products.point_in_time_recovery[0].enabled &&
      aws_dynamodb_table.products.ttl[0].enabled &&
      aws_dynamodb_table.products.deletion_protection_enabled
    )
    error_message = "The restored table must be protected as the one before."
  }

  assert {
    condition     = alltrue([for alarm in aws_cloudwatch_metric_alarm.table_throttles : alarm.dimensions.TableName == "bbws-products-prod-restored"])
    error_message = "The alarms must look at the restored table."
  }

  assert {
    condition     = tolist(aws_backup_selection.products[0].resources) == tolist([aws_dynamodb_table.products.arn])
    error_message = "The restored table must be backed up."
  }
}
