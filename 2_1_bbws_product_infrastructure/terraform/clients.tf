# The API's clients: each has its key, its usage plan with its rate, and its key in a secret. While its key is rotated, a
# client has two: scripts/rotate_api_key.py leads from one to the other.

locals {
  # Each client's valid keys, that in the secret first. Key 1 bears the client's name alone.
  api_keys_by_client = {
    for client in keys(var.api_clients) : client => [
      for number in lookup(var.api_key_numbers, client, [1]) : number == 1 ? client : "${client}/${number}"
    ]
  }

  # A key keeps its name for life, so no step of a rotation replaces one.
  clients_by_api_key = merge([
    for client, names in local.api_keys_by_client : { for name in names : name => client }
  ]...)
}

resource "aws_api_gateway_api_key" "client" {
  for_each = local.clients_by_api_key

  name  = "${local.api_name}-${replace(each.key, "/", "-")}"
  value = lookup(var.api_key_values, each.key, null)

  # Whoever learns that a key has leaked disables it at once, by hand.
  lifecycle {
    ignore_changes = [enabled]
  }
}

resource "aws_api_gateway_usage_plan" "client" {
  for_each = var.api_clients

  name = "${local.api_name}-${each.key}"

  api_stages {
    api_id = aws_api_gateway_rest_api.products.id
    stage  = aws_api_gateway_stage.products.stage_name
  }

  throttle_settings {
    rate_limit  = each.value.requests_per_second
    burst_limit = each.value.burst
  }

  # There is no quota, but some gateways read an empty one back.
  lifecycle {
    ignore_changes = [quota_settings]
  }
}

resource "aws_api_gateway_usage_plan_key" "client" {
  for_each = local.clients_by_api_key

  key_id        = aws_api_gateway_api_key.client[each.key].id
  key_type      = "API_KEY"
  usage_plan_id = aws_api_gateway_usage_plan.client[each.value].id
}

resource "aws_secretsmanager_secret" "client" {
  #checkov:skip=CKV_AWS_149:AWS's own key does: nobody outside the account reads it, and whoever may use a customer key would be one more list to keep.
  #checkov:skip=CKV2_AWS_57:A key is rotated together with the client that holds it; the README says how, with two valid keys meanwhile.

  for_each = var.api_clients

  name                    = "bbws/product-api/${var.environment}/${each.key}"
  description             = "API key of ${each.key} for ${local.api_name}"
  recovery_window_in_days = var.deletion_protection ? 30 : 7
}

resource "aws_secretsmanager_secret_version" "client" {
  for_each = var.api_clients

  secret_id     = aws_secretsmanager_secret.client[each.key].id
  secret_string = aws_api_gateway_api_key.client[local.api_keys_by_client[each.key][0]].value
}
