# What is refused before anything is planned. tests/variables is this root's variables.tf alone, which is quicker.

# Nothing is wrong with these; each run makes one wrong.
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
}

run "nothing_wrong" {
  command = plan

  module {
    source = "./tests/variables"
  }
}

run "environment_that_is_none" {
  command = plan

  module {
    source = "./tests/variables"
  }

  variables {
    environment = "test"
  }

  expect_failures = [var.environment]
}

run "account_of_another_environment" {
  command = plan

  module {
    source = "./tests/variables"
  }

  variables {
    account_id = "815856636111"
  }

  expect_failures = [var.account_id]
}

run "local_account_outside_local" {
  command = plan

  module {
    source = "./tests/variables"
  }

  variables {
    account_id = "000000000000"
  }

  expect_failures = [var.account_id]
}

run "region_of_another_environment" {
  command = plan

  module {
    source = "./tests/variables"
  }

  variables {
    region = "eu-west-1"
  }

  expect_failures = [var.region]
}

run "no_origin" {
  command = plan

  module {
    source = "./tests/variables"
  }

  variables {
    allowed_origins = []
  }

  expect_failures = [var.allowed_origins]
}

run "any_origin_in_prod" {
  command = plan

  module {
    source = "./tests/variables"
  }

  variables {
    allowed_origins = ["*"]
  }

  expect_failures = [var.allowed_origins]
}

run "any_origin_beside_others" {
  command = plan

  module {
    source = "./tests/variables"
  }

  variables {
    environment     = "dev"
    account_id      = "536580886816"
    region          = "eu-west-1"
    allowed_origins = ["*", "https://portal.example"]
  }

  expect_failures = [var.allowed_origins]
}

run "origin_with_a_path" {
  command = plan

  module {
    source = "./tests/variables"
  }

  variables {
    allowed_origins = ["https://portal.example/shop"]
  }

  expect_failures = [var.allowed_origins]
}

run "origin_without_tls" {
  command = plan

  module {
    source = "./tests/variables"
  }

  variables {
    allowed_origins = ["http://portal.example"]
  }

  expect_failures = [var.allowed_origins]
}

run "client_name_of_other_characters" {
  command = plan

  module {
    source = "./tests/variables"
  }

  variables {
    api_clients = { "Store Front" = { role = "reader", requests_per_second = 1, burst = 1 } }
  }

  expect_failures = [var.api_clients]
}

run "client_role_that_is_none" {
  command = plan

  module {
    source = "./tests/variables"
  }

  variables {
    api_clients = { storefront = { role = "owner", requests_per_second = 1, burst = 1 } }
  }

  expect_failures = [var.api_clients]
}

run "client_without_requests" {
  command = plan

  module {
    source = "./tests/variables"
  }

  variables {
    api_clients = { storefront = { role = "reader", requests_per_second = 0, burst = 1 } }
  }

  expect_failures = [var.api_clients]
}

run "client_with_a_split_burst" {
  command = plan

  module {
    source = "./tests/variables"
  }

  variables {
    api_clients = { storefront = { role = "reader", requests_per_second = 1, burst = 1.5 } }
  }

  expect_failures = [var.api_clients]
}

run "key_of_nobody" {
  command = plan

  module {
    source = "./tests/variables"
  }

  variables {
    api_key_values = { nobody = "a-key-that-is-long-enough" }
  }

  expect_failures = [var.api_key_values]
}

run "key_that_is_short" {
  command = plan

  module {
    source = "./tests/variables"
  }

  variables {
    api_key_values = { admin = "short" }
  }

  expect_failures = [var.api_key_values]
}

run "local_without_keys" {
  command = plan

  module {
    source = "./tests/variables"
  }

  variables {
    environment = "local"
    account_id  = "000000000000"
    region      = "eu-west-1"
    require_tls = false
  }

  expect_failures = [var.api_key_values]
}

run "key_numbers_of_nobody" {
  command = plan

  module {
    source = "./tests/variables"
  }

  variables {
    api_key_numbers = { nobody = [1] }
  }

  expect_failures = [var.api_key_numbers]
}

run "client_without_a_key" {
  command = plan

  module {
    source = "./tests/variables"
  }

  variables {
    api_key_numbers = { admin = [] }
  }

  expect_failures = [var.api_key_numbers]
}

run "three_keys_of_one_client" {
  command = plan

  module {
    source = "./tests/variables"
  }

  variables {
    api_key_numbers = { admin = [1, 2, 3] }
  }

  expect_failures = [var.api_key_numbers]
}

run "key_number_that_is_none" {
  command = plan

  module {
    source = "./tests/variables"
  }

  variables {
    api_key_numbers = { admin = [0] }
  }

  expect_failures = [var.api_key_numbers]
}

run "split_key_number" {
  command = plan

  module {
    source = "./tests/variables"
  }

  variables {
    api_key_numbers = { admin = [1.5] }
  }

  expect_failures = [var.api_key_numbers]
}

