# The API's access log: a line of JSON for each request, refused ones included.
#
# $context.identity.apiKeyId is the id of a key; $context.identity.apiKey would be the key itself. Every value is quoted,
# because the gateway writes - for one that it doesn't have. What a caller chose freely (path, user agent) is left out:
# the gateway doesn't escape it. A function's log has the product's id under the same request id.

locals {
  access_log_format = jsonencode({
    requestId          = "$context.requestId"
    method             = "$context.httpMethod"
    route              = "$context.resourcePath"
    status             = "$context.status"
    sourceIp           = "$context.identity.sourceIp"
    keyId              = "$context.identity.apiKeyId"
    latency            = "$context.responseLatency"
    integrationLatency = "$context.integrationLatency"
    integrationStatus  = "$context.integrationStatus"
    responseLength     = "$context.responseLength"
    errorType          = "$context.error.responseType"
    firewall           = "$context.waf.status"
    traceId            = "$context.xrayTraceId"
  })

  # Some gateways read empty settings back where there are none; said so, they are no drift.
  access_log_settings = {
    destination_arn = var.access_logs ? aws_cloudwatch_log_group.access[0].arn : ""
    format          = var.access_logs ? local.access_log_format : ""
  }
}

resource "aws_cloudwatch_log_group" "access" {
  #checkov:skip=CKV_AWS_158:CloudWatch encrypts every log with a key of its own; this one holds no key, no body and no person's data but addresses.

  count = var.access_logs ? 1 : 0

  name              = "/aws/apigateway/${local.api_name}"
  retention_in_days = var.log_retention_days
}
