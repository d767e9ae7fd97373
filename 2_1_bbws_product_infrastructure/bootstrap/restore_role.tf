# The role with which AWS Backup restores a copy of the product table, for whoever administers the account: see the runbook
# restoring-the-table.md. Deployments can't hand it to anything.

resource "aws_iam_role" "restore" {
  name        = local.restore_role_name
  description = "What AWS Backup may do to restore the product table"

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Service = "backup.amazonaws.com" }
      Action    = "sts:AssumeRole"
    }]
  })
}

# What AWS's AWSBackupServiceRolePolicyForRestores grants for DynamoDB, for this project's tables and its vault's key alone.
resource "aws_iam_role_policy" "restore" {
  name = "restore"
  role = aws_iam_role.restore.id

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid    = "FillTheTable"
        Effect = "Allow"
        Action = [
          "dynamodb:BatchWriteItem",
          "dynamodb:DeleteItem",
          "dynamodb:DescribeTable",
          "dynamodb:GetItem",
          "dynamodb:PutItem",
          "dynamodb:Query",
          "dynamodb:RestoreTableFromAwsBackup",
          "dynamodb:Scan",
          "dynamodb:UpdateItem",
        ]
        Resource = local.permissions.Table.resources
      },
      {
        # A copy that was made before AWS Backup managed them in full is one of DynamoDB's own.
        Sid      = "ReadTheCopy"
        Effect   = "Allow"
        Action   = ["dynamodb:DescribeBackup", "dynamodb:RestoreTableFromBackup"]
        Resource = [for arn in local.permissions.Table.resources : "${arn}/backup/*"]
      },
      {
        Sid      = "DecryptTheCopy"
        Effect   = "Allow"
        Action   = ["kms:Decrypt", "kms:DescribeKey", "kms:GenerateDataKey"]
        Resource = aws_kms_key.service["backup"].arn
      },
      {
        Sid       = "LetAwsUseTheKey"
        Effect    = "Allow"
        Action    = "kms:CreateGrant"
        Resource  = aws_kms_key.service["backup"].arn
        Condition = { Bool = { "kms:GrantIsForAWSResource" = "true" } }
      },
      {
        # The restored table is encrypted with the key that DynamoDB has in the account, as the one before.
        Sid       = "EncryptTheTable"
        Effect    = "Allow"
        Action    = ["kms:CreateGrant", "kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey"]
        Resource  = local.permissions.KeysOfAws.resources
        Condition = { StringEquals = { "kms:ViaService" = "dynamodb.${var.region}.amazonaws.com" } }
      },
    ]
  })
}
