# What bootstrap/ makes and this root once made: its state forgets it, and nothing is destroyed.

removed {
  from = aws_kms_alias.alerts

  lifecycle {
    destroy = false
  }
}

removed {
  from = aws_kms_alias.backup

  lifecycle {
    destroy = false
  }
}

removed {
  from = aws_kms_key.alerts

  lifecycle {
    destroy = false
  }
}

removed {
  from = aws_kms_key.backup

  lifecycle {
    destroy = false
  }
}

removed {
  from = aws_s3_bucket.audit

  lifecycle {
    destroy = false
  }
}

removed {
  from = aws_s3_bucket_lifecycle_configuration.audit

  lifecycle {
    destroy = false
  }
}

removed {
  from = aws_s3_bucket_object_lock_configuration.audit

  lifecycle {
    destroy = false
  }
}

removed {
  from = aws_s3_bucket_policy.audit

  lifecycle {
    destroy = false
  }
}

removed {
  from = aws_s3_bucket_public_access_block.audit

  lifecycle {
    destroy = false
  }
}

removed {
  from = aws_s3_bucket_server_side_encryption_configuration.audit

  lifecycle {
    destroy = false
  }
}

removed {
  from = aws_s3_bucket_versioning.audit

  lifecycle {
    destroy = false
  }
}
