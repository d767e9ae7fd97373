# The role with which API Gateway writes its logs: one setting for all APIs of an account in a region.

resource "aws_iam_role" "logging" {
  count = contains(var.adopted, "logging_role") ? 0 : 1

  name        = local.logging_role_name
  description = "Lets API Gateway write the logs of its APIs"

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Service = "apigateway.amazonaws.com" }
      Action    = "sts:AssumeRole"
    }]
  })
}

# API Gateway takes no role that may do less.
resource "aws_iam_role_policy_attachment" "logging" {
  count = contains(var.adopted, "logging_role") ? 0 : 1

  role       = aws_iam_role.logging[0].name
  policy_arn = "arn:aws:iam::aws:policy/service-role/AmazonAPIGatewayPushToCloudWatchLogs"
}

resource "aws_api_gateway_account" "region" {
  count = contains(var.adopted, "logging_role") ? 0 : 1

  cloudwatch_role_arn = aws_iam_role.logging[0].arn

  depends_on = [aws_iam_role_policy_attachment.logging]
}
