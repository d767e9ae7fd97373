# Whether the API answers at its AWS address as well, where it has a domain name of its own.

mock_provider "aws" {
  source          = "./tests/mocks"
  override_during = plan
}

variables {
  environment                      = "prod"
  account_id                       = "093646564004"
  region                           = "af-south-1"
  allowed_origins                  = ["https://portal.example"]
  queue_visibility_timeout_seconds = 180
  audit_object_lock                = { mode = "COMPLIANCE", years = 7 }
  deletion_protection              = true
  require_tls                      = true
  tracing                          = true
  access_logs                      = true
  firewall                         = true
  log_retention_days               = 365
  backup                           = { hourly = { schedule = "cron(0 * * * ? *)", keep_days = 90 } }
  domain                           = { name = "api.example.com", certificate_arn = "arn:aws:acm:af-south-1:093646564004:certificate/1" }
  api_key_values                   = { admin = "a-key-of-the-admin-alone", storefront = "a-key-of-the-storefront" }
}

run "prod" {
  command = plan

  assert {
    condition     = aws_api_gateway_rest_api.products.disable_execute_api_endpoint
    error_message = "Where prod has a domain, nobody must get past it to the AWS address."
  }

  assert {
    condition     = output.api_url == "https://api.example.com/v1.0"
    error_message = "What tries the API must be told the address at which it answers."
  }
}

run "both_addresses" {
  command = plan

  variables {
    disable_execute_api_endpoint = false
  }

  assert {
    condition     = !aws_api_gateway_rest_api.products.disable_execute_api_endpoint && !strcontains(output.api_url, "api.example.com")
    error_message = "While callers move to the domain, both addresses must be able to answer."
  }

}

run "no_domain" {
  command = plan

  variables {
    domain = null
  }

  assert {
    condition     = !aws_api_gateway_rest_api.products.disable_execute_api_endpoint
    error_message = "Without a domain there is no other address."
  }
}

run "neither_address" {
  command = plan

  variables {
    domain                       = null
    disable_execute_api_endpoint = true
  }

  expect_failures = [var.disable_execute_api_endpoint]
}
