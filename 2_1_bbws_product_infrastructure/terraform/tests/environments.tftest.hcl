# What is made in each environment: names, sizes, periods and locks; and, in the run prod, what all of them share.

mock_provider "aws" {
  source          = "./tests/mocks"
  override_during = plan
}

# Made by API Gateway, but in local; given here, so that their fingerprints are known.
variables {
  api_key_values = {
    admin      = "a-key-of-the-admin-to-test-with"
    storefront = "a-key-of-the-storefront-to-test-with"
  }
}

run "settings" {
  module {
    source = "./tests/settings"
  }
}

run "local" {
  command = plan

  variables {
    environment                      = run.settings.of.local.environment
    account_id                       = run.settings.of.local.account_id
    region                           = run.settings.of.local.region
    allowed_origins                  = run.settings.of.local.allowed_origins
    queue_visibility_timeout_seconds = run.settings.of.local.queue_visibility_timeout_seconds
    deletion_protection              = run.settings.of.local.deletion_protection
    require_tls                      = run.settings.of.local.require_tls
    tracing                          = run.settings.of.local.tracing
    access_logs                      = run.settings.of.local.access_logs
    firewall                         = run.settings.of.local.firewall
    log_retention_days               = run.settings.of.local.log_retention_days
    backup                           = run.settings.of.local.backup
  }

  assert {
    condition     = [var.environment, var.account_id, var.region] == ["local", "000000000000", "eu-west-1"]
    error_message = "local is account 000000000000 in eu-west-1."
  }

  assert {
    condition     = aws_dynamodb_table.products.name == "bbws-products-local"
    error_message = "The table must be called bbws-products-local."
  }

  assert {
    condition     = aws_api_gateway_rest_api.products.name == "bbws-product-api-local" && aws_api_gateway_stage.products.stage_name == "local"
    error_message = "The API must be called bbws-product-api-local, its stage local."
  }

  assert {
    condition     = aws_sns_topic.alerts.name == "bbws-product-alerts-local"
    error_message = "The topic must be called bbws-product-alerts-local."
  }

  assert {
    condition = { for role, queue in merge(aws_sqs_queue.work, { for role, queue in aws_sqs_queue.dead_letter : "${role}-dlq" => queue }) : role => queue.name } == {
      change     = "bbws-product-change-local"
      audit      = "bbws-product-audit-local"
      change-dlq = "bbws-product-change-dlq-local"
      audit-dlq  = "bbws-product-audit-dlq-local"
    }
    error_message = "The queues must have the names that the functions know."
  }

  assert {
    condition     = toset([for secret in aws_secretsmanager_secret.client : secret.name]) == toset(["bbws/product-api/local/admin", "bbws/product-api/local/storefront"])
    error_message = "Each client must have its secret."
  }

  assert {
    condition     = alltrue([for queue in aws_sqs_queue.work : queue.visibility_timeout_seconds == 10])
    error_message = "A received message must stay hidden for 10 s."
  }

  assert {
    condition     = aws_dynamodb_table.products.deletion_protection_enabled == false
    error_message = "The table's deletion protection must be off."
  }

  assert {
    condition     = aws_api_gateway_stage.products.xray_tracing_enabled == false
    error_message = "Tracing must be off."
  }

  assert {
    condition     = length(aws_cloudwatch_log_group.access) == 0 && length(aws_wafv2_web_acl.api) == 0 && length(aws_wafv2_web_acl_association.api) == 0
    error_message = "Access log and firewall must be off."
  }

  assert {
    condition     = length(aws_backup_plan.products) == 0 && length(aws_cloudwatch_metric_alarm.failed_backups) == 0
    error_message = "Nothing must be copied."
  }

  assert {
    condition     = !anytrue([for policy in [aws_sns_topic.alerts.policy] : strcontains(policy, "SecureTransport")])
    error_message = "Local callers speak plain HTTP."
  }
}

