# The audit bucket: every change record as an object that is written once. Deployments refer to it by its name; nothing
# that they may do touches it, its settings or its objects.

resource "aws_s3_bucket" "audit" {
  #checkov:skip=CKV_AWS_18:One role writes and none deletes; who read what is for CloudTrail's data events, which are the account's to switch on.
  #checkov:skip=CKV_AWS_144:Object lock keeps the records; a second region is for the owner to decide, with what it costs.
  #checkov:skip=CKV_AWS_145:The records must be unaltered rather than secret; with a customer key that is lost they would be lost too.
  #checkov:skip=CKV2_AWS_62:Nothing waits for a record to arrive.

  bucket              = local.audit_bucket_name
  object_lock_enabled = var.audit_object_lock != null

  lifecycle {
    prevent_destroy = true

    # A bucket that is there already gets its lock from the configuration below; with another value here it would be replaced.
    ignore_changes = [object_lock_enabled]
  }
}

resource "aws_s3_bucket_versioning" "audit" {
  bucket = aws_s3_bucket.audit.id

  versioning_configuration {
    status = "Enabled"
  }
}

resource "aws_s3_bucket_object_lock_configuration" "audit" {
  count = var.audit_object_lock == null ? 0 : 1

  # Object lock wants versioning settled.
  bucket = aws_s3_bucket_versioning.audit.bucket

  rule {
    default_retention {
      mode  = var.audit_object_lock.mode
      days  = var.audit_object_lock.days
      years = var.audit_object_lock.years
    }
  }
}

resource "aws_s3_bucket_server_side_encryption_configuration" "audit" {
  bucket = aws_s3_bucket.audit.id

  rule {
    apply_server_side_encryption_by_default {
      sse_algorithm = "AES256"
    }
  }
}

resource "aws_s3_bucket_public_access_block" "audit" {
  bucket = aws_s3_bucket.audit.id

  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}

resource "aws_s3_bucket_policy" "audit" {
  bucket = aws_s3_bucket.audit.id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = concat(
      [
        # Whatever else their policies allow them. The exemption is by the id of the role that is made here: another one of
        # its name has another. The bucket's policy itself stays open to change, or whoever administers the account would
        # be locked out with everybody else.
        merge(
          {
            Sid       = length(aws_iam_role.break_glass) == 0 ? "NobodyDeletes" : "OnlyBreakGlassDeletes"
            Effect    = "Deny"
            Principal = "*"
            Action    = ["s3:BypassGovernanceRetention", "s3:DeleteObject", "s3:DeleteObjectVersion"]
            Resource  = "${local.audit_bucket_arn}/*"
          },
          { for role in aws_iam_role.break_glass : "Condition" => { StringNotLike = { "aws:userid" = "${role.unique_id}:*" } } },
        ),
      ],
      [
        for sid in var.require_tls ? ["RefuseCallersWithoutTls"] : [] : {
          Sid       = sid
          Effect    = "Deny"
          Principal = "*"
          Action    = "s3:*"
          Resource  = [local.audit_bucket_arn, "${local.audit_bucket_arn}/*"]
          Condition = { Bool = { "aws:SecureTransport" = "false" } }
        }
      ],
    )
  })

  # S3 refuses both at once.
  depends_on = [aws_s3_bucket_public_access_block.audit]
}

resource "aws_s3_bucket_lifecycle_configuration" "audit" {
  bucket = aws_s3_bucket.audit.id

  rule {
    id     = "archive-after-a-year"
    status = "Enabled"

    # In bytes. Glacier bills 40 KB more with every object, and the move: below this that is more than it saves
    # (documentation/cost-and-scale.md).
    filter {
      object_size_greater_than = 40000
    }

    transition {
      days          = 365
      storage_class = "GLACIER"
    }
  }

  # A rule with a size can't do this.
  rule {
    id     = "abandon-unfinished-uploads"
    status = "Enabled"

    filter {}

    abort_incomplete_multipart_upload {
      days_after_initiation = 7
    }
  }
}
