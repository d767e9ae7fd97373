# The methods that the gateway answers itself: OPTIONS (CORS preflight, without a key, also of paths that aren't there) and
# every method that a path doesn't have (405 with Allow).

locals {
  mock_path_ids = merge(local.path_ids, { unknown = aws_api_gateway_resource.unknown.id })

  # A MOCK integration takes its status from the template for the request's content type. Types without a template
  # get 415, because passing their body on as the template would be a 500.
  mock_content_types = [
    "application/json",
    "application/json-patch+json",
    "application/merge-patch+json",
    "application/octet-stream",
    "application/x-www-form-urlencoded",
    "application/xml",
    "multipart/form-data",
    "text/html",
    "text/plain",
    "text/xml",
  ]

  # Of several allowed origins the answer names the one that asks. HTTP/1.1 clients write Origin, HTTP/2 ones origin.
  choose_origin = length(var.allowed_origins) == 1 ? "" : join("", [
    "#set($origin = $input.params().header.get(\"origin\"))",
    "#if(!$origin || $origin == \"\")#set($origin = $input.params().header.get(\"Origin\"))#end",
    "#if(${join(" || ", [for origin in var.allowed_origins : "$origin == \"${origin}\""])})",
    "#set($context.responseOverride.header.Access-Control-Allow-Origin = $origin)",
    "#end",
  ])

  # What a page may send: what the functions read, and what libraries for tracing add to every request by themselves.
  request_headers = [
    "content-type",
    "x-api-key",
    "idempotency-key",
    "if-match",
    "if-none-match",
    "prefer",
    "x-acting-user",
    "x-change-note",
    "traceparent",
    "tracestate",
    "baggage",
    "sentry-trace",
  ]

  # To a path that isn't there a page may send whatever some path takes, to be told that it isn't: a browser that gets no
  # 2xx for a preflight shows its page nothing of the 404.
  preflight_methods = merge(local.allowed_methods, {
    unknown = join(", ", concat(sort(distinct(values(local.function_methods)[*].method)), ["OPTIONS"]))
  })

  preflights = {
    for path, methods in local.preflight_methods : "OPTIONS ${path}" => {
      path         = path
      method       = "OPTIONS"
      key_required = false
      status       = "200"
      template     = local.choose_origin
      headers = merge(local.own_headers, {
        "Allow"                        = path == "unknown" ? "'OPTIONS'" : "'${methods}'"
        "Access-Control-Allow-Methods" = "'${methods}'"
        "Access-Control-Allow-Headers" = "'${join(",", local.request_headers)}'"
        "Access-Control-Max-Age"       = "'3600'"
      })
    }
  }

  methods_not_allowed = {
    for path, methods in local.allowed_methods : "ANY ${path}" => {
      path         = path
      method       = "ANY"
      key_required = true
      status       = "405"
      template     = local.error_bodies["method_not_allowed"]
      headers      = merge(local.error_headers, { "Allow" = "'${methods}'" })
    }
  }

  mock_methods = merge(local.preflights, local.methods_not_allowed)
}

resource "aws_api_gateway_method" "mock" {
  #checkov:skip=CKV2_AWS_53:Nothing of the request is used but its method and its origin.

  for_each = local.mock_methods

  rest_api_id      = aws_api_gateway_rest_api.products.id
  resource_id      = local.mock_path_ids[each.value.path]
  http_method      = each.value.method
  authorization    = "NONE"
  api_key_required = each.value.key_required
}

resource "aws_api_gateway_integration" "mock" {
  for_each = local.mock_methods

  rest_api_id          = aws_api_gateway_rest_api.products.id
  resource_id          = local.mock_path_ids[each.value.path]
  http_method          = aws_api_gateway_method.mock[each.key].http_method
  type                 = "MOCK"
  passthrough_behavior = "NEVER"
  request_templates = {
    for type in local.mock_content_types : type => jsonencode({ statusCode = tonumber(each.value.status) })
  }

  # A MOCK integration has none of these, and some gateways read them back.
  lifecycle {
    ignore_changes = [integration_http_method, cache_key_parameters, request_parameters]
  }
}

# Locally, other headers take a new stack: the stand-in for API Gateway can't change a method's response. Having it replaced
# is no way out: as the new deployment is made before the old one goes, so is the response, and both have the same name.
resource "aws_api_gateway_method_response" "mock" {
  for_each = local.mock_methods

  rest_api_id = aws_api_gateway_rest_api.products.id
  resource_id = local.mock_path_ids[each.value.path]
  http_method = aws_api_gateway_method.mock[each.key].http_method
  status_code = each.value.status

  response_parameters = { for name in keys(each.value.headers) : "method.response.header.${name}" => true }
}

resource "aws_api_gateway_integration_response" "mock" {
  for_each = local.mock_methods

  rest_api_id = aws_api_gateway_rest_api.products.id
  resource_id = local.mock_path_ids[each.value.path]
  http_method = aws_api_gateway_method.mock[each.key].http_method
  status_code = aws_api_gateway_method_response.mock[each.key].status_code

  response_parameters = { for name, value in each.value.headers : "method.response.header.${name}" => value }
  response_templates  = each.value.template == "" ? {} : { "application/json" = each.value.template }

  depends_on = [aws_api_gateway_integration.mock]
}