run "dev" {
  command = plan

  variables {
    environment                      = run.settings.of.dev.environment
    account_id                       = run.settings.of.dev.account_id
    region                           = run.settings.of.dev.region
    allowed_origins                  = run.settings.of.dev.allowed_origins
    queue_visibility_timeout_seconds = run.settings.of.dev.queue_visibility_timeout_seconds
    deletion_protection              = run.settings.of.dev.deletion_protection
    require_tls                      = run.settings.of.dev.require_tls
    tracing                          = run.settings.of.dev.tracing
    access_logs                      = run.settings.of.dev.access_logs
    firewall                         = run.settings.of.dev.firewall
    log_retention_days               = run.settings.of.dev.log_retention_days
    backup                           = run.settings.of.dev.backup
  }

  assert {
    condition     = [var.environment, var.account_id, var.region] == ["dev", "536580886816", "eu-west-1"]
    error_message = "dev is account 536580886816 in eu-west-1."
  }

  assert {
    condition     = aws_dynamodb_table.products.name == "bbws-products-dev"
    error_message = "The table must be called bbws-products-dev."
  }

  assert {
    condition     = aws_api_gateway_rest_api.products.name == "bbws-product-api-dev" && aws_api_gateway_stage.products.stage_name == "dev"
    error_message = "The API must be called bbws-product-api-dev, its stage dev."
  }

  assert {
    condition     = aws_api_gateway_rest_api.products.minimum_compression_size == "1024"
    error_message = "In dev, answers of 1 KB and more must be compressed for callers that take it."
  }

  assert {
    condition     = aws_sns_topic.alerts.name == "bbws-product-alerts-dev"
    error_message = "The topic must be called bbws-product-alerts-dev."
  }

  assert {
    condition = { for role, queue in merge(aws_sqs_queue.work, { for role, queue in aws_sqs_queue.dead_letter : "${role}-dlq" => queue }) : role => queue.name } == {
      change     = "bbws-product-change-dev"
      audit      = "bbws-product-audit-dev"
      change-dlq = "bbws-product-change-dlq-dev"
      audit-dlq  = "bbws-product-audit-dlq-dev"
    }
    error_message = "The queues must have the names that the functions know."
  }

  assert {
    condition     = toset([for secret in aws_secretsmanager_secret.client : secret.name]) == toset(["bbws/product-api/dev/admin", "bbws/product-api/dev/storefront"])
    error_message = "Each client must have its secret."
  }

  assert {
    condition     = alltrue([for queue in aws_sqs_queue.work : queue.visibility_timeout_seconds == 180])
    error_message = "A received message must stay hidden for 180 s."
  }

  assert {
    condition     = aws_dynamodb_table.products.deletion_protection_enabled == false
    error_message = "The table's deletion protection must be off."
  }

  assert {
    condition     = aws_api_gateway_stage.products.xray_tracing_enabled == true
    error_message = "Tracing must be on."
  }

  assert {
    condition     = length(aws_cloudwatch_log_group.access) == 1 && length(aws_wafv2_web_acl.api) == 1 && length(aws_wafv2_web_acl_association.api) == 1
    error_message = "Access log and firewall must be on."
  }

  assert {
    condition     = alltrue([for log in concat(aws_cloudwatch_log_group.access, aws_cloudwatch_log_group.firewall) : log.retention_in_days == 90])
    error_message = "Logs must be kept for 90 days."
  }

  assert {
    condition     = [for rule in aws_backup_plan.products[0].rule : [rule.rule_name, rule.schedule, rule.lifecycle[0].delete_after]] == [["daily", "cron(0 1 * * ? *)", 7]]
    error_message = "AWS Backup must copy the table by cron(0 1 * * ? *) and keep copies for 7 days."
  }

  assert {
    condition     = alltrue([for policy in concat([aws_sns_topic.alerts.policy], values(aws_sqs_queue.work)[*].policy, values(aws_sqs_queue.dead_letter)[*].policy) : anytrue([for statement in jsondecode(policy).Statement : statement.Effect == "Deny" && try(statement.Condition.Bool["aws:SecureTransport"], null) == "false"])])
    error_message = "Bucket, topic and queues must refuse callers without TLS."
  }

  assert {
    condition     = aws_iam_role.backup[0].name == "bbws-product-backup-dev" && aws_iam_role.backup[0].permissions_boundary == "arn:aws:iam::536580886816:policy/bbws-product-runtime-boundary-dev"
    error_message = "The role for backups must have the name that deployments may pass on, and be under the boundary that the bootstrap makes."
  }
}

