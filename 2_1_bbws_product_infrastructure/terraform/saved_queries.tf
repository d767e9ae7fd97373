# Questions to the logs, saved in CloudWatch Logs Insights: put the id in and run.
#
# CloudWatch's stand-in on a computer of one's own doesn't know saved queries.

locals {
  function_log_groups = [for name in keys(local.functions) : "/aws/lambda/bbws-${name}-${var.environment}"]

  saved_queries = {
    "what happened to a change" = {
      log_groups = local.function_log_groups
      query      = <<-EOT
        fields @timestamp, message, change_type, status, reason, sequence, version, product_id, client, request_id, @log
        | filter change_id = "PUT THE CHANGE'S ID HERE"
        | sort @timestamp asc
      EOT
    }
    "who changed a product" = {
      log_groups = local.function_log_groups
      query      = <<-EOT
        fields @timestamp, client, change_type, change_id, request_id
        | filter product_id = "PUT THE PRODUCT'S ID HERE" and message = "change queued"
        | sort @timestamp asc
      EOT
    }
    "what happened to a request" = {
      log_groups = concat(local.function_log_groups, aws_cloudwatch_log_group.access[*].name)
      query      = <<-EOT
        fields @timestamp, message, method, route, status, error, latency, duration_ms, keyId, sourceIp, change_id, @log
        | filter request_id = "PUT THE REQUEST'S ID HERE" or requestId = "PUT THE REQUEST'S ID HERE"
        | sort @timestamp asc
      EOT
    }
  }
}

resource "aws_cloudwatch_query_definition" "saved" {
  for_each = { for name, query in local.saved_queries : name => query if var.environment != "local" }

  name            = "bbws-products-${var.environment}/${each.key}"
  query_string    = each.value.query
  log_group_names = each.value.log_groups
}
