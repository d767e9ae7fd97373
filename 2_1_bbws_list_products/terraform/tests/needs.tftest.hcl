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
    condition     = aws_lambda_function.function.function_name == "bbws-list-products-dev"
    error_message = "The function must be called bbws-list-products-dev: the API and the scripts know it by that name."
  }

  assert {
    condition     = aws_lambda_function.function.memory_size == 256
    error_message = "The function must have 256 MB of memory."
  }

  assert {
    condition = aws_lambda_function.function.environment[0].variables == tomap({
      ENVIRONMENT     = "dev"
      LOG_LEVEL       = "INFO"
      ALLOWED_ORIGINS = "https://portal.example,https://staff.example"
      API_CLIENTS     = jsonencode({ "0123456789abcdef" = { name = "admin", role = "writer" } })
      TABLE_NAME      = "the-table"
    })
    error_message = "The function must be given what its code reads, and nothing else."
  }

  assert {
    condition = {
      for statement in jsondecode(aws_iam_role_policy.function.policy).Statement :
      statement.Sid => [statement.Action, statement.Resource]
      } == {
      ListProducts = [
        ["dynamodb:Query"],
        [
          "arn:aws:dynamodb:eu-west-1:000000000000:table/the-table/index/ProductsByCreatedIndex",
          "arn:aws:dynamodb:eu-west-1:000000000000:table/the-table/index/ProductsByCurrencyAndPriceIndex",
          "arn:aws:dynamodb:eu-west-1:000000000000:table/the-table/index/ProductsByNameIndex",
        ],
      ]
      FormerlyListedByPrice = [
        ["dynamodb:Query"],
        ["arn:aws:dynamodb:eu-west-1:000000000000:table/the-table/index/ProductsByPriceIndex"],
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
    condition = toset([for permission in aws_lambda_permission.api : permission.source_arn]) == toset([
      "arn:aws:execute-api:eu-west-1:000000000000:the-api/*/GET/v1.0/products",
      "arn:aws:execute-api:eu-west-1:000000000000:the-api/*/HEAD/v1.0/products",
    ])
    error_message = "The API may invoke the function for its own routes alone."
  }

  assert {
    condition     = length(aws_lambda_event_source_mapping.queue) == 0
    error_message = "No queue feeds the function."
  }
}
