# What every function is in each environment: names, sizes, periods, and what its role holds beside its own needs.

mock_provider "aws" {
  source          = "./tests/mocks/aws"
  override_during = plan
}

mock_provider "terraform" {
  source = "./tests/mocks/infrastructure"
}

# A package of no content: any file will do.
variables {
  package_path = "tests/package.zip"
}

run "settings" {
  module {
    source = "./tests/settings"
  }
}

run "local" {
  command = plan

  variables {
    environment        = run.settings.of.local.environment
    account_id         = run.settings.of.local.account_id
    region             = run.settings.of.local.region
    log_retention_days = run.settings.of.local.log_retention_days
    timeout_seconds    = run.settings.of.local.timeout_seconds
    tracing            = run.settings.of.local.tracing
  }

  assert {
    condition = (
      [var.environment, var.account_id, var.region] == ["local", "000000000000", "eu-west-1"] &&
      aws_cloudwatch_log_group.function.retention_in_days == 1 &&
      aws_lambda_function.function.timeout == (length(aws_lambda_permission.api) > 0 ? 15 : 5)
    )
    error_message = "local's account, region, log retention or timeout isn't what the design says."
  }

  assert {
    condition     = aws_lambda_function.function.description == var.description
    error_message = "A function that reads and sends no messages is described by what it does alone."
  }

  assert {
    condition     = aws_lambda_function.function.tracing_config[0].mode == "PassThrough" && !strcontains(aws_iam_role_policy.function.policy, "xray")
    error_message = "In local the function must neither trace nor be allowed to."
  }

  assert {
    condition     = aws_iam_role.function.permissions_boundary == null
    error_message = "In local there is no permissions boundary: no workflow deploys there."
  }
}

