# The REST API itself: its paths, its one deployment and its stage.

resource "aws_api_gateway_rest_api" "products" {
  name        = local.api_name
  description = "Product catalogue of Big Beard Web Solutions"

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

resource "aws_api_gateway_deployment" "products" {
  rest_api_id = aws_api_gateway_rest_api.products.id

  # Only what is written, never a resource: computed attributes would redeploy with every plan.
  triggers = {
    written = sha256(jsonencode([
      [for file in sort(fileset(path.module, "api*.tf")) : filesha256("${path.module}/${file}")],
      [var.environment, var.account_id, var.region],
      var.allowed_origins,
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
  rest_api_id          = aws_api_gateway_rest_api.products.id
  deployment_id        = aws_api_gateway_deployment.products.id
  stage_name           = var.environment
  xray_tracing_enabled = var.tracing

  # There are no access logs, but some gateways read empty settings back.
  lifecycle {
    ignore_changes = [access_log_settings]
  }
}