run "sit" {
  command = plan

  variables {
    environment                      = run.settings.of.sit.environment
    account_id                       = run.settings.of.sit.account_id
    region                           = run.settings.of.sit.region
    allowed_origins                  = run.settings.of.sit.allowed_origins
    queue_visibility_timeout_seconds = run.settings.of.sit.queue_visibility_timeout_seconds
    deletion_protection              = run.settings.of.sit.deletion_protection
    require_tls                      = run.settings.of.sit.require_tls
    tracing                          = run.settings.of.sit.tracing
    access_logs                      = run.settings.of.sit.access_logs
    firewall                         = run.settings.of.sit.firewall
    log_retention_days               = run.settings.of.sit.log_retention_days
    backup                           = run.settings.of.sit.backup
  }

  assert {
    condition     = [var.environment, var.account_id, var.region] == ["sit", "815856636111", "eu-west-1"]
    error_message = "sit is account 815856636111 in eu-west-1."
  }

  assert {
    condition     = aws_dynamodb_table.products.name == "bbws-products-sit"
    error_message = "The table must be called bbws-products-sit."
  }

  assert {
    condition     = aws_api_gateway_rest_api.products.name == "bbws-product-api-sit" && aws_api_gateway_stage.products.stage_name == "sit"
    error_message = "The API must be called bbws-product-api-sit, its stage sit."
  }

  assert {
    condition     = aws_api_gateway_rest_api.products.minimum_compression_size == "1024"
    error_message = "In sit, answers of 1 KB and more must be compressed for callers that take it."
  }

  assert {
    condition     = aws_sns_topic.alerts.name == "bbws-product-alerts-sit"
    error_message = "The topic must be called bbws-product-alerts-sit."
  }

  assert {
    condition = { for role, queue in merge(aws_sqs_queue.work, { for role, queue in aws_sqs_queue.dead_letter : "${role}-dlq" => queue }) : role => queue.name } == {
      change     = "bbws-product-change-sit"
      audit      = "bbws-product-audit-sit"
      change-dlq = "bbws-product-change-dlq-sit"
      audit-dlq  = "bbws-product-audit-dlq-sit"
    }
    error_message = "The queues must have the names that the functions know."
  }

  assert {
    condition     = toset([for secret in aws_secretsmanager_secret.client : secret.name]) == toset(["bbws/product-api/sit/admin", "bbws/product-api/sit/storefront"])
    error_message = "Each client must have its secret."
  }

  assert {
    condition     = alltrue([for queue in aws_sqs_queue.work : queue.visibility_timeout_seconds == 180])
    error_message = "A received message must stay hidden for 180 s."
  }

  assert {
    condition     = aws_dynamodb_table.products.deletion_protection_enabled == true
    error_message = "The table's deletion protection must be on."
  }

  assert {
    condition     = aws_api_gateway_stage.products.xray_tracing_enabled == true
    error_message = "Tracing must be on."
  }

  assert {
    condition     = length(aws_cloudwatch_log_group.access) == 1 && length(aws_wafv2_web_acl.api) == 1 && length(aws_wafv2_web_acl_association.api) == 1
    error_message = "Access log and firewall must be on."
  }

  assert {
    condition     = alltrue([for log in concat(aws_cloudwatch_log_group.access, aws_cloudwatch_log_group.firewall) : log.retention_in_days == 180])
    error_message = "Logs must be kept for 180 days."
  }

  assert {
    condition     = [for rule in aws_backup_plan.products[0].rule : [rule.rule_name, rule.schedule, rule.lifecycle[0].delete_after]] == [["daily", "cron(0 1 * * ? *)", 14]]
    error_message = "AWS Backup must copy the table by cron(0 1 * * ? *) and keep copies for 14 days."
  }

  assert {
    condition     = alltrue([for policy in concat([aws_sns_topic.alerts.policy], values(aws_sqs_queue.work)[*].policy, values(aws_sqs_queue.dead_letter)[*].policy) : anytrue([for statement in jsondecode(policy).Statement : statement.Effect == "Deny" && try(statement.Condition.Bool["aws:SecureTransport"], null) == "false"])])
    error_message = "Bucket, topic and queues must refuse callers without TLS."
  }

  assert {
    condition     = aws_iam_role.backup[0].name == "bbws-product-backup-sit" && aws_iam_role.backup[0].permissions_boundary == "arn:aws:iam::815856636111:policy/bbws-product-runtime-boundary-sit"
    error_message = "The role for backups must have the name that deployments may pass on, and be under the boundary that the bootstrap makes."
  }
}

