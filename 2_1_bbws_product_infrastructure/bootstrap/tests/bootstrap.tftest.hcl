# What is made in each account: the state bucket, who may deploy, and what they may do at most.

# Planned, never applied: a test couldn't remove the state bucket again.
mock_provider "aws" {
  source          = "./tests/mocks"
  override_during = plan
}

# The longest names that GitHub allows, and all repositories.
variables {
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

run "settings" {
  module {
    source = "./tests/settings"
  }
}

run "dev" {
  command = plan

  variables {
    environment       = run.settings.of.dev.environment
    account_id        = run.settings.of.dev.account_id
    region            = run.settings.of.dev.region
    require_tls       = run.settings.of.dev.require_tls
    audit_object_lock = run.settings.of.dev.audit_object_lock
  }

  assert {
    condition = (
      [var.account_id, var.region, aws_s3_bucket.state.bucket] == ["536580886816", "eu-west-1", "bbws-terraform-state-dev"] &&
      { for role, workflow in aws_iam_role.workflow : role => workflow.name } == { deploy = "bbws-product-deploy-dev", plan = "bbws-product-plan-dev" }
    )
    error_message = "dev's account, region, state bucket or roles aren't what the design and the workflows say."
  }

  assert {
    condition     = aws_s3_bucket.audit.bucket == "bbws-product-audit-logs-dev" && !aws_s3_bucket.audit.object_lock_enabled && length(aws_s3_bucket_object_lock_configuration.audit) == 0
    error_message = "dev's audit bucket must have no lock."
  }
}

run "sit" {
  command = plan

  variables {
    environment       = run.settings.of.sit.environment
    account_id        = run.settings.of.sit.account_id
    region            = run.settings.of.sit.region
    require_tls       = run.settings.of.sit.require_tls
    audit_object_lock = run.settings.of.sit.audit_object_lock
  }

  assert {
    condition = (
      [var.account_id, var.region, aws_s3_bucket.state.bucket] == ["815856636111", "eu-west-1", "bbws-terraform-state-sit"] &&
      { for role, workflow in aws_iam_role.workflow : role => workflow.name } == { deploy = "bbws-product-deploy-sit", plan = "bbws-product-plan-sit" }
    )
    error_message = "sit's account, region, state bucket or roles aren't what the design and the workflows say."
  }

  assert {
    condition     = aws_s3_bucket.audit.bucket == "bbws-product-audit-logs-sit" && aws_s3_bucket.audit.object_lock_enabled && [for retention in aws_s3_bucket_object_lock_configuration.audit[0].rule[0].default_retention : [retention.mode, retention.days]] == [["GOVERNANCE", 1]]
    error_message = "sit's audit bucket must lock a record for a day, in governance mode."
  }
}

run "local" {
  command = plan

  variables {
    environment       = run.settings.of.local.environment
    account_id        = run.settings.of.local.account_id
    region            = run.settings.of.local.region
    require_tls       = run.settings.of.local.require_tls
    audit_object_lock = run.settings.of.local.audit_object_lock
    github            = run.settings.of.local.github
  }

  assert {
    condition     = [var.account_id, var.region, aws_s3_bucket.state.bucket] == ["000000000000", "eu-west-1", "bbws-terraform-state-local"] && length(aws_s3_bucket_policy.state) == 0
    error_message = "local's account, region or state bucket isn't what rehearsals need."
  }

  assert {
    condition     = aws_s3_bucket.audit.bucket == "bbws-product-audit-logs-local" && !aws_s3_bucket.audit.object_lock_enabled && length(jsondecode(aws_s3_bucket_policy.audit.policy).Statement) == 1
    error_message = "local's audit bucket must have no lock, and take callers without TLS."
  }
}

run "prod" {
  command = plan

  variables {
    environment       = run.settings.of.prod.environment
    account_id        = run.settings.of.prod.account_id
    region            = run.settings.of.prod.region
    require_tls       = run.settings.of.prod.require_tls
    audit_object_lock = run.settings.of.prod.audit_object_lock
    hosted_zone_id    = "Z0123456789ABCDEFGHIJ"
  }

  assert {
    condition = (
      [var.account_id, var.region, aws_s3_bucket.state.bucket] == ["093646564004", "af-south-1", "bbws-terraform-state-prod"] &&
      { for role, workflow in aws_iam_role.workflow : role => workflow.name } == { deploy = "bbws-product-deploy-prod", plan = "bbws-product-plan-prod" }
    )
    error_message = "prod's account, region, state bucket or roles aren't what the design and the workflows say."
  }

  # The state bucket

  assert {
    condition = (
      aws_s3_bucket_versioning.state.versioning_configuration[0].status == "Enabled" &&
      alltrue([for rule in aws_s3_bucket_server_side_encryption_configuration.state.rule : rule.apply_server_side_encryption_by_default[0].sse_algorithm == "AES256"]) &&
      alltrue([
        for setting in ["block_public_acls", "block_public_policy", "ignore_public_acls", "restrict_public_buckets"] :
        aws_s3_bucket_public_access_block.state[setting]
      ])
    )
    error_message = "The state bucket must be versioned, encrypted and closed to the public."
  }

  assert {
    condition = jsondecode(aws_s3_bucket_policy.state[0].policy).Statement == [{
      Sid       = "RefuseCallersWithoutTls"
      Effect    = "Deny"
      Principal = "*"
      Action    = "s3:*"
      Resource  = ["arn:aws:s3:::bbws-terraform-state-prod", "arn:aws:s3:::bbws-terraform-state-prod/*"]
      Condition = { Bool = { "aws:SecureTransport" = "false" } }
    }]
    error_message = "The state bucket must refuse callers without TLS."
  }

  assert {
    condition = {
      for rule in aws_s3_bucket_lifecycle_configuration.state.rule :
      rule.id => [for expiration in rule.noncurrent_version_expiration : expiration.noncurrent_days]
    } == { forget-earlier-states-after-a-year = [365], forget-plans-after-a-month = [1] }
    error_message = "Earlier states must be kept for a year."
  }

  assert {
    condition = [
      for rule in aws_s3_bucket_lifecycle_configuration.state.rule :
      "${rule.expiration[0].days} ${rule.filter[0].prefix}" if rule.id == "forget-plans-after-a-month"
    ] == ["30 plans/"]
    error_message = "Plans must expire after 30 days, and plans alone."
  }

  # The audit bucket

  assert {
    condition = (
      aws_s3_bucket_versioning.audit.versioning_configuration[0].status == "Enabled" &&
      alltrue([for rule in aws_s3_bucket_server_side_encryption_configuration.audit.rule : rule.apply_server_side_encryption_by_default[0].sse_algorithm == "AES256"])
    )
    error_message = "The bucket must be versioned and encrypted."
  }

  assert {
    condition = alltrue([
      for setting in ["block_public_acls", "block_public_policy", "ignore_public_acls", "restrict_public_buckets"] :
      aws_s3_bucket_public_access_block.audit[setting]
    ])
    error_message = "The bucket must be closed to the public."
  }

  assert {
    condition = anytrue([
      for rule in aws_s3_bucket_lifecycle_configuration.audit.rule :
      rule.status == "Enabled" && [for transition in rule.transition : "${transition.days} ${transition.storage_class}"] == ["365 GLACIER"] && one(rule.filter).object_size_greater_than == 40000
    ])
    error_message = "Audit objects must go to Glacier after 365 days."
  }

  assert {
    condition     = alltrue([for rule in aws_s3_bucket_lifecycle_configuration.audit.rule : length(rule.expiration) + length(rule.noncurrent_version_expiration) == 0])
    error_message = "No audit object may expire."
  }

  assert {
    condition = contains(jsondecode(aws_s3_bucket_policy.audit.policy).Statement, {
      Sid       = "NobodyDeletes"
      Effect    = "Deny"
      Principal = "*"
      Action    = ["s3:BypassGovernanceRetention", "s3:DeleteObject", "s3:DeleteObjectVersion"]
      Resource  = "arn:aws:s3:::bbws-product-audit-logs-prod/*"
    })
    error_message = "Where there is no break-glass role, nobody may delete audit objects."
  }

  assert {
    condition     = aws_s3_bucket.audit.bucket == "bbws-product-audit-logs-prod" && aws_s3_bucket.audit.object_lock_enabled && [for retention in aws_s3_bucket_object_lock_configuration.audit[0].rule[0].default_retention : [retention.mode, retention.years]] == [["COMPLIANCE", 7]]
    error_message = "The bucket must have the name that the functions know, and lock every record for seven years, for everybody."
  }

  assert {
    condition = contains(jsondecode(aws_s3_bucket_policy.audit.policy).Statement, {
      Sid       = "RefuseCallersWithoutTls"
      Effect    = "Deny"
      Principal = "*"
      Action    = "s3:*"
      Resource  = ["arn:aws:s3:::bbws-product-audit-logs-prod", "arn:aws:s3:::bbws-product-audit-logs-prod/*"]
      Condition = { Bool = { "aws:SecureTransport" = "false" } }
    })
    error_message = "The bucket must refuse callers without TLS."
  }

  # The keys

  assert {
    condition     = { for key, alias in aws_kms_alias.service : key => alias.name } == { alerts = "alias/bbws-product-alerts-prod", backup = "alias/bbws-product-backup-prod" } && alltrue([for key in aws_kms_key.service : key.enable_key_rotation])
    error_message = "Deployments must find both keys by their aliases, and the keys must be rotated."
  }

  assert {
    condition = {
      for key, made in aws_kms_key.service : key => [for statement in jsondecode(made.policy).Statement : statement.Principal]
      } == {
      alerts = [{ AWS = "arn:aws:iam::093646564004:root" }, { Service = "cloudwatch.amazonaws.com" }]
      backup = [{ AWS = "arn:aws:iam::093646564004:root" }]
    }
    error_message = "CloudWatch must be able to use the key of the alert topic, and nobody outside the account either key."
  }

  assert {
    condition     = !anytrue([for policy in aws_iam_policy.workflow : can(regex("kms:(CreateKey|TagResource|UntagResource|PutKeyPolicy|ScheduleKeyDeletion|CreateAlias|UpdateAlias|DeleteAlias)", policy.policy))])
    error_message = "A deployment may use keys, and neither make nor tag nor change any."
  }

  # Whom the roles trust

  assert {
    condition     = [for provider in aws_iam_openid_connect_provider.github : [provider.url, join(" ", provider.client_id_list)]] == [["https://token.actions.githubusercontent.com", "sts.amazonaws.com"]]
    error_message = "GitHub's provider must serve AWS STS, and nobody else."
  }

  assert {
    condition = {
      for role, workflow in aws_iam_role.workflow : role => jsondecode(workflow.assume_role_policy).Statement
      } == {
      for role, environment in { deploy = "prod", plan = "prod-plan" } : role => [{
        Sid       = "WorkflowsOfThisProject"
        Effect    = "Allow"
        Principal = { Federated = "arn:aws:iam::093646564004:oidc-provider/token.actions.githubusercontent.com" }
        Action    = "sts:AssumeRoleWithWebIdentity"
        Condition = {
          StringEquals = {
            "token.actions.githubusercontent.com:aud" = "sts.amazonaws.com"
            "token.actions.githubusercontent.com:sub" = [
              for name, id in var.github.repositories :
              "repo:an-owner-whose-name-has-39-characters-x@1000000001/${name}@${id}:environment:${environment}"
            ]
          }
        }
      }]
    }
    error_message = "A role must trust this project's repositories in its own GitHub environment, and nobody else."
  }

  # What the roles may do

  assert {
    condition = (
      alltrue([for workflow in aws_iam_role.workflow : workflow.permissions_boundary == aws_iam_policy.boundary["workflow"].arn]) &&
      { for boundary, policy in aws_iam_policy.boundary : boundary => policy.name } == { workflow = "bbws-product-workflow-boundary-prod", runtime = "bbws-product-runtime-boundary-prod" }
    )
    error_message = "Both roles must be under the workflow boundary, and the boundaries have the names that the roles of deployments name."
  }

  assert {
    condition     = toset(flatten(values(local.permission_groups))) == toset(keys(local.permissions)) && length(flatten(values(local.permission_groups))) == length(local.permissions)
    error_message = "Every permission must be in one group."
  }

  assert {
    condition = alltrue(flatten([
      for policy in aws_iam_policy.workflow : [
        for statement in jsondecode(policy.policy).Statement :
        [for action in statement.Action : !strcontains(action, "*")]
      ]
    ]))
    error_message = "A policy of a workflow must name each action in full."
  }

  assert {
    condition = toset(flatten([
      for policy in aws_iam_policy.workflow : [
        for statement in jsondecode(policy.policy).Statement : statement.Sid if contains(statement.Resource, "*") && !can(statement.Condition)
      ]
    ])) == toset(["WithoutResource"])
    error_message = "Where a policy names no resource there must be a condition instead, or AWS offers neither."
  }

  assert {
    condition = alltrue(flatten([
      for name, policy in aws_iam_policy.workflow : [
        for statement in jsondecode(policy.policy).Statement : [
          for action in statement.Action :
          can(regex("^[a-z0-9-]+:(Describe|Get|List|Filter|GET|Decrypt)", action)) || statement.Sid == "LocksAndPlans"
        ]
      ] if startswith(name, "plan-")
    ]))
    error_message = "The plan role may only look, but for locking states and leaving plans."
  }

  assert {
    condition     = toset(values(aws_iam_role_policy_attachments_exclusive.workflow)[*].role_name) == toset(values(aws_iam_role.workflow)[*].name) && alltrue([for role in aws_iam_role_policies_exclusive.workflow : length(role.policy_names) == 0])
    error_message = "The roles may have no policies but these."
  }

  # Roles that a deployment makes

  assert {
    condition = {
      for statement in jsondecode(aws_iam_policy.workflow["deploy-compute"].policy).Statement : statement.Sid => statement.Condition if can(statement.Condition)
      } == {
      RolesUnderTheBoundary = { ArnEquals = { "iam:PermissionsBoundary" = "arn:aws:iam::093646564004:policy/bbws-product-runtime-boundary-prod" } }
      RolesForServices      = { StringEquals = { "iam:PassedToService" = ["backup.amazonaws.com", "lambda.amazonaws.com"] } }
      RolesOfServices       = { StringEquals = { "iam:AWSServiceName" = ["backup.amazonaws.com", "ops.apigateway.amazonaws.com", "wafv2.amazonaws.com"] } }
      NewTriggers           = { ArnLike = { "lambda:FunctionArn" = [for name in ["audit-logger", "product-creator"] : "arn:aws:lambda:af-south-1:093646564004:function:bbws-${name}-prod*"] } }
      Triggers              = { ArnLike = { "lambda:FunctionArn" = [for name in ["audit-logger", "product-creator"] : "arn:aws:lambda:af-south-1:093646564004:function:bbws-${name}-prod*"] } }
    }
    error_message = "A deployment may make roles under the runtime boundary alone, and hand them to Lambda and AWS Backup alone."
  }

  # Other projects' functions and roles begin with bbws-, too.
  assert {
    condition = alltrue(flatten([
      for policy in aws_iam_policy.workflow : [
        for statement in jsondecode(policy.policy).Statement :
        [for arn in statement.Resource : !can(regex(":(function:|role/)bbws-[^/]*[*].*-prod$", arn))]
      ]
    ]))
    error_message = "A policy of a workflow must name functions and roles in full."
  }

  assert {
    condition = toset(flatten([
      for statement in jsondecode(aws_iam_policy.workflow["deploy-compute"].policy).Statement :
      [for arn in statement.Resource : trimprefix(arn, "arn:aws:iam::093646564004:role/")] if strcontains(jsonencode(statement.Action), "iam:")
      ])) == toset([
      "aws-service-role/*",
      "bbws-audit-logger-prod",
      "bbws-create-product-prod",
      "bbws-delete-product-prod",
      "bbws-get-product-prod",
      "bbws-list-products-prod",
      "bbws-product-backup-prod",
      "bbws-product-creator-prod",
      "bbws-update-product-prod",
    ])
    error_message = "A deployment may touch the roles of the seven functions and of AWS Backup, and no others."
  }

  assert {
    condition     = !anytrue([for policy in aws_iam_policy.workflow : can(regex("iam:(CreatePolicy|DeleteRolePermissionsBoundary|AttachRolePolicy|CreateUser|UpdateOpenID|CreateAccessKey)", policy.policy))])
    error_message = "A deployment may not write policies, lift boundaries or make users."
  }

  assert {
    condition = contains(jsondecode(aws_iam_policy.boundary["workflow"].policy).Statement, {
      Sid    = "NoHandOnOthers"
      Effect = "Deny"
      Action = "iam:*"
      NotResource = [
        "arn:aws:iam::*:role/bbws-audit-logger-prod",
        "arn:aws:iam::*:role/bbws-create-product-prod",
        "arn:aws:iam::*:role/bbws-delete-product-prod",
        "arn:aws:iam::*:role/bbws-get-product-prod",
        "arn:aws:iam::*:role/bbws-list-products-prod",
        "arn:aws:iam::*:role/bbws-product-creator-prod",
        "arn:aws:iam::*:role/bbws-update-product-prod",
        "arn:aws:iam::*:role/bbws-product-backup-prod",
        "arn:aws:iam::*:role/aws-service-role/*",
      ]
    })
    error_message = "The workflow boundary must keep workflows from their own roles, boundaries and provider, and from those of others."
  }

  assert {
    condition     = !can(regex("\"(iam|sts|secretsmanager|kms:Put|lambda|s3:Delete|s3:Get|dynamodb:Delete(Table|\\*))", replace(aws_iam_policy.boundary["runtime"].policy, "lambda/bbws", "")))
    error_message = "A role under the runtime boundary may not touch identities, secrets, functions, states, or what is in the audit bucket."
  }

  assert {
    condition     = !strcontains(aws_iam_policy.boundary["runtime"].policy, ":*\"]") || !can(regex("\"Action\":\\[?\"[a-z]+:\\*\"", aws_iam_policy.boundary["runtime"].policy))
    error_message = "The runtime boundary must name each action in full."
  }

  # API Gateway's logs

  assert {
    condition = (
      aws_api_gateway_account.region[0].cloudwatch_role_arn == aws_iam_role.logging[0].arn &&
      aws_iam_role_policy_attachment.logging[0].policy_arn == "arn:aws:iam::aws:policy/service-role/AmazonAPIGatewayPushToCloudWatchLogs" &&
      jsondecode(aws_iam_role.logging[0].assume_role_policy).Statement[0].Principal == { Service = "apigateway.amazonaws.com" }
    )
    error_message = "API Gateway must have a role to write its logs with."
  }
}

run "break_glass" {
  command = plan

  variables {
    environment       = run.settings.of.prod.environment
    account_id        = run.settings.of.prod.account_id
    region            = run.settings.of.prod.region
    require_tls       = run.settings.of.prod.require_tls
    audit_object_lock = run.settings.of.prod.audit_object_lock
    break_glass_users = ["arn:aws:iam::111111111111:user/security/somebody", "arn:aws:iam::093646564004:user/the.owner"]
  }

  assert {
    condition = jsondecode(aws_iam_role.break_glass[0].assume_role_policy).Statement == [{
      Sid       = "NamedPeopleWithASecondFactor"
      Effect    = "Allow"
      Principal = { AWS = ["arn:aws:iam::093646564004:user/the.owner", "arn:aws:iam::111111111111:user/security/somebody"] }
      Action    = "sts:AssumeRole"
      Condition = { Bool = { "aws:MultiFactorAuthPresent" = "true" } }
    }]
    error_message = "The break-glass role must trust the people who are named, with a second factor, and nobody else."
  }

  assert {
    condition     = [aws_iam_role.break_glass[0].name, aws_iam_role.break_glass[0].max_session_duration] == ["bbws-break-glass", 3600]
    error_message = "The break-glass role must be called so, and have sessions of an hour."
  }

  assert {
    condition = {
      for statement in jsondecode(aws_iam_role_policy.break_glass[0].policy).Statement : statement.Sid => [statement.Resource, join(" ", statement.Action)]
      } == {
      FindRecords = ["arn:aws:s3:::bbws-product-audit-logs-prod", "s3:ListBucket s3:ListBucketVersions"]
      ReadAndDeleteRecords = [
        "arn:aws:s3:::bbws-product-audit-logs-prod/*",
        "s3:BypassGovernanceRetention s3:DeleteObject s3:DeleteObjectVersion s3:GetObject s3:GetObjectRetention s3:GetObjectVersion",
      ]
    }
    error_message = "The break-glass role may find, read and delete audit records, and nothing else."
  }

  assert {
    condition = contains(jsondecode(aws_s3_bucket_policy.audit.policy).Statement, {
      Sid       = "OnlyBreakGlassDeletes"
      Effect    = "Deny"
      Principal = "*"
      Action    = ["s3:BypassGovernanceRetention", "s3:DeleteObject", "s3:DeleteObjectVersion"]
      Resource  = "arn:aws:s3:::bbws-product-audit-logs-prod/*"
      Condition = { StringNotLike = { "aws:userid" = "AROATHEROLE:*" } }
    })
    error_message = "Nobody but the break-glass role that is made here may delete audit objects."
  }
}

run "adoption" {
  command = plan

  variables {
    environment       = run.settings.of.dev.environment
    account_id        = run.settings.of.dev.account_id
    region            = run.settings.of.dev.region
    require_tls       = run.settings.of.dev.require_tls
    audit_object_lock = run.settings.of.dev.audit_object_lock
    adopted           = ["oidc_provider", "logging_role"]
  }

  assert {
    condition = (
      length(aws_iam_openid_connect_provider.github) == 0 &&
      length(aws_api_gateway_account.region) + length(aws_iam_role.logging) + length(aws_iam_role_policy_attachment.logging) == 0
    )
    error_message = "What somebody else made must be left alone."
  }

  assert {
    condition     = length(aws_iam_role.break_glass) + length(aws_iam_role_policy.break_glass) == 0
    error_message = "Without anybody who may assume it there must be no break-glass role."
  }

  assert {
    condition     = alltrue([for workflow in aws_iam_role.workflow : jsondecode(workflow.assume_role_policy).Statement[0].Principal.Federated == "arn:aws:iam::536580886816:oidc-provider/token.actions.githubusercontent.com"])
    error_message = "An adopted provider must be trusted like one's own."
  }
}