run "dev" {
  command = plan

  variables {
    environment        = run.settings.of.dev.environment
    account_id         = run.settings.of.dev.account_id
    region             = run.settings.of.dev.region
    log_retention_days = run.settings.of.dev.log_retention_days
    timeout_seconds    = run.settings.of.dev.timeout_seconds
    tracing            = run.settings.of.dev.tracing
    messages           = "reads change 2, sends record 1"
  }

  assert {
    condition = (
      [var.environment, var.account_id, var.region] == ["dev", "536580886816", "eu-west-1"] &&
      aws_cloudwatch_log_group.function.retention_in_days == 90 &&
      aws_lambda_function.function.timeout == 30 &&
      aws_lambda_function.function.tracing_config[0].mode == "Active"
    )
    error_message = "dev's account, region, log retention, timeout or tracing isn't what the design says."
  }

  assert {
    condition = alltrue([
      for name in [aws_lambda_function.function.function_name, aws_iam_role.function.name] :
      name == "bbws-${var.function_name}-dev"
    ])
    error_message = "Function and role must be called bbws-{function}-dev."
  }

  assert {
    condition     = aws_cloudwatch_log_group.function.name == "/aws/lambda/bbws-${var.function_name}-dev"
    error_message = "The log group must be the one that Lambda writes to."
  }

  assert {
    condition = (
      aws_lambda_function.function.runtime == "python3.12" &&
      aws_lambda_function.function.architectures == tolist(["arm64"]) &&
      aws_lambda_function.function.handler == "handler.handler" &&
      aws_lambda_function.function.memory_size >= 128 &&
      aws_lambda_function.function.publish
    )
    error_message = "The function must be of Python 3.12 on arm64, and each deployment must publish a version."
  }

  assert {
    condition     = aws_lambda_function.function.description == "${var.description}; reads change 2, sends record 1"
    error_message = "A version must say in its description which messages it reads and sends, for other functions' releases."
  }

  assert {
    condition     = aws_lambda_alias.live.name == "live" && output.version == "7"
    error_message = "The alias must be called live, and the output must name the published version."
  }

  assert {
    condition = (
      aws_lambda_function.function.environment[0].variables["ENVIRONMENT"] == "dev" &&
      aws_lambda_function.function.environment[0].variables["LOG_LEVEL"] == "INFO"
    )
    error_message = "The function must be told its environment and its log level."
  }

  assert {
    condition = jsondecode(aws_iam_role.function.assume_role_policy).Statement == [{
      Effect    = "Allow"
      Principal = { Service = "lambda.amazonaws.com" }
      Action    = "sts:AssumeRole"
    }]
    error_message = "Nobody but Lambda may assume the function's role."
  }

  assert {
    condition     = aws_iam_role.function.permissions_boundary == "arn:aws:iam::536580886816:policy/bbws-product-runtime-boundary-dev"
    error_message = "The role must be under the boundary that the bootstrap makes."
  }

  assert {
    condition = {
      for statement in jsondecode(aws_iam_role_policy.function.policy).Statement :
      statement.Sid => [statement.Action, statement.Resource] if contains(["WriteLogs", "WriteTraces"], statement.Sid)
      } == {
      WriteLogs = [
        ["logs:CreateLogStream", "logs:PutLogEvents"],
        ["arn:aws:logs:eu-west-1:000000000000:log-group:function:*"],
      ]
      WriteTraces = [["xray:PutTelemetryRecords", "xray:PutTraceSegments"], ["*"]]
    }
    error_message = "The role must be able to write to its own log group and to X-Ray."
  }

  assert {
    condition = alltrue(flatten([
      for statement in jsondecode(aws_iam_role_policy.function.policy).Statement : [
        statement.Effect == "Allow",
        join(" ", keys(statement)) == "Action Effect Resource Sid",
        [for action in statement.Action : !strcontains(action, "*")],
        # X-Ray has no resources to name.
        [for resource in statement.Resource : resource != "*" || statement.Sid == "WriteTraces"],
      ]
    ]))
    error_message = "A statement must name each action in full and each resource."
  }

  assert {
    condition = alltrue([
      for route, permission in aws_lambda_permission.api :
      permission.principal == "apigateway.amazonaws.com" && permission.qualifier == "live" && permission.action == "lambda:InvokeFunction"
    ])
    error_message = "API Gateway must be allowed to invoke the alias live, and that alone."
  }

  assert {
    condition = {
      for alarm in concat([aws_cloudwatch_metric_alarm.errors, aws_cloudwatch_metric_alarm.duration, aws_cloudwatch_metric_alarm.throttles], aws_cloudwatch_metric_alarm.faults, aws_cloudwatch_metric_alarm.failed_messages) :
      alarm.alarm_name => alarm.threshold
      } == merge(
      {
        "bbws-${var.function_name}-dev-errors"    = 5
        "bbws-${var.function_name}-dev-duration"  = var.duration_target_ms
        "bbws-${var.function_name}-dev-throttles" = 0
      },
      { for permission in slice(values(aws_lambda_permission.api), 0, min(1, length(aws_lambda_permission.api))) : "bbws-${var.function_name}-dev-faults" => 5 },
      { for source in keys(aws_lambda_event_source_mapping.queue) : "bbws-${var.function_name}-dev-failed-messages" => 0 },
    )
    error_message = "The function must have alarms for 5 % errors, for a p95 over its target, for throttles and, where it answers requests, for 5 % 5xx, where it takes messages, for any that fails, by the names that the dashboard shows."
  }

  assert {
    condition = alltrue([
      for alarm in aws_cloudwatch_metric_alarm.failed_messages :
      [alarm.namespace, alarm.metric_name, alarm.period] == ["BBWS/Products", "FailedMessages", 60] &&
      alarm.dimensions == tomap({ Environment = "dev", Function = "bbws-${var.function_name}-dev" })
    ])
    error_message = "Failed messages must be those that the function's own code counts, within a minute: a release watches for ten."
  }

  assert {
    condition = alltrue([
      for alarm in concat([aws_cloudwatch_metric_alarm.errors, aws_cloudwatch_metric_alarm.duration, aws_cloudwatch_metric_alarm.throttles], aws_cloudwatch_metric_alarm.faults, aws_cloudwatch_metric_alarm.failed_messages) :
      alarm.alarm_actions == toset(["arn:aws:sns:eu-west-1:000000000000:the-alerts"]) && can(regex("Runbook: the-runbooks/[a-z-]+\\.md$", alarm.alarm_description))
    ])
    error_message = "Every alarm must go to the alert topic and name its runbook."
  }

  assert {
    condition = aws_cloudwatch_metric_alarm.duration.extended_statistic == "p95" && (
      length(aws_lambda_permission.api) > 0
      ? aws_cloudwatch_metric_alarm.duration.namespace == "BBWS/Products" &&
      aws_cloudwatch_metric_alarm.duration.metric_name == "RequestDuration" &&
      aws_cloudwatch_metric_alarm.duration.dimensions == tomap({ Environment = "dev", Function = "bbws-${var.function_name}-dev" })
      : aws_cloudwatch_metric_alarm.duration.namespace == "AWS/Lambda" &&
      aws_cloudwatch_metric_alarm.duration.metric_name == "Duration" &&
      aws_cloudwatch_metric_alarm.duration.dimensions.Resource == "bbws-${var.function_name}-dev:live"
    )
    error_message = "The duration that counts is the 95th percentile: of requests without those that waited, or of batches of the alias."
  }

  assert {
    condition     = alltrue([for source in aws_lambda_event_source_mapping.queue : one(source.scaling_config).maximum_concurrency == 20])
    error_message = "A queue must invoke the function a bounded number of times at once: what Lambda throttles costs its messages a receive."
  }

  assert {
    condition     = length(aws_lambda_permission.api) + length(aws_lambda_event_source_mapping.queue) >= 1
    error_message = "A function that neither a route nor a queue invokes is of no use."
  }
}

