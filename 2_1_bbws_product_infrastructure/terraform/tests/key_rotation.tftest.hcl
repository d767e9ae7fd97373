# The rotation of a client's key, step by step on one state: no step replaces a key that is in use, or touches another
# client's. Keys, plans and secrets alone are applied: all the rest would take twice as long.

mock_provider "aws" {
  source = "./tests/mocks"
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

  # The mock would make all keys the same.
  api_key_values = {
    admin      = "the-first-key-of-the-admin"
    "admin/2"  = "the-second-key-of-the-admin"
    "admin/3"  = "the-third-key-of-the-admin"
    storefront = "the-key-of-the-storefront"
  }
}

run "before" {
  plan_options {
    target = [aws_api_gateway_usage_plan_key.client, aws_secretsmanager_secret_version.client]
  }

  assert {
    condition     = { for client, keys in output.api_keys : client => keys[*].name } == { admin = ["admin"], storefront = ["storefront"] }
    error_message = "Each client must have one key, which bears its name."
  }

  assert {
    condition     = nonsensitive(aws_secretsmanager_secret_version.client["admin"].secret_string) == "the-first-key-of-the-admin"
    error_message = "The secret must hold the key."
  }
}

run "begun" {
  plan_options {
    target = [aws_api_gateway_usage_plan_key.client, aws_secretsmanager_secret_version.client]
  }

  variables {
    api_key_numbers = { admin = [1, 2] }
  }

  assert {
    condition     = { for client, keys in output.api_keys : client => keys[*].name } == { admin = ["admin", "admin/2"], storefront = ["storefront"] }
    error_message = "The client must have two keys, and no other client."
  }

  assert {
    condition     = output.api_keys.admin[0] == run.before.api_keys.admin[0] && output.api_keys.storefront == run.before.api_keys.storefront
    error_message = "The keys in use must stay."
  }

  assert {
    condition     = aws_api_gateway_api_key.client["admin/2"].name == "bbws-product-api-prod-admin-2"
    error_message = "A later key must bear the client's name and its number."
  }

  assert {
    condition = alltrue([
      for name in ["admin", "admin/2"] :
      aws_api_gateway_usage_plan_key.client[name].usage_plan_id == aws_api_gateway_usage_plan.client["admin"].id &&
      aws_api_gateway_usage_plan_key.client[name].key_id == aws_api_gateway_api_key.client[name].id
    ])
    error_message = "Both keys must be in the client's usage plan."
  }

  assert {
    condition     = nonsensitive(aws_secretsmanager_secret_version.client["admin"].secret_string) == "the-first-key-of-the-admin"
    error_message = "The secret must hold the old key until the functions know the new one."
  }

  assert {
    condition = output.api_clients == {
      (substr(sha256("the-first-key-of-the-admin"), 0, 16))  = { name = "admin", role = "writer" }
      (substr(sha256("the-second-key-of-the-admin"), 0, 16)) = { name = "admin", role = "writer" }
      (substr(sha256("the-key-of-the-storefront"), 0, 16))   = { name = "storefront", role = "reader" }
    }
    error_message = "The functions must get to know both keys."
  }
}

run "switched" {
  plan_options {
    target = [aws_api_gateway_usage_plan_key.client, aws_secretsmanager_secret_version.client]
  }

  variables {
    api_key_numbers = { admin = [2, 1] }
  }

  assert {
    condition     = output.api_keys.admin == reverse(run.begun.api_keys.admin) && output.api_keys.storefront == run.before.api_keys.storefront
    error_message = "Both keys must stay, and those of others."
  }

  assert {
    condition     = output.api_clients == run.begun.api_clients
    error_message = "The functions must still know both keys."
  }

  assert {
    condition     = nonsensitive(aws_secretsmanager_secret_version.client["admin"].secret_string) == "the-second-key-of-the-admin"
    error_message = "The secret must hold the new key."
  }
}

run "finished" {
  plan_options {
    target = [aws_api_gateway_usage_plan_key.client, aws_secretsmanager_secret_version.client]
  }

  variables {
    api_key_numbers = { admin = [2] }
  }

  assert {
    condition     = output.api_keys == { admin = [run.begun.api_keys.admin[1]], storefront = run.before.api_keys.storefront }
    error_message = "The old key must be gone, and the new one must be the one that the client knows."
  }

  assert {
    condition     = toset(keys(aws_api_gateway_usage_plan_key.client)) == toset(["admin/2", "storefront"])
    error_message = "The old key must not be in a usage plan."
  }

  assert {
    condition     = nonsensitive(aws_secretsmanager_secret_version.client["admin"].secret_string) == "the-second-key-of-the-admin"
    error_message = "The secret must still hold the new key."
  }

  assert {
    condition = output.api_clients == {
      (substr(sha256("the-second-key-of-the-admin"), 0, 16)) = { name = "admin", role = "writer" }
      (substr(sha256("the-key-of-the-storefront"), 0, 16))   = { name = "storefront", role = "reader" }
    }
    error_message = "The functions must forget the old key."
  }
}

run "begun_again" {
  plan_options {
    target = [aws_api_gateway_usage_plan_key.client, aws_secretsmanager_secret_version.client]
  }

  variables {
    api_key_numbers = { admin = [2, 3] }
  }

  assert {
    condition     = output.api_keys.admin[0] == run.finished.api_keys.admin[0] && output.api_keys.admin[1].name == "admin/3"
    error_message = "The next rotation must leave the key in use alone, too."
  }
}
