# All policies at their longest: in prod, with a domain and with somebody who may break the glass.

mock_provider "aws" {
  source          = "./tests/mocks"
  override_during = plan
}

# The longest names that GitHub allows, and all repositories.
variables {
  environment       = "prod"
  account_id        = "093646564004"
  region            = "af-south-1"
  require_tls       = true
  audit_object_lock = { mode = "COMPLIANCE", years = 7 }
  break_glass_users = ["arn:aws:iam::093646564004:user/the.owner"]
  certificate_arn   = "arn:aws:acm:af-south-1:093646564004:certificate/12345678-1234-1234-1234-123456789012"
  hosted_zone_id    = "Z0123456789ABCDEFGHIJ"
  github = {
    owner    = "an-owner-whose-name-has-39-characters-x"
    owner_id = 1000000001
    repositories = {
      "2_1_bbws_audit_logger"           = 2000000001
      "2_1_bbws_create_product"         = 2000000002
      "2_1_bbws_delete_product"         = 2000000003
      "2_1_bbws_get_product"            = 2000000004
      "2_1_bbws_list_products"          = 2000000005
      "2_1_bbws_product_creator"        = 2000000006
      "2_1_bbws_product_infrastructure" = 2000000007
      "2_1_bbws_update_product"         = 2000000008
      "bbws_product_service"            = 2000000009
    }
  }
}

run "everything" {
  command = plan

  # IAM takes 2,048 characters of trust and 6,144 of policy, white space not counted: there is none.
  assert {
    condition     = alltrue([for workflow in aws_iam_role.workflow : length(workflow.assume_role_policy) <= 2048])
    error_message = "A trust policy is too long for IAM."
  }

  assert {
    condition     = alltrue([for policy in concat(values(aws_iam_policy.workflow), values(aws_iam_policy.boundary)) : length(policy.policy) <= 6144])
    error_message = "A policy is too long for IAM: ${jsonencode({ for name, policy in merge(aws_iam_policy.workflow, aws_iam_policy.boundary) : name => length(policy.policy) })}"
  }
}