run "prod" {
  command = plan

  variables {
    environment                      = run.settings.of.prod.environment
    account_id                       = run.settings.of.prod.account_id
    region                           = run.settings.of.prod.region
    allowed_origins                  = run.settings.of.prod.allowed_origins
    queue_visibility_timeout_seconds = run.settings.of.prod.queue_visibility_timeout_seconds
    deletion_protection              = run.settings.of.prod.deletion_protection
    require_tls                      = run.settings.of.prod.require_tls
    tracing                          = run.settings.of.prod.tracing
    access_logs                      = run.settings.of.prod.access_logs
    firewall                         = run.settings.of.prod.firewall
    log_retention_days               = run.settings.of.prod.log_retention_days
    backup                           = run.settings.of.prod.backup
  }

  assert {
    condition     = [var.environment, var.account_id, var.region] == ["prod", "093646564004", "af-south-1"]
    error_message = "prod is account 093646564004 in af-south-1."
  }

  assert {
    condition     = aws_dynamodb_table.products.name == "bbws-products-prod"
    error_message = "The table must be called bbws-products-prod."
  }

  assert {
    condition     = aws_api_gateway_rest_api.products.name == "bbws-product-api-prod" && aws_api_gateway_stage.products.stage_name == "prod"
    error_message = "The API must be called bbws-product-api-prod, its stage prod."
  }

  assert {
    condition     = aws_api_gateway_rest_api.products.minimum_compression_size == "1024"
    error_message = "In prod, answers of 1 KB and more must be compressed for callers that take it."
  }

  assert {
    condition     = aws_sns_topic.alerts.name == "bbws-product-alerts-prod"
    error_message = "The topic must be called bbws-product-alerts-prod."
  }

  assert {
    condition = { for role, queue in merge(aws_sqs_queue.work, { for role, queue in aws_sqs_queue.dead_letter : "${role}-dlq" => queue }) : role => queue.name } == {
      change     = "bbws-product-change-prod"
      audit      = "bbws-product-audit-prod"
      change-dlq = "bbws-product-change-dlq-prod"
      audit-dlq  = "bbws-product-audit-dlq-prod"
    }
    error_message = "The queues must have the names that the functions know."
  }

  assert {
    condition     = toset([for secret in aws_secretsmanager_secret.client : secret.name]) == toset(["bbws/product-api/prod/admin", "bbws/product-api/prod/storefront"])
    error_message = "Each client must have its secret."
  }

  assert {
    condition     = alltrue([for queue in aws_sqs_queue.work : queue.visibility_timeout_seconds == 180])
    error_message = "A received message must stay hidden for 180 s."
  }

  assert {
    condition     = aws_dynamodb_table.products.deletion_protection_enabled == true
    error_message = "The table's deletion protection must be on."
  }

  assert {
    condition     = aws_api_gateway_stage.products.xray_tracing_enabled == true
    error_message = "Tracing must be on."
  }

  assert {
    condition     = length(aws_cloudwatch_log_group.access) == 1 && length(aws_wafv2_web_acl.api) == 1 && length(aws_wafv2_web_acl_association.api) == 1
    error_message = "Access log and firewall must be on."
  }

  assert {
    condition     = alltrue([for log in concat(aws_cloudwatch_log_group.access, aws_cloudwatch_log_group.firewall) : log.retention_in_days == 365])
    error_message = "Logs must be kept for 365 days."
  }

  assert {
    condition = { for rule in aws_backup_plan.products[0].rule : rule.rule_name => [rule.schedule, rule.lifecycle[0].delete_after] } == {
      daily  = ["cron(0 1 * * ? *)", 90]
      hourly = ["cron(0 * * * ? *)", 2]
    }
    error_message = "AWS Backup must copy the table each hour and keep that for 2 days, and each day and keep that for 90 days."
  }

  assert {
    condition     = alltrue([for policy in concat([aws_sns_topic.alerts.policy], values(aws_sqs_queue.work)[*].policy, values(aws_sqs_queue.dead_letter)[*].policy) : anytrue([for statement in jsondecode(policy).Statement : statement.Effect == "Deny" && try(statement.Condition.Bool["aws:SecureTransport"], null) == "false"])])
    error_message = "Bucket, topic and queues must refuse callers without TLS."
  }

  assert {
    condition     = aws_iam_role.backup[0].name == "bbws-product-backup-prod" && aws_iam_role.backup[0].permissions_boundary == "arn:aws:iam::093646564004:policy/bbws-product-runtime-boundary-prod"
    error_message = "The role for backups must have the name that deployments may pass on, and be under the boundary that the bootstrap makes."
  }

  # From here on what all environments share, looked at where everything is on.

  # The table

  assert {
    condition = (
      aws_dynamodb_table.products.billing_mode == "PAY_PER_REQUEST" &&
      [aws_dynamodb_table.products.hash_key, aws_dynamodb_table.products.range_key] == ["PK", "SK"] &&
      aws_dynamodb_table.products.point_in_time_recovery[0].enabled &&
      aws_dynamodb_table.products.server_side_encryption[0].enabled
    )
    error_message = "The table must be on demand, keyed by PK and SK, recoverable to a point in time, and encrypted."
  }

  assert {
    condition     = [for ttl in aws_dynamodb_table.products.ttl : [ttl.attribute_name, ttl.enabled]] == [["expiresAt", true]]
    error_message = "Items must expire by expiresAt."
  }

  assert {
    condition = {
      for index in aws_dynamodb_table.products.global_secondary_index :
      index.name => "${index.hash_key} ${index.range_key} ${index.projection_type}"
      } == {
      ProductsByPriceIndex            = "GSI1_PK GSI1_SK INCLUDE"
      ProductsByNameIndex             = "GSI2_PK GSI2_SK INCLUDE"
      ProductsByCreatedIndex          = "GSI3_PK GSI3_SK INCLUDE"
      ProductsByCurrencyAndPriceIndex = "GSI4_PK GSI4_SK INCLUDE"
    }
    error_message = "The table must have the indexes that listings read."
  }

  # The queues

  assert {
    condition = alltrue([
      for queue in aws_sqs_queue.work :
      queue.message_retention_seconds == 4 * 86400 && queue.sqs_managed_sse_enabled && jsondecode(queue.redrive_policy).maxReceiveCount == 5
    ])
    error_message = "A queue must keep messages for 4 days, encrypted, and give them up after five receives: a throttled invocation costs one, and three are gone in nine minutes."
  }

  assert {
    condition = alltrue([
      for role, queue in aws_sqs_queue.dead_letter :
      queue.message_retention_seconds == 14 * 86400 && queue.sqs_managed_sse_enabled && jsondecode(queue.redrive_allow_policy) == {
        redrivePermission = "byQueue"
        sourceQueueArns   = ["arn:aws:sqs:af-south-1:093646564004:bbws-product-${role}-prod"]
      }
    ])
    error_message = "A DLQ must keep messages for 14 days, encrypted, and take them from its own queue alone."
  }

  # The clients

  assert {
    condition = {
      for client, plan in aws_api_gateway_usage_plan.client :
      client => [for limit in plan.throttle_settings : "${limit.rate_limit} ${limit.burst_limit}"]
    } == { admin = ["50 100"], storefront = ["100 200"] }
    error_message = "The admin may send 50 requests a second, the storefront 100, each with twice that at once."
  }

  assert {
    condition     = alltrue([for secret in aws_secretsmanager_secret.client : secret.recovery_window_in_days == 30])
    error_message = "A deleted secret must be recoverable for 30 days."
  }

  # The API

  assert {
    condition     = alltrue([for route in aws_api_gateway_method.function : route.api_key_required])
    error_message = "Every route to a function must take an API key."
  }

  assert {
    condition = { for name, route in local.routes : "${route.method} ${route.path}" => route.function } == {
      "GET products"   = "list-products"
      "POST products"  = "create-product"
      "GET product"    = "get-product"
      "PUT product"    = "update-product"
      "DELETE product" = "delete-product"
      "GET changes"    = "get-product"
    }
    error_message = "Each route must lead to its function."
  }

  assert {
    condition = alltrue([
      for name, integration in aws_api_gateway_integration.function :
      integration.type == "AWS_PROXY" && endswith(integration.uri, ":093646564004:function:bbws-${local.routes[trimprefix(name, "head_")].function}-prod:live/invocations")
    ])
    error_message = "A route must invoke its function's alias live."
  }

  assert {
    condition     = alltrue([for path in keys(local.path_ids) : contains(keys(aws_api_gateway_method.mock), "OPTIONS ${path}") && contains(keys(aws_api_gateway_method.mock), "ANY ${path}")])
    error_message = "Every path must answer preflights, and 405 to methods that it doesn't have."
  }

  assert {
    condition = (
      aws_api_gateway_resource.unknown.path_part == "{unknown+}"
      && [for name, method in aws_api_gateway_method.mock : method.http_method if endswith(name, " unknown")] == ["OPTIONS"]
      && aws_api_gateway_integration_response.mock["OPTIONS unknown"].response_parameters["method.response.header.Access-Control-Allow-Methods"] == "'DELETE, GET, HEAD, POST, PUT, OPTIONS'"
    )
    error_message = "A path that isn't there must answer preflights and nothing else."
  }

  assert {
    condition     = alltrue([for name, method in aws_api_gateway_method.mock : method.api_key_required == !startswith(name, "OPTIONS ")])
    error_message = "Only preflights come without a key."
  }

  assert {
    condition = alltrue([
      for settings in aws_api_gateway_method_settings.all.settings :
      settings.throttling_rate_limit == 150 && settings.throttling_burst_limit == 300 && !settings.data_trace_enabled
    ])
    error_message = "The stage must be throttled to what all clients together may ask, and log no bodies."
  }

  assert {
    condition = alltrue([
      for field in ["requestId", "keyId", "latency", "status", "route"] :
      contains(keys(jsondecode(aws_api_gateway_stage.products.access_log_settings[0].format)), field)
    ])
    error_message = "The access log must be JSON with key id, latency and request id."
  }

  assert {
    condition = {
      for rule in aws_wafv2_web_acl.api[0].rule :
      rule.name => flatten([for group in rule.statement[0].managed_rule_group_statement : group.rule_action_override[*].name])
      } == {
      TooManyFromOneAddress                = []
      AWSManagedRulesCommonRuleSet         = ["SizeRestrictions_BODY"]
      AWSManagedRulesKnownBadInputsRuleSet = []
    }
    error_message = "The firewall must have AWS's common and bad-input rules, with the size of bodies only counted, and a rate rule."
  }

  assert {
    condition     = alltrue(flatten([for rule in aws_wafv2_web_acl.api[0].rule : [for rate in rule.statement[0].rate_based_statement : rate.limit >= 2 * 150 * 300]]))
    error_message = "The rate rule must be well above what all clients together may ask in five minutes."
  }

  # Watching

  assert {
    condition     = alltrue([for alarms in [aws_cloudwatch_metric_alarm.dead_letters, aws_cloudwatch_metric_alarm.oldest_message] : toset(keys(alarms)) == toset(["audit", "change"])])
    error_message = "Each queue must have an alarm for its DLQ and one for its oldest message."
  }

  assert {
    condition = (
      toset(flatten([for query in aws_cloudwatch_metric_alarm.failed_backups[0].metric_query : query.metric[*].metric_name])) ==
      toset(["NumberOfBackupJobsAborted", "NumberOfBackupJobsExpired", "NumberOfBackupJobsFailed"]) &&
      alltrue(flatten([for query in aws_cloudwatch_metric_alarm.failed_backups[0].metric_query : [for metric in query.metric : metric.dimensions == tomap({ BackupVaultName = "bbws-product-prod" })]]))
    )
    error_message = "A copy that fails, is broken off or never begins must be an alarm."
  }

  assert {
    condition     = strcontains(aws_cloudwatch_dashboard.products.dashboard_body, ":alarm:bbws-product-backup-prod-failures\"")
    error_message = "The dashboard must show the alarm about failed copies."
  }

  assert {
    condition     = length(aws_cloudwatch_metric_alarm.table_throttles) == 2 * (1 + length(aws_dynamodb_table.products.global_secondary_index))
    error_message = "The table and each of its indexes must have an alarm for throttled reads and one for throttled writes."
  }

  assert {
    condition = alltrue([
      for alarm in concat([aws_cloudwatch_metric_alarm.api_errors], values(aws_cloudwatch_metric_alarm.dead_letters), values(aws_cloudwatch_metric_alarm.oldest_message), values(aws_cloudwatch_metric_alarm.table_throttles), aws_cloudwatch_metric_alarm.failed_backups) :
      alarm.alarm_actions == toset([aws_sns_topic.alerts.arn]) && alarm.ok_actions == toset([aws_sns_topic.alerts.arn]) && can(regex("Runbook: \\S+/[a-z-]+\\.md$", alarm.alarm_description))
    ])
    error_message = "Every alarm must go to the alert topic and name its runbook."
  }

  assert {
    condition = (
      [for alarm in values(aws_cloudwatch_metric_alarm.dead_letters) : alarm.threshold] == [0, 0] &&
      [for alarm in values(aws_cloudwatch_metric_alarm.oldest_message) : alarm.threshold] == [300, 300] &&
      aws_cloudwatch_metric_alarm.api_errors.threshold == 0.01
    )
    error_message = "The alarms must begin at one dead letter, a message of five minutes, and 1 % of failed requests."
  }

  assert {
    condition = alltrue([
      for name in keys(local.functions) : alltrue([
        for alarm in concat(["duration", "errors", "throttles"], contains(local.api_functions, name) ? ["faults"] : ["failed-messages"]) :
        strcontains(aws_cloudwatch_dashboard.products.dashboard_body, ":alarm:bbws-${name}-prod-${alarm}\"")
      ])
    ])
    error_message = "The dashboard must show every function's alarms."
  }

  assert {
    condition     = toset(values(local.routes)[*].function) == setsubtract(keys(local.functions), ["product-creator", "audit-logger"])
    error_message = "What the dashboard knows of the functions must be what the routes invoke, and the two that queues feed."
  }

  assert {
    condition     = aws_sns_topic.alerts.kms_master_key_id == "alias/bbws-product-alerts-prod" && data.aws_kms_alias.backup[0].name == "alias/bbws-product-backup-prod"
    error_message = "Topic and vault must be encrypted with the keys that the bootstrap makes."
  }

  # What the functions' repositories read

  assert {
    condition = alltrue([
      for value in [
        output.table_name, output.change_queue_url, output.change_dlq_url, output.audit_queue_url, output.audit_dlq_url,
        output.audit_bucket_name, output.api_id, output.api_url, output.runbooks,
      ] : can(regex("^\\S+$", value))
    ])
    error_message = "Names, ids and addresses must be texts."
  }

  assert {
    condition = alltrue([
      for service, arns in {
        dynamodb    = [output.table_arn]
        sqs         = [output.change_queue_arn, output.change_dlq_arn, output.audit_queue_arn, output.audit_dlq_arn]
        s3          = [output.audit_bucket_arn]
        sns         = [output.alert_topic_arn]
        execute-api = [output.api_execution_arn]
      } : alltrue([for arn in arns : startswith(arn, "arn:aws:${service}:")])
    ])
    error_message = "ARNs must be ARNs of their service."
  }

  assert {
    condition = output.api_clients == {
      (substr(sha256(var.api_key_values.admin), 0, 16))      = { name = "admin", role = "writer" }
      (substr(sha256(var.api_key_values.storefront), 0, 16)) = { name = "storefront", role = "reader" }
    }
    error_message = "api_clients must map the first 16 hex digits of a key's SHA-256 to the client's name and role."
  }

  assert {
    condition     = output.api_key_secret_names == { admin = "bbws/product-api/prod/admin", storefront = "bbws/product-api/prod/storefront" }
    error_message = "api_key_secret_names must name each client's secret."
  }

  assert {
    condition     = output.allowed_origins == tolist(["https://portal.bbws.example"])
    error_message = "allowed_origins must be the origins as a list."
  }
}