run "sit" {
  command = plan

  variables {
    environment        = run.settings.of.sit.environment
    account_id         = run.settings.of.sit.account_id
    region             = run.settings.of.sit.region
    log_retention_days = run.settings.of.sit.log_retention_days
    timeout_seconds    = run.settings.of.sit.timeout_seconds
    tracing            = run.settings.of.sit.tracing
  }

  assert {
    condition = (
      [var.environment, var.account_id, var.region] == ["sit", "815856636111", "eu-west-1"] &&
      aws_cloudwatch_log_group.function.retention_in_days == 180 &&
      aws_lambda_function.function.timeout == 30 &&
      aws_lambda_function.function.tracing_config[0].mode == "Active" &&
      aws_iam_role.function.permissions_boundary == "arn:aws:iam::815856636111:policy/bbws-product-runtime-boundary-sit"
    )
    error_message = "sit's account, region, log retention, timeout, tracing or boundary isn't what the design says."
  }
}

run "prod" {
  command = plan

  variables {
    environment        = run.settings.of.prod.environment
    account_id         = run.settings.of.prod.account_id
    region             = run.settings.of.prod.region
    log_retention_days = run.settings.of.prod.log_retention_days
    timeout_seconds    = run.settings.of.prod.timeout_seconds
    tracing            = run.settings.of.prod.tracing
  }

  assert {
    condition = (
      [var.environment, var.account_id, var.region] == ["prod", "093646564004", "af-south-1"] &&
      aws_cloudwatch_log_group.function.retention_in_days == 365 &&
      aws_lambda_function.function.timeout == 30 &&
      aws_lambda_function.function.tracing_config[0].mode == "Active" &&
      aws_iam_role.function.permissions_boundary == "arn:aws:iam::093646564004:policy/bbws-product-runtime-boundary-prod"
    )
    error_message = "prod's account, region, log retention, timeout, tracing or boundary isn't what the design says."
  }
}
