# What AWS would answer, where the provider checks the form of it.

mock_resource "aws_iam_role" {
  defaults = {
    arn = "arn:aws:iam::000000000000:role/function"
  }
}

mock_resource "aws_cloudwatch_log_group" {
  defaults = {
    arn = "arn:aws:logs:eu-west-1:000000000000:log-group:function"
  }
}

mock_resource "aws_lambda_function" {
  defaults = {
    version = "7"
  }
}

mock_resource "aws_lambda_alias" {
  defaults = {
    arn = "arn:aws:lambda:eu-west-1:000000000000:function:function:live"
  }
}
