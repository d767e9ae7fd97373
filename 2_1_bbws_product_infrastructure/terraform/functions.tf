# What the dashboard and the saved queries know of the functions, which live in repositories of their own. Target and
# memory are those of their terraform/function.auto.tfvars.json.
#
# A batch of the queue functions is to take no more than a fifth of the ten seconds in which a change becomes visible.

locals {
  functions = {
    list-products   = { duration_target_ms = 200, memory_mb = 256 }
    get-product     = { duration_target_ms = 100, memory_mb = 256 }
    create-product  = { duration_target_ms = 250, memory_mb = 256 }
    update-product  = { duration_target_ms = 250, memory_mb = 256 }
    delete-product  = { duration_target_ms = 150, memory_mb = 256 }
    product-creator = { duration_target_ms = 2000, memory_mb = 256 }
    audit-logger    = { duration_target_ms = 2000, memory_mb = 256 }
  }

  # What goes through the alias is what callers get; Lambda counts it under {function}:{alias}.
  live_metrics = {
    for name in keys(local.functions) :
    name => ["FunctionName", "bbws-${name}-${var.environment}", "Resource", "bbws-${name}-${var.environment}:live"]
  }
}
