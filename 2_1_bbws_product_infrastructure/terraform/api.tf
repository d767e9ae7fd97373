# The REST API itself: its paths, its one deployment and its stage.

resource "aws_api_gateway_rest_api" "products" {
  #checkov:skip=CKV_AWS_237:Address, keys and usage plans hang on the API's id, so replacing it is an outage in either order.

  name        = local.api_name
  description = "Product catalogue of Big Beard Web Solutions"

  # In bytes: longer answers are compressed for callers that take it. Not in local, where the stand-in for API Gateway
  # can't be read any more once this was changed.
  minimum_compression_size = var.environment == "local" ? null : 1024

  # The AWS address then answers 403 to everybody. Local's stand-in has no other.
  disable_execute_api_endpoint = var.environment == "local" ? null : local.execute_api_endpoint_disabled

  endpoint_configuration {
    types = ["REGIONAL"]
  }
}

resource "aws_api_gateway_resource" "version" {
  rest_api_id = aws_api_gateway_rest_api.products.id
  parent_id   = aws_api_gateway_rest_api.products.root_resource_id
  path_part   = "v1.0"
}

resource "aws_api_gateway_resource" "products" {
  rest_api_id = aws_api_gateway_rest_api.products.id
  parent_id   = aws_api_gateway_resource.version.id
  path_part   = "products"
}

resource "aws_api_gateway_resource" "product" {
  rest_api_id = aws_api_gateway_rest_api.products.id
  parent_id   = aws_api_gateway_resource.products.id
  path_part   = "{productId}"
}

resource "aws_api_gateway_resource" "changes" {
  rest_api_id = aws_api_gateway_rest_api.products.id
  parent_id   = aws_api_gateway_resource.product.id
  path_part   = "changes"
}

# Every path that isn't one of these, at any depth: API Gateway looks for path and method together, and comes here where
# nothing nearer has both. There is no method but OPTIONS, so all others stay what they were: nothing at this path.
resource "aws_api_gateway_resource" "unknown" {
  rest_api_id = aws_api_gateway_rest_api.products.id
  parent_id   = aws_api_gateway_rest_api.products.root_resource_id
  path_part   = "{unknown+}"
}

resource "aws_api_gateway_deployment" "products" {
  rest_api_id = aws_api_gateway_rest_api.products.id

  # Only what is written, never a resource: computed attributes would redeploy with every plan.
  triggers = {
    written = sha256(jsonencode([
      [for file in sort(fileset(path.module, "api*.tf")) : filesha256("${path.module}/${file}")],
      [var.environment, var.account_id, var.region],
      var.allowed_origins,
      # API Gateway heeds it from the next deployment on.
      local.execute_api_endpoint_disabled,
    ]))
  }

  lifecycle {
    create_before_destroy = true
  }

  depends_on = [
    aws_api_gateway_integration.function,
    aws_api_gateway_integration_response.mock,
    aws_api_gateway_gateway_response.error,
  ]
}

resource "aws_api_gateway_stage" "products" {
  #checkov:skip=CKV_AWS_120:A cache would show products as they were before a change, and its key would have to know each header.
  #checkov:skip=CKV2_AWS_4:The access log has every request; the execution log would hold bodies and headers, keys among them.
  #checkov:skip=CKV2_AWS_51:The functions are invoked through IAM; there is no backend for a client certificate to convince.
  #checkov:skip=CKV2_AWS_77:The rule set for known bad inputs is there (firewall.tf); checkov doesn't see rules that a dynamic block makes.

  rest_api_id          = aws_api_gateway_rest_api.products.id
  deployment_id        = aws_api_gateway_deployment.products.id
  stage_name           = var.environment
  xray_tracing_enabled = var.tracing

  access_log_settings {
    destination_arn = local.access_log_settings.destination_arn
    format          = local.access_log_settings.format
  }
}