run "one_key_twice" {
  command = plan

  module {
    source = "./tests/variables"
  }

  variables {
    api_key_numbers = { admin = [1, 1] }
  }

  expect_failures = [var.api_key_numbers]
}

run "key_numbers_that_do_not_follow_each_other" {
  command = plan

  module {
    source = "./tests/variables"
  }

  variables {
    api_key_numbers = { admin = [1, 3] }
  }

  expect_failures = [var.api_key_numbers]
}

run "local_without_the_second_key" {
  command = plan

  module {
    source = "./tests/variables"
  }

  variables {
    environment     = "local"
    account_id      = "000000000000"
    region          = "eu-west-1"
    require_tls     = false
    api_key_numbers = { admin = [1, 2] }
    api_key_values  = { admin = "a-local-key-of-the-admin", storefront = "a-local-key-of-the-storefront" }
  }

  expect_failures = [var.api_key_values]
}

run "visibility_below_six_timeouts" {
  command = plan

  module {
    source = "./tests/variables"
  }

  variables {
    queue_visibility_timeout_seconds = 179
  }

  expect_failures = [var.queue_visibility_timeout_seconds]
}

run "visibility_above_what_sqs_takes" {
  command = plan

  module {
    source = "./tests/variables"
  }

  variables {
    queue_visibility_timeout_seconds = 43201
  }

  expect_failures = [var.queue_visibility_timeout_seconds]
}

run "no_deletion_protection_in_prod" {
  command = plan

  module {
    source = "./tests/variables"
  }

  variables {
    deletion_protection = false
  }

  expect_failures = [var.deletion_protection]
}

run "callers_without_tls_outside_local" {
  command = plan

  module {
    source = "./tests/variables"
  }

  variables {
    require_tls = false
  }

  expect_failures = [var.require_tls]
}

run "local_callers_with_tls" {
  command = plan

  module {
    source = "./tests/variables"
  }

  variables {
    environment    = "local"
    account_id     = "000000000000"
    region         = "eu-west-1"
    api_key_values = { admin = "a-local-key-of-the-admin", storefront = "a-local-key-of-the-storefront" }
  }

  expect_failures = [var.require_tls]
}

run "no_tracing_outside_local" {
  command = plan

  module {
    source = "./tests/variables"
  }

  variables {
    tracing = false
  }

  expect_failures = [var.tracing]
}

run "no_access_log_outside_local" {
  command = plan

  module {
    source = "./tests/variables"
  }

  variables {
    access_logs = false
  }

  expect_failures = [var.access_logs]
}

run "no_firewall_outside_local" {
  command = plan

  module {
    source = "./tests/variables"
  }

  variables {
    firewall = false
  }

  expect_failures = [var.firewall]
}

run "log_retention_that_cloudwatch_lacks" {
  command = plan

  module {
    source = "./tests/variables"
  }

  variables {
    log_retention_days = 100
  }

  expect_failures = [var.log_retention_days]
}

run "backup_by_a_rate" {
  command = plan

  module {
    source = "./tests/variables"
  }

  variables {
    backup = { hourly = { schedule = "rate(1 hour)", keep_days = 90 } }
  }

  expect_failures = [var.backup]
}

run "backup_kept_for_no_time" {
  command = plan

  module {
    source = "./tests/variables"
  }

  variables {
    backup = { hourly = { schedule = "cron(0 * * * ? *)", keep_days = 0 } }
  }

  expect_failures = [var.backup]
}

run "backup_rule_of_an_unfit_name" {
  command = plan

  module {
    source = "./tests/variables"
  }

  variables {
    backup = { "every hour" = { schedule = "cron(0 * * * ? *)", keep_days = 90 } }
  }

  expect_failures = [var.backup]
}

run "no_backup_outside_local" {
  command = plan

  module {
    source = "./tests/variables"
  }

  variables {
    backup = {}
  }

  expect_failures = [var.backup]
}

run "table_of_another_environment" {
  command = plan

  module {
    source = "./tests/variables"
  }

  variables {
    table_name = "bbws-products-dev"
  }

  expect_failures = [var.table_name]
}

run "alert_to_no_address" {
  command = plan

  module {
    source = "./tests/variables"
  }

  variables {
    alert_emails = ["on-call"]
  }

  expect_failures = [var.alert_emails]
}

run "runbooks_with_a_slash_at_the_end" {
  command = plan

  module {
    source = "./tests/variables"
  }

  variables {
    runbooks = "https://wiki.example/runbooks/"
  }

  expect_failures = [var.runbooks]
}

run "domain_that_is_none" {
  command = plan

  module {
    source = "./tests/variables"
  }

  variables {
    domain = { name = "API", certificate_arn = "arn:aws:acm:af-south-1:093646564004:certificate/1" }
  }

  expect_failures = [var.domain]
}

run "certificate_of_another_region" {
  command = plan

  module {
    source = "./tests/variables"
  }

  variables {
    domain = { name = "api.example.com", certificate_arn = "arn:aws:acm:eu-west-1:093646564004:certificate/1" }
  }

  expect_failures = [var.domain]
}
