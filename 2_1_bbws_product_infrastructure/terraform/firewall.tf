# The web application firewall in front of the stage. documentation/web-firewall.md says what it means for callers.

locals {
  firewall_count = var.firewall ? 1 : 0

  # Of one address, in five minutes: twice what all clients together may ask, for they may share one.
  firewall_rate = 2 * 300 * sum([for client in values(var.api_clients) : client.requests_per_second])

  managed_rules = {
    AWSManagedRulesCommonRuleSet = {
      priority = 1
      # Bodies may have 32 KB, and this rule refuses those over 8.
      only_counted = ["SizeRestrictions_BODY"]
    }
    AWSManagedRulesKnownBadInputsRuleSet = { priority = 2, only_counted = [] }
  }
}

resource "aws_wafv2_web_acl" "api" {
  #checkov:skip=CKV_AWS_192:The rule set for known bad inputs is there; checkov doesn't see rules that a dynamic block makes.

  count = local.firewall_count

  name        = local.api_name
  description = "In front of ${local.api_name}"
  scope       = "REGIONAL"

  default_action {
    allow {}
  }

  rule {
    name     = "TooManyFromOneAddress"
    priority = 0

    action {
      block {}
    }

    statement {
      rate_based_statement {
        limit              = local.firewall_rate
        aggregate_key_type = "IP"
      }
    }

    visibility_config {
      cloudwatch_metrics_enabled = true
      metric_name                = "TooManyFromOneAddress"
      sampled_requests_enabled   = true
    }
  }

  dynamic "rule" {
    for_each = local.managed_rules

    content {
      name     = rule.key
      priority = rule.value.priority

      override_action {
        none {}
      }

      statement {
        managed_rule_group_statement {
          vendor_name = "AWS"
          name        = rule.key

          dynamic "rule_action_override" {
            for_each = rule.value.only_counted

            content {
              name = rule_action_override.value

              action_to_use {
                count {}
              }
            }
          }
        }
      }

      visibility_config {
        cloudwatch_metrics_enabled = true
        metric_name                = rule.key
        sampled_requests_enabled   = true
      }
    }
  }

  visibility_config {
    cloudwatch_metrics_enabled = true
    metric_name                = local.api_name
    sampled_requests_enabled   = true
  }

  # Redacting the log leaves the sampled requests as they are; this covers both.
  data_protection_config {
    data_protection {
      action = "SUBSTITUTION"

      field {
        field_type = "SINGLE_HEADER"
        field_keys = ["x-api-key"]
      }
    }
  }
}

resource "aws_wafv2_web_acl_association" "api" {
  count = local.firewall_count

  resource_arn = aws_api_gateway_stage.products.arn
  web_acl_arn  = aws_wafv2_web_acl.api[0].arn
}

resource "aws_cloudwatch_log_group" "firewall" {
  #checkov:skip=CKV_AWS_158:CloudWatch encrypts every log with a key of its own; API keys are left out of this one.

  count = local.firewall_count

  # WAF takes no other prefix.
  name              = "aws-waf-logs-${local.api_name}"
  retention_in_days = var.log_retention_days
}

resource "aws_wafv2_web_acl_logging_configuration" "api" {
  count = local.firewall_count

  resource_arn            = aws_wafv2_web_acl.api[0].arn
  log_destination_configs = [aws_cloudwatch_log_group.firewall[0].arn]

  redacted_fields {
    single_header {
      name = "x-api-key"
    }
  }

  # The access log has every request; here are those that a rule took exception to.
  logging_filter {
    default_behavior = "DROP"

    filter {
      behavior    = "KEEP"
      requirement = "MEETS_ANY"

      dynamic "condition" {
        for_each = ["BLOCK", "EXCLUDED_AS_COUNT"]

        content {
          action_condition {
            action = condition.value
          }
        }
      }
    }
  }
}
