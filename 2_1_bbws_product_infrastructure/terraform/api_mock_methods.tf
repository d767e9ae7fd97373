# The methods that the gateway answers itself: OPTIONS (CORS preflight, without a key) and every method that a path
# doesn't have (405 with Allow).

locals {
  # A MOCK integration takes its status from the template for the request's content type. Types without a template
  # get 415, because passing their body on as the template would be a 500.
  mock_content_types = [
    "application/json",
    "application/octet-stream",
    "application/x-www-form-urlencoded",
    "application/xml",
    "multipart/form-data",
    "text/html",
    "text/plain",
    "text/xml",
  ]

  preflight_headers = {
    for path, methods in local.allowed_methods : path => {
      "Access-Control-Allow-Origin"  = "'${var.allowed_origins[0]}'"
      "Access-Control-Allow-Methods" = "'${methods}'"
      "Access-Control-Allow-Headers" = "'content-type,x-api-key,idempotency-key,if-match,if-none-match'"
      "Access-Control-Max-Age"       = "'3600'"
    }
  }

  method_not_allowed_headers = {
    for path, methods in local.allowed_methods : path => merge(local.error_headers, { "Allow" = "'${methods}'" })
  }

  # Of several allowed origins the answer names the one that asks. HTTP/1.1 clients write Origin, HTTP/2 ones origin.
  choose_origin = length(var.allowed_origins) == 1 ? "" : join("", [
    "#set($origin = $input.params().header.get(\"origin\"))",
    "#if(!$origin || $origin == \"\")#set($origin = $input.params().header.get(\"Origin\"))#end",
    "#if(${join(" || ", [for origin in var.allowed_origins : "$origin == \"${origin}\""])})",
    "#set($context.responseOverride.header.Access-Control-Allow-Origin = $origin)",
    "#end",
  ])
}

resource "aws_api_gateway_method" "preflight" {
  for_each = local.path_ids

  rest_api_id   = aws_api_gateway_rest_api.products.id
  resource_id   = each.value
  http_method   = "OPTIONS"
  authorization = "NONE"
}

resource "aws_api_gateway_integration" "preflight" {
  for_each = local.path_ids

  rest_api_id          = aws_api_gateway_rest_api.products.id
  resource_id          = each.value
  http_method          = aws_api_gateway_method.preflight[each.key].http_method
  type                 = "MOCK"
  passthrough_behavior = "NEVER"
  request_templates    = { for type in local.mock_content_types : type => jsonencode({ statusCode = 200 }) }

  # A MOCK integration has none of these, and some gateways read them back.
  lifecycle {
    ignore_changes = [integration_http_method, cache_key_parameters, request_parameters]
  }
}

resource "aws_api_gateway_method_response" "preflight" {
  for_each = local.path_ids

  rest_api_id = aws_api_gateway_rest_api.products.id
  resource_id = each.value
  http_method = aws_api_gateway_method.preflight[each.key].http_method
  status_code = "200"

  response_parameters = { for name in keys(local.preflight_headers[each.key]) : "method.response.header.${name}" => true }
}

resource "aws_api_gateway_integration_response" "preflight" {
  for_each = local.path_ids

  rest_api_id = aws_api_gateway_rest_api.products.id
  resource_id = each.value
  http_method = aws_api_gateway_method.preflight[each.key].http_method
  status_code = aws_api_gateway_method_response.preflight[each.key].status_code

  response_parameters = {
    for name, value in local.preflight_headers[each.key] : "method.response.header.${name}" => value
  }
  response_templates = local.choose_origin == "" ? {} : { "application/json" = local.choose_origin }

  depends_on = [aws_api_gateway_integration.preflight]
}

resource "aws_api_gateway_method" "method_not_allowed" {
  for_each = local.path_ids

  rest_api_id      = aws_api_gateway_rest_api.products.id
  resource_id      = each.value
  http_method      = "ANY"
  authorization    = "NONE"
  api_key_required = true
}

resource "aws_api_gateway_integration" "method_not_allowed" {
  for_each = local.path_ids

  rest_api_id          = aws_api_gateway_rest_api.products.id
  resource_id          = each.value
  http_method          = aws_api_gateway_method.method_not_allowed[each.key].http_method
  type                 = "MOCK"
  passthrough_behavior = "NEVER"
  request_templates    = { for type in local.mock_content_types : type => jsonencode({ statusCode = 405 }) }

  lifecycle {
    ignore_changes = [integration_http_method, cache_key_parameters, request_parameters]
  }
}

resource "aws_api_gateway_method_response" "method_not_allowed" {
  for_each = local.path_ids

  rest_api_id = aws_api_gateway_rest_api.products.id
  resource_id = each.value
  http_method = aws_api_gateway_method.method_not_allowed[each.key].http_method
  status_code = "405"

  response_parameters = {
    for name in keys(local.method_not_allowed_headers[each.key]) : "method.response.header.${name}" => true
  }
}

resource "aws_api_gateway_integration_response" "method_not_allowed" {
  for_each = local.path_ids

  rest_api_id = aws_api_gateway_rest_api.products.id
  resource_id = each.value
  http_method = aws_api_gateway_method.method_not_allowed[each.key].http_method
  status_code = aws_api_gateway_method_response.method_not_allowed[each.key].status_code

  response_parameters = {
    for name, value in local.method_not_allowed_headers[each.key] : "method.response.header.${name}" => value
  }
  response_templates = { "application/json" = local.error_bodies["method_not_allowed"] }

  depends_on = [aws_api_gateway_integration.method_not_allowed]
}
