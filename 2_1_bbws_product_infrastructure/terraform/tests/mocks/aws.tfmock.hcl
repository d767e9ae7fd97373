# What AWS would answer, where something is made of it or the provider checks the form of it.

mock_resource "aws_api_gateway_resource" {
  defaults = {
    path = "/the/path"
  }
}

mock_resource "aws_api_gateway_rest_api" {
  defaults = {
    id            = "the-api"
    execution_arn = "arn:aws:execute-api:eu-west-1:000000000000:the-api"
  }
}

mock_resource "aws_api_gateway_stage" {
  defaults = {
    arn        = "arn:aws:apigateway:eu-west-1::/restapis/the-api/stages/the-stage"
    invoke_url = "https://the-api.example/the-stage"
  }
}

mock_resource "aws_backup_vault" {
  defaults = {
    arn = "arn:aws:backup:eu-west-1:000000000000:backup-vault:the-vault"
  }
}

mock_resource "aws_cloudwatch_log_group" {
  defaults = {
    arn = "arn:aws:logs:eu-west-1:000000000000:log-group:the-log"
  }
}

mock_resource "aws_dynamodb_table" {
  defaults = {
    arn = "arn:aws:dynamodb:eu-west-1:000000000000:table/the-table"
  }
}

mock_resource "aws_iam_role" {
  defaults = {
    arn = "arn:aws:iam::000000000000:role/the-role"
  }
}

mock_data "aws_kms_alias" {
  defaults = {
    target_key_arn = "arn:aws:kms:eu-west-1:000000000000:key/the-key"
  }
}

mock_resource "aws_sns_topic" {
  defaults = {
    arn = "arn:aws:sns:eu-west-1:000000000000:the-topic"
  }
}

mock_resource "aws_sqs_queue" {
  defaults = {
    arn = "arn:aws:sqs:eu-west-1:000000000000:the-queue"
    url = "https://sqs.example/the-queue"
  }
}

mock_resource "aws_wafv2_web_acl" {
  defaults = {
    arn = "arn:aws:wafv2:eu-west-1:000000000000:regional/webacl/the-firewall/id"
  }
}
