# What is special about this function: its settings, what it may do, and what invokes it.

mock_provider "aws" {
  source          = "./tests/mocks/aws"
  override_during = plan
}

mock_provider "terraform" {
  source = "./tests/mocks/infrastructure"
}

variables {
  environment        = "dev"
  account_id         = "536580886816"
  region             = "eu-west-1"
  log_retention_days = 90
  timeout_seconds    = 30
  tracing            = true
  package_path       = "tests/package.zip"
}

run "needs" {
  command = plan

  assert {
    condition     = aws_lambda_function.function.function_name == "bbws-audit-logger-dev"
    error_message = "The function must be called bbws-audit-logger-dev: the API and the scripts know it by that name."
  }

  assert {
    condition     = aws_lambda_function.function.memory_size == 256
    error_message = "The function must have 256 MB of memory."
  }

  assert {
    condition = aws_lambda_function.function.environment[0].variables == tomap({
      ENVIRONMENT  = "dev"
      LOG_LEVEL    = "INFO"
      AUDIT_BUCKET = "the-audit-bucket"
      DLQ_URL      = "https://sqs.example/the-audit-dlq"
    })
    error_message = "The function must be given what its code reads, and nothing else."
  }

  assert {
    condition = {
      for statement in jsondecode(aws_iam_role_policy.function.policy).Statement :
      statement.Sid => [statement.Action, statement.Resource]
      } == {
      WriteRecord = [
        ["s3:PutObject"],
        ["arn:aws:s3:::the-audit-bucket/*"],
      ]
      GiveUpMessage = [
        ["sqs:SendMessage"],
        ["arn:aws:sqs:eu-west-1:000000000000:the-audit-dlq"],
      ]
      ReceiveMessages = [
        ["sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ReceiveMessage"],
        ["arn:aws:sqs:eu-west-1:000000000000:the-audit-queue"],
      ]
      WriteLogs = [
        ["logs:CreateLogStream", "logs:PutLogEvents"],
        ["arn:aws:logs:eu-west-1:000000000000:log-group:function:*"],
      ]
      WriteTraces = [
        ["xray:PutTelemetryRecords", "xray:PutTraceSegments"],
        ["*"],
      ]
    }
    error_message = "The role must hold exactly these statements."
  }

  assert {
    condition = {
      for statement in jsondecode(aws_iam_role_policy.function.policy).Statement : statement.Sid => statement.Condition if can(statement.Condition)
    } == { WriteRecord = { Null = { "s3:if-none-match" = "false" } } }
    error_message = "The role may write a record only where there is none."
  }

  assert {
    condition     = [for mapping in aws_lambda_event_source_mapping.queue : mapping.event_source_arn] == ["arn:aws:sqs:eu-west-1:000000000000:the-audit-queue"]
    error_message = "The function must be fed by the audit queue."
  }

  assert {
    condition = alltrue([
      for mapping in aws_lambda_event_source_mapping.queue :
      mapping.batch_size == 10 && mapping.function_response_types == toset(["ReportBatchItemFailures"]) && mapping.function_name == aws_lambda_alias.live.arn
    ])
    error_message = "The queue must feed the alias live by tens, and hear which messages failed."
  }

  assert {
    condition     = length(aws_lambda_permission.api) == 0
    error_message = "The API may not invoke the function."
  }
}
