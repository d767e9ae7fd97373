# The one role that may delete records from the audit bucket, for whoever has to one day: a court's order, say. Object lock
# binds it as everybody else, but that it may lift governance mode.

resource "aws_iam_role" "break_glass" {
  count = length(var.break_glass_users) == 0 ? 0 : 1

  name        = local.break_glass_role_name
  description = "Deletes audit records, in an emergency"

  # In seconds: an hour, the least that IAM takes.
  max_session_duration = 3600

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid       = "NamedPeopleWithASecondFactor"
      Effect    = "Allow"
      Principal = { AWS = sort(var.break_glass_users) }
      Action    = "sts:AssumeRole"
      Condition = { Bool = { "aws:MultiFactorAuthPresent" = "true" } }
    }]
  })
}

resource "aws_iam_role_policy" "break_glass" {
  count = length(aws_iam_role.break_glass)

  name = "delete-audit-records"
  role = aws_iam_role.break_glass[0].id

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid      = "FindRecords"
        Effect   = "Allow"
        Action   = ["s3:ListBucket", "s3:ListBucketVersions"]
        Resource = local.audit_bucket_arn
      },
      {
        Sid    = "ReadAndDeleteRecords"
        Effect = "Allow"
        Action = [
          "s3:BypassGovernanceRetention",
          "s3:DeleteObject",
          "s3:DeleteObjectVersion",
          "s3:GetObject",
          "s3:GetObjectRetention",
          "s3:GetObjectVersion",
        ]
        Resource = "${local.audit_bucket_arn}/*"
      },
    ]
  })
}
