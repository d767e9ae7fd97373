# The keys of what deployments make: deployments use them by their aliases and can't touch them. A role that could tag keys
# could take over whichever have no tags yet.

locals {
  # Who uses a key beside the account's own roles.
  key_users = {
    # Alarms can't publish through the AWS-managed key.
    alerts = [{
      Sid       = "AlarmsUseTheKey"
      Effect    = "Allow"
      Principal = { Service = "cloudwatch.amazonaws.com" }
      Action    = ["kms:Decrypt", "kms:GenerateDataKey*"]
      Resource  = "*"
      Condition = { StringEquals = { "aws:SourceAccount" = var.account_id } }
    }]
    backup = []
  }

  key_arns = values(aws_kms_key.service)[*].arn
}

resource "aws_kms_key" "service" {
  #policies:skip=aws_kms_key.service parliament RESOURCE_STAR kms:*: In a key's policy the resource is that key.

  for_each = local.key_users

  description             = each.key == "alerts" ? "Encrypts bbws-product-alerts-${var.environment}" : "Encrypts the backups of bbws-products-${var.environment}"
  enable_key_rotation     = true
  deletion_window_in_days = 30

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = concat(
      [{
        Sid       = "AccountAdministersTheKey"
        Effect    = "Allow"
        Principal = { AWS = "${local.iam_prefix}:root" }
        Action    = "kms:*"
        Resource  = "*"
      }],
      each.value,
    )
  })

  lifecycle {
    prevent_destroy = true
  }
}

resource "aws_kms_alias" "service" {
  for_each = local.key_aliases

  name          = each.value
  target_key_id = aws_kms_key.service[each.key].key_id
}
