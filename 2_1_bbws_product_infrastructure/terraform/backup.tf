# Copies of the table outside of the table, beside its point-in-time recovery.

locals {
  backup_count     = length(var.backup) == 0 ? 0 : 1
  backup_name      = "bbws-product-${var.environment}"
  backup_role_name = "bbws-product-backup-${var.environment}"
}

# bootstrap/ makes the key.
data "aws_kms_alias" "backup" {
  count = local.backup_count

  name = "alias/${local.backup_role_name}"
}

resource "aws_backup_vault" "products" {
  count = local.backup_count

  name        = local.backup_name
  kms_key_arn = data.aws_kms_alias.backup[0].target_key_arn
}

resource "aws_backup_plan" "products" {
  count = local.backup_count

  name = local.backup_name

  dynamic "rule" {
    for_each = var.backup

    content {
      rule_name         = rule.key
      target_vault_name = aws_backup_vault.products[0].name
      schedule          = rule.value.schedule

      # In minutes: the least that AWS Backup takes, for the start and for the end.
      start_window      = 60
      completion_window = 120

      lifecycle {
        delete_after = rule.value.keep_days
      }
    }
  }
}

resource "aws_backup_selection" "products" {
  count = local.backup_count

  name         = local.backup_name
  plan_id      = aws_backup_plan.products[0].id
  iam_role_arn = aws_iam_role.backup[0].arn
  resources    = [aws_dynamodb_table.products.arn]
}

resource "aws_iam_role" "backup" {
  count = local.backup_count

  name        = "bbws-product-backup-${var.environment}"
  description = "What AWS Backup may do with ${local.table_name}"

  # bootstrap/ makes it: the workflows may make no role without it.
  permissions_boundary = "arn:aws:iam::${var.account_id}:policy/bbws-product-runtime-boundary-${var.environment}"

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Service = "backup.amazonaws.com" }
      Action    = "sts:AssumeRole"
    }]
  })
}

# What AWS's AWSBackupServiceRolePolicyForBackup grants for DynamoDB and its vault, for this table, vault and key alone.
resource "aws_iam_role_policy" "backup" {
  count = local.backup_count

  name = "backup"
  role = aws_iam_role.backup[0].id

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid    = "CopyTheTable"
        Effect = "Allow"
        Action = [
          "dynamodb:CreateBackup",
          "dynamodb:DescribeTable",
          "dynamodb:ListTagsOfResource",
          "dynamodb:StartAwsBackupJob",
        ]
        Resource = aws_dynamodb_table.products.arn
      },
      {
        Sid      = "LookAfterCopies"
        Effect   = "Allow"
        Action   = ["dynamodb:DeleteBackup", "dynamodb:DescribeBackup"]
        Resource = "${aws_dynamodb_table.products.arn}/backup/*"
      },
      {
        Sid      = "FillTheVault"
        Effect   = "Allow"
        Action   = ["backup:CopyIntoBackupVault", "backup:DescribeBackupVault"]
        Resource = aws_backup_vault.products[0].arn
      },
      {
        Sid      = "EncryptCopies"
        Effect   = "Allow"
        Action   = ["kms:Decrypt", "kms:DescribeKey", "kms:GenerateDataKey"]
        Resource = data.aws_kms_alias.backup[0].target_key_arn
      },
      {
        Sid       = "LetAwsUseTheKey"
        Effect    = "Allow"
        Action    = "kms:CreateGrant"
        Resource  = data.aws_kms_alias.backup[0].target_key_arn
        Condition = { Bool = { "kms:GrantIsForAWSResource" = "true" } }
      },
    ]
  })
}
