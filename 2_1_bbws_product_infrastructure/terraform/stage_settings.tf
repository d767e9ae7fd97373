# What holds for every method of the stage, whoever calls.

resource "aws_api_gateway_method_settings" "all" {
  #checkov:skip=CKV_AWS_225:A cache would show products as they were before a change.

  rest_api_id = aws_api_gateway_rest_api.products.id
  stage_name  = aws_api_gateway_stage.products.stage_name
  method_path = "*/*"

  settings {
    # The limits of each single method: what all clients together may ask. Requests without a key count as well.
    throttling_rate_limit  = sum([for client in values(var.api_clients) : client.requests_per_second])
    throttling_burst_limit = sum([for client in values(var.api_clients) : client.burst])

    # Latency and errors of each route, which the dashboard shows.
    metrics_enabled = true

    # The access log tells as much, and the gateway's execution log would hold bodies and headers.
    logging_level      = "OFF"
    data_trace_enabled = false
  }
}
