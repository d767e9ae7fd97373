# One dashboard for whoever is on call: first whether something is wrong, last what it costs.

locals {
  # What the functions count themselves, in lines of their logs (CloudWatch's embedded metric format).
  counted_namespace = "BBWS/Products"
  change_types      = ["CREATE", "UPDATE", "DELETE"]

  # A change is to be visible and audited so soon.
  change_delay_target_ms = 10000

  # Those that answer requests.
  api_functions = toset([for route in values(local.routes) : route.function])

  # Those that take messages.
  queue_functions = setsubtract(keys(local.functions), local.api_functions)

  # The names of a function's alarms are its repository's.
  alarm_names = concat(
    [aws_cloudwatch_metric_alarm.api_errors.alarm_name],
    [for alarm in aws_cloudwatch_metric_alarm.dead_letters : alarm.alarm_name],
    [for alarm in aws_cloudwatch_metric_alarm.oldest_message : alarm.alarm_name],
    [for alarm in aws_cloudwatch_metric_alarm.table_throttles : alarm.alarm_name],
    aws_cloudwatch_metric_alarm.failed_backups[*].alarm_name,
    [for pair in setproduct(keys(local.functions), ["duration", "errors", "throttles"]) : "bbws-${pair[0]}-${var.environment}-${pair[1]}"],
    [for name in local.api_functions : "bbws-${name}-${var.environment}-faults"],
    [for name in local.queue_functions : "bbws-${name}-${var.environment}-failed-messages"],
  )

  alarm_widget = {
    type   = "alarm"
    x      = 0
    y      = 0
    width  = 24
    height = 5
    properties = {
      title  = "Alarms. What to do: ${var.runbooks}"
      sortBy = "stateUpdatedTimestamp"
      alarms = [for name in local.alarm_names : "arn:aws:cloudwatch:${var.region}:${var.account_id}:alarm:${name}"]
    }
  }

  api_metrics = ["ApiName", local.api_name, "Stage", var.environment]
  table       = ["TableName", local.table_name]

  route_paths = {
    products = aws_api_gateway_resource.products.path
    product  = aws_api_gateway_resource.product.path
    changes  = aws_api_gateway_resource.changes.path
  }

  traffic_graphs = [
    {
      title = "Requests a minute"
      metrics = [
        for metric, label in { Count = "all", "4XXError" = "4xx", "5XXError" = "5xx" } :
        concat(["AWS/ApiGateway", metric], local.api_metrics, [{ label = label }])
      ]
    },
    {
      title       = "Share of 5xx"
      stat        = "Average"
      metrics     = [concat(["AWS/ApiGateway", "5XXError"], local.api_metrics, [{ label = "5xx" }])]
      annotations = { horizontal = [{ label = "alarm", value = local.highest_api_error_rate }] }
    },
    {
      title = "Latency of all requests, ms"
      metrics = [
        for stat in ["p50", "p95", "p99"] :
        concat(["AWS/ApiGateway", "Latency"], local.api_metrics, [{ label = stat, stat = stat }])
      ]
    },
  ]

  # What callers wait for, and the function's part in it, without requests that wanted to wait.
  route_graphs = [
    for route in values(local.routes) : {
      title = "${route.method} ${local.route_paths[route.path]}, ms"
      metrics = concat(
        [
          for stat in ["p50", "p95", "p99"] : concat(
            ["AWS/ApiGateway", "Latency"],
            local.api_metrics,
            ["Resource", local.route_paths[route.path], "Method", route.method, { label = stat, stat = stat }],
          )
        ],
        [[
          local.counted_namespace, "RequestDuration", "Environment", var.environment,
          "Function", "bbws-${route.function}-${var.environment}", { label = "p95 of the function", stat = "p95" },
        ]],
      )
      annotations = { horizontal = [{ label = "target of p95", value = local.functions[route.function].duration_target_ms }] }
    }
  ]

  failure_graphs = [
    {
      title   = "Requests with a 5xx of the function"
      metrics = [for name in local.api_functions : [local.counted_namespace, "Faults", "Environment", var.environment, "Function", "bbws-${name}-${var.environment}", { label = name }]]
    },
    {
      title   = "Messages that failed and go back"
      metrics = [for name in local.queue_functions : [local.counted_namespace, "FailedMessages", "Environment", var.environment, "Function", "bbws-${name}-${var.environment}", { label = name }]]
    },
    {
      title   = "Failed invocations"
      metrics = [for name, live in local.live_metrics : concat(["AWS/Lambda", "Errors"], live, [{ label = name }])]
    },
    {
      title   = "Throttled invocations"
      metrics = [for name, live in local.live_metrics : concat(["AWS/Lambda", "Throttles"], live, [{ label = name }])]
    },
    {
      title = "Refused by the firewall"
      metrics = [
        for rule in concat(["TooManyFromOneAddress"], keys(local.managed_rules)) :
        ["AWS/WAFV2", "BlockedRequests", "WebACL", local.api_name, "Region", var.region, "Rule", rule, { label = rule }]
      ]
    },
  ]

  change_graphs = [
    {
      title = "Decided changes"
      metrics = [
        for pair in setproduct(["AppliedChanges", "SupersededChanges", "RejectedChanges"], local.change_types) :
        [local.counted_namespace, pair[0], "Environment", var.environment, "ChangeType", pair[1], { label = "${pair[0]} ${pair[1]}" }]
      ]
    },
    {
      title = "From request to applied and to audited, ms"
      metrics = [
        for pair in setproduct(["RequestToApplied", "RequestToAudited"], ["p50", "p95"]) :
        [local.counted_namespace, pair[0], "Environment", var.environment, { label = "${pair[0]} ${pair[1]}", stat = pair[1] }]
      ]
      annotations = { horizontal = [{ label = "target", value = local.change_delay_target_ms }] }
    },
    {
      title = "Duration of a batch, p95, ms"
      stat  = "p95"
      metrics = [
        for name in ["product-creator", "audit-logger"] :
        concat(["AWS/Lambda", "Duration"], local.live_metrics[name], [{ label = name }])
      ]
      annotations = {
        horizontal = [for name in ["product-creator", "audit-logger"] : { label = "target of ${name}", value = local.functions[name].duration_target_ms }]
      }
    },
  ]

  queue_graphs = [
    {
      title       = "Oldest message, s"
      stat        = "Maximum"
      metrics     = [for name in values(local.queue_names) : ["AWS/SQS", "ApproximateAgeOfOldestMessage", "QueueName", name]]
      annotations = { horizontal = [{ label = "alarm", value = local.oldest_message_seconds }] }
    },
    {
      title   = "Waiting messages"
      stat    = "Maximum"
      metrics = [for name in values(local.queue_names) : ["AWS/SQS", "ApproximateNumberOfMessagesVisible", "QueueName", name]]
    },
    {
      title   = "Messages in the dead-letter queues"
      stat    = "Maximum"
      metrics = [for name in values(local.dead_letter_queue_names) : ["AWS/SQS", "ApproximateNumberOfMessagesVisible", "QueueName", name]]
    },
  ]

  table_graphs = [
    {
      title = "Throttled by the table and its indexes"
      metrics = [
        for name, throttled in local.throttled :
        concat(["AWS/DynamoDB", throttled.metric], flatten([for key, value in throttled.dimensions : [key, value]]), [{ label = name }])
      ]
    },
    {
      title = "Latency of the table on average, ms"
      stat  = "Average"
      metrics = [
        for operation in ["GetItem", "Query", "TransactWriteItems"] :
        concat(["AWS/DynamoDB", "SuccessfulRequestLatency"], local.table, ["Operation", operation, { label = operation }])
      ]
    },
    {
      title   = "Cost: capacity consumed of table and indexes"
      stacked = true
      metrics = concat(
        [
          for unit in ["Read", "Write"] :
          concat(["AWS/DynamoDB", "Consumed${unit}CapacityUnits"], local.table, [{ label = "table ${lower(unit)}" }])
        ],
        [
          for pair in setproduct(["Read", "Write"], keys(local.product_indexes)) : concat(
            ["AWS/DynamoDB", "Consumed${pair[0]}CapacityUnits"],
            local.table,
            ["GlobalSecondaryIndexName", pair[1], { label = "${pair[1]} ${lower(pair[0])}" }],
          )
        ],
      )
    },
  ]

  # With the requests, and the capacity of the table, this is what AWS bills.
  cost_graphs = [
    {
      title   = "Cost: invocations"
      stacked = true
      metrics = [for name, live in local.live_metrics : concat(["AWS/Lambda", "Invocations"], live, [{ label = name }])]
    },
    {
      title   = "Cost: GB-seconds of the functions"
      stacked = true
      metrics = concat(
        [
          for name, live in local.live_metrics :
          concat(["AWS/Lambda", "Duration"], live, [{ id = "d_${replace(name, "-", "_")}", visible = false }])
        ],
        [
          for name, function in local.functions :
          [{ expression = "d_${replace(name, "-", "_")} / 1000 * ${function.memory_mb / 1024}", label = name }]
        ],
      )
    },
    {
      title   = "Cost: messages sent"
      stacked = true
      metrics = [for name in values(local.queue_names) : ["AWS/SQS", "NumberOfMessagesSent", "QueueName", name]]
    },
  ]

  graphs = concat(
    local.traffic_graphs,
    local.route_graphs,
    local.failure_graphs,
    local.change_graphs,
    local.queue_graphs,
    local.table_graphs,
    local.cost_graphs,
  )

  # Three in a row, below the alarms.
  graph_widgets = [
    for number, graph in local.graphs : {
      type   = "metric"
      x      = number % 3 * 8
      y      = local.alarm_widget.height + floor(number / 3) * 6
      width  = 8
      height = 6
      properties = merge(
        { region = var.region, view = "timeSeries", period = 60, stat = "Sum", yAxis = { left = { min = 0 } } },
        graph,
      )
    }
  ]
}

resource "aws_cloudwatch_dashboard" "products" {
  dashboard_name = "bbws-products-${var.environment}"
  dashboard_body = jsonencode({ widgets = concat([local.alarm_widget], local.graph_widgets) })
}
