# What is refused before anything is planned.

mock_provider "aws" {
  source          = "./tests/mocks/aws"
  override_during = plan
}

mock_provider "terraform" {
  source = "./tests/mocks/infrastructure"
}

# Nothing is wrong with these; each run makes one wrong.
variables {
  environment        = "dev"
  account_id         = "536580886816"
  region             = "eu-west-1"
  log_retention_days = 90
  timeout_seconds    = 30
  tracing            = true
  package_path       = "tests/package.zip"
}

run "nothing_wrong" {
  command = plan
}

run "environment_that_is_none" {
  command = plan

  variables {
    environment = "test"
  }

  expect_failures = [var.environment]
}

run "account_of_another_environment" {
  command = plan

  variables {
    account_id = "093646564004"
  }

  expect_failures = [var.account_id]
}

run "local_account_outside_local" {
  command = plan

  variables {
    account_id = "000000000000"
  }

  expect_failures = [var.account_id]
}

run "region_of_another_environment" {
  command = plan

  variables {
    region = "af-south-1"
  }

  expect_failures = [var.region]
}

run "log_retention_that_cloudwatch_lacks" {
  command = plan

  variables {
    log_retention_days = 100
  }

  expect_failures = [var.log_retention_days]
}

run "logs_kept_too_short" {
  command = plan

  variables {
    log_retention_days = 60
  }

  expect_failures = [var.log_retention_days]
}

run "no_time_to_run" {
  command = plan

  variables {
    timeout_seconds = 0
  }

  expect_failures = [var.timeout_seconds]
}

run "more_time_than_the_gateway_waits" {
  command = plan

  variables {
    timeout_seconds = 31
  }

  expect_failures = [var.timeout_seconds]
}

run "no_tracing_outside_local" {
  command = plan

  variables {
    tracing = false
  }

  expect_failures = [var.tracing]
}

run "function_name_of_other_characters" {
  command = plan

  variables {
    function_name = "get_product"
  }

  expect_failures = [var.function_name]
}

run "description_that_is_empty" {
  command = plan

  variables {
    description = ""
  }

  expect_failures = [var.description]
}

run "messages_that_nobody_could_read" {
  command = plan

  variables {
    messages = "reads change two"
  }

  expect_failures = [var.messages]
}

run "less_memory_than_lambda_has" {
  command = plan

  variables {
    memory_mb = 64
  }

  expect_failures = [var.memory_mb]
}

run "target_that_no_invocation_meets" {
  command = plan

  variables {
    duration_target_ms = 0
  }

  expect_failures = [var.duration_target_ms]
}

run "processor_that_lambda_lacks" {
  command = plan

  variables {
    architecture = "riscv64"
  }

  expect_failures = [var.architecture]
}

run "package_that_is_no_zip" {
  command = plan

  variables {
    package_path = "terraform.tf"
  }

  expect_failures = [var.package_path]
}

run "too_few_batches_at_once" {
  command = plan

  variables {
    maximum_concurrency = 1
  }

  expect_failures = [var.maximum_concurrency]
}

run "too_many_batches_at_once" {
  command = plan

  variables {
    maximum_concurrency = 1001
  }

  expect_failures = [var.maximum_concurrency]
}

run "part_of_a_batch_at_once" {
  command = plan

  variables {
    maximum_concurrency = 2.5
  }

  expect_failures = [var.maximum_concurrency]
}
