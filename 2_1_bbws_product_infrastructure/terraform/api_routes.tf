# Which function answers which method of which path.
#
# A function is named, not referred to: it lives in its own repository, is deployed after this one and grants the API
# the right to invoke its alias.

locals {
  routes = {
    list_products  = { method = "GET", path = "products", function = "list-products" }
    create_product = { method = "POST", path = "products", function = "create-product" }
    get_product    = { method = "GET", path = "product", function = "get-product" }
    update_product = { method = "PUT", path = "product", function = "update-product" }
    delete_product = { method = "DELETE", path = "product", function = "delete-product" }
    list_changes   = { method = "GET", path = "changes", function = "get-product" }
  }

  # Whatever can be got can be asked about: HEAD is answered by the same function, and the gateway leaves the body out.
  function_methods = merge(local.routes, {
    for name, route in local.routes : "head_${name}" => merge(route, { method = "HEAD" }) if route.method == "GET"
  })

  path_ids = {
    products = aws_api_gateway_resource.products.id
    product  = aws_api_gateway_resource.product.id
    changes  = aws_api_gateway_resource.changes.id
  }

  # Each path's methods, for Allow and Access-Control-Allow-Methods.
  allowed_methods = {
    for path, id in local.path_ids :
    path => join(", ", concat(sort([for route in values(local.function_methods) : route.method if route.path == path]), ["OPTIONS"]))
  }

  # The first half of an integration's URI, up to the function's ARN.
  invocations_prefix = "arn:aws:apigateway:${var.region}:lambda:path/2015-03-31/functions"
}

resource "aws_api_gateway_method" "function" {
  #checkov:skip=CKV2_AWS_53:The functions validate, and name the field; the gateway could only say that something is wrong.

  for_each = local.function_methods

  rest_api_id      = aws_api_gateway_rest_api.products.id
  resource_id      = local.path_ids[each.value.path]
  http_method      = each.value.method
  authorization    = "NONE"
  api_key_required = true
}

resource "aws_api_gateway_integration" "function" {
  for_each = local.function_methods

  rest_api_id             = aws_api_gateway_rest_api.products.id
  resource_id             = local.path_ids[each.value.path]
  http_method             = aws_api_gateway_method.function[each.key].http_method
  type                    = "AWS_PROXY"
  integration_http_method = "POST"
  uri = format(
    "%s/arn:aws:lambda:%s:%s:function:bbws-%s-%s:live/invocations",
    local.invocations_prefix, var.region, var.account_id, each.value.function, var.environment,
  )
}
