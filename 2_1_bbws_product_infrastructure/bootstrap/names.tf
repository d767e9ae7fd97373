# Names and ARNs. What has a name is referred to by it, not by its resource, so that a policy can name what isn't there yet.

locals {
  repositories = [
    "2_1_bbws_audit_logger",
    "2_1_bbws_create_product",
    "2_1_bbws_delete_product",
    "2_1_bbws_get_product",
    "2_1_bbws_list_products",
    "2_1_bbws_product_creator",
    "2_1_bbws_product_infrastructure",
    "2_1_bbws_update_product",
  ]

  functions = [
    for repository in local.repositories : replace(trimprefix(repository, "2_1_bbws_"), "_", "-")
    if repository != "2_1_bbws_product_infrastructure"
  ]

  state_bucket_name = "bbws-terraform-state-${var.environment}"
  state_bucket_arn  = "arn:aws:s3:::${local.state_bucket_name}"
  audit_bucket_name = "bbws-product-audit-logs-${var.environment}"
  audit_bucket_arn  = "arn:aws:s3:::${local.audit_bucket_name}"

  # In this account, and in this region of it.
  iam_prefix = "arn:aws:iam::${var.account_id}"
  regional   = { for service in local.regional_services : service => "arn:aws:${service}:${var.region}:${var.account_id}" }

  regional_services = ["backup", "cloudwatch", "dynamodb", "kms", "lambda", "logs", "secretsmanager", "sns", "sqs", "wafv2"]

  key_aliases = { for key in ["alerts", "backup"] : key => "alias/bbws-product-${key}-${var.environment}" }

  workflow_roles = {
    deploy = "bbws-product-deploy-${var.environment}"
    plan   = "bbws-product-plan-${var.environment}"
  }

  restore_role_name = "bbws-product-restore-${var.environment}"
  logging_role_name = "bbws-product-api-logging-${var.environment}"

  break_glass_role_name = "bbws-break-glass"

  boundaries = {
    workflow = "bbws-product-workflow-boundary-${var.environment}"
    runtime  = "bbws-product-runtime-boundary-${var.environment}"
  }
  boundary_arns = { for boundary, name in local.boundaries : boundary => "${local.iam_prefix}:policy/${name}" }

  oidc_host         = "token.actions.githubusercontent.com"
  oidc_provider_arn = "${local.iam_prefix}:oidc-provider/${local.oidc_host}"
}
