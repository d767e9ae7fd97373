# What is refused before anything is planned. tests/variables holds this root's variables and names alone, which is
# quicker.

# Nothing is wrong with these; each run makes one wrong.
variables {
  environment = "dev"
  account_id  = "536580886816"
  region      = "eu-west-1"
  require_tls = true

  audit_object_lock = null

  github = {
    owner        = "bbws"
    owner_id     = 1
    repositories = { "2_1_bbws_get_product" = 2, "the-whole-tree" = 3 }
  }
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
    account_id = "093646564004"
  }

  expect_failures = [var.account_id]
}

run "region_of_another_environment" {
  command = plan

  module {
    source = "./tests/variables"
  }

  variables {
    region = "af-south-1"
  }

  expect_failures = [var.region]
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

run "lock_mode_that_is_none" {
  command = plan

  module {
    source = "./tests/variables"
  }

  variables {
    environment       = "prod"
    account_id        = "093646564004"
    region            = "af-south-1"
    audit_object_lock = { mode = "LEGAL", years = 7 }
  }

  expect_failures = [var.audit_object_lock]
}

run "lock_of_days_and_years" {
  command = plan

  module {
    source = "./tests/variables"
  }

  variables {
    environment       = "prod"
    account_id        = "093646564004"
    region            = "af-south-1"
    audit_object_lock = { mode = "COMPLIANCE", years = 7, days = 1 }
  }

  expect_failures = [var.audit_object_lock]
}

run "lock_without_a_period" {
  command = plan

  module {
    source = "./tests/variables"
  }

  variables {
    environment       = "prod"
    account_id        = "093646564004"
    region            = "af-south-1"
    audit_object_lock = { mode = "COMPLIANCE" }
  }

  expect_failures = [var.audit_object_lock]
}

run "lock_of_no_time" {
  command = plan

  module {
    source = "./tests/variables"
  }

  variables {
    environment       = "prod"
    account_id        = "093646564004"
    region            = "af-south-1"
    audit_object_lock = { mode = "COMPLIANCE", days = 0 }
  }

  expect_failures = [var.audit_object_lock]
}

run "no_lock_in_prod" {
  command = plan

  module {
    source = "./tests/variables"
  }

  variables {
    environment       = "prod"
    account_id        = "093646564004"
    region            = "af-south-1"
    audit_object_lock = null
  }

  expect_failures = [var.audit_object_lock]
}

run "lock_that_can_be_lifted_in_prod" {
  command = plan

  module {
    source = "./tests/variables"
  }

  variables {
    environment       = "prod"
    account_id        = "093646564004"
    region            = "af-south-1"
    audit_object_lock = { mode = "GOVERNANCE", years = 7 }
  }

  expect_failures = [var.audit_object_lock]
}

run "lock_of_less_than_seven_years_in_prod" {
  command = plan

  module {
    source = "./tests/variables"
  }

  variables {
    environment       = "prod"
    account_id        = "093646564004"
    region            = "af-south-1"
    audit_object_lock = { mode = "COMPLIANCE", years = 6 }
  }

  expect_failures = [var.audit_object_lock]
}

run "lock_for_ever_outside_prod" {
  command = plan

  module {
    source = "./tests/variables"
  }

  variables {
    audit_object_lock = { mode = "COMPLIANCE", years = 7 }

    environment = "sit"
    account_id  = "815856636111"
    region      = "eu-west-1"
  }

  expect_failures = [var.audit_object_lock]
}

run "any_owner" {
  command = plan

  module {
    source = "./tests/variables"
  }

  variables {
    github = { owner = "*", owner_id = 1, repositories = { "2_1_bbws_get_product" = 2 } }
  }

  expect_failures = [var.github]
}

run "owner_that_is_empty" {
  command = plan

  module {
    source = "./tests/variables"
  }

  variables {
    github = { owner = "", owner_id = 1, repositories = { "2_1_bbws_get_product" = 2 } }
  }

  expect_failures = [var.github]
}

run "owner_with_a_repository" {
  command = plan

  module {
    source = "./tests/variables"
  }

  variables {
    github = { owner = "bbws/other", owner_id = 1, repositories = { "2_1_bbws_get_product" = 2 } }
  }

  expect_failures = [var.github]
}

run "owner_without_an_id" {
  command = plan

  module {
    source = "./tests/variables"
  }

  variables {
    github = { owner = "bbws", owner_id = 0, repositories = { "2_1_bbws_get_product" = 2 } }
  }

  expect_failures = [var.github]
}

run "no_repository" {
  command = plan

  module {
    source = "./tests/variables"
  }

  variables {
    github = { owner = "bbws", owner_id = 1, repositories = {} }
  }

  expect_failures = [var.github]
}

run "any_repository" {
  command = plan

  module {
    source = "./tests/variables"
  }

  variables {
    github = { owner = "bbws", owner_id = 1, repositories = { "*" = 2 } }
  }

  expect_failures = [var.github]
}

run "repositories_of_other_projects" {
  command = plan

  module {
    source = "./tests/variables"
  }

  variables {
    github = { owner = "bbws", owner_id = 1, repositories = { "one" = 2, "another" = 3 } }
  }

  expect_failures = [var.github]
}

run "repository_with_a_split_id" {
  command = plan

  module {
    source = "./tests/variables"
  }

  variables {
    github = { owner = "bbws", owner_id = 1, repositories = { "2_1_bbws_get_product" = 2.5 } }
  }

  expect_failures = [var.github]
}

run "zone_that_is_none" {
  command = plan

  module {
    source = "./tests/variables"
  }

  variables {
    hosted_zone_id = "example.com"
  }

  expect_failures = [var.hosted_zone_id]
}

run "certificate_of_another_account" {
  command = plan

  module {
    source = "./tests/variables"
  }

  variables {
    certificate_arn = "arn:aws:acm:eu-west-1:093646564004:certificate/any"
  }

  expect_failures = [var.certificate_arn]
}

run "adoption_of_something_else" {
  command = plan

  module {
    source = "./tests/variables"
  }

  variables {
    adopted = ["state_bucket"]
  }

  expect_failures = [var.adopted]
}

run "somebody_elses_name" {
  command = plan

  module {
    source = "./tests/variables"
  }

  variables {
    found = ["AdministratorAccess"]
  }

  expect_failures = [var.found]
}

run "break_glass_for_a_role" {
  command = plan

  module {
    source = "./tests/variables"
  }

  variables {
    break_glass_users = ["arn:aws:iam::536580886816:role/admin"]
  }

  expect_failures = [var.break_glass_users]
}

run "break_glass_for_anybody" {
  command = plan

  module {
    source = "./tests/variables"
  }

  variables {
    break_glass_users = ["arn:aws:iam::536580886816:user/*"]
  }

  expect_failures = [var.break_glass_users]
}
