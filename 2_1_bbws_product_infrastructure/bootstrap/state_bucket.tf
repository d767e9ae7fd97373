# The bucket of all Terraform states of this environment, and of what workflows hand on to each other:
#
#   {repository}/terraform.tfstate                      a repository's state, and its lock beside it
#   plans/{repository}/...                              saved plans and packages between review and deployment
#   deployed/{repository}/...                           what was deployed last
#   2_1_bbws_product_infrastructure/bootstrap.tfstate   the state of this root, which no workflow reads

resource "aws_s3_bucket" "state" {
  #checkov:skip=CKV_AWS_18:Whoever may read states may read the API keys in them, and no log changes that: CloudTrail's data events are the account's to switch on.
  #checkov:skip=CKV_AWS_144:Earlier versions are kept, and what a lost state knew can be imported anew; the data that would be missed is in the table and the audit bucket.
  #checkov:skip=CKV_AWS_145:A customer key would be one more thing that must be there before anything else; the roles that may read the states would all need it.
  #checkov:skip=CKV2_AWS_62:Nothing waits for a state to change.

  bucket = local.state_bucket_name

  lifecycle {
    prevent_destroy = true
  }
}

resource "aws_s3_bucket_versioning" "state" {
  bucket = aws_s3_bucket.state.id

  versioning_configuration {
    status = "Enabled"
  }
}

resource "aws_s3_bucket_server_side_encryption_configuration" "state" {
  bucket = aws_s3_bucket.state.id

  rule {
    apply_server_side_encryption_by_default {
      sse_algorithm = "AES256"
    }
  }
}

resource "aws_s3_bucket_public_access_block" "state" {
  bucket = aws_s3_bucket.state.id

  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}

resource "aws_s3_bucket_policy" "state" {
  count = var.require_tls ? 1 : 0

  bucket = aws_s3_bucket.state.id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid       = "RefuseCallersWithoutTls"
      Effect    = "Deny"
      Principal = "*"
      Action    = "s3:*"
      Resource  = [local.state_bucket_arn, "${local.state_bucket_arn}/*"]
      Condition = { Bool = { "aws:SecureTransport" = "false" } }
    }]
  })

  # S3 refuses both at once.
  depends_on = [aws_s3_bucket_public_access_block.state]
}

resource "aws_s3_bucket_lifecycle_configuration" "state" {
  bucket = aws_s3_bucket.state.id

  rule {
    id     = "forget-earlier-states-after-a-year"
    status = "Enabled"

    filter {}

    noncurrent_version_expiration {
      noncurrent_days           = 365
      newer_noncurrent_versions = 10
    }

    expiration {
      expired_object_delete_marker = true
    }

    abort_incomplete_multipart_upload {
      days_after_initiation = 7
    }
  }

  # A saved plan holds secrets, and is of no use once the state has moved on.
  rule {
    id     = "forget-plans-after-a-month"
    status = "Enabled"

    filter {
      prefix = "plans/"
    }

    expiration {
      days = 30
    }

    noncurrent_version_expiration {
      noncurrent_days = 1
    }
  }

  # Rules about earlier versions want versioning settled.
  depends_on = [aws_s3_bucket_versioning.state]
}
