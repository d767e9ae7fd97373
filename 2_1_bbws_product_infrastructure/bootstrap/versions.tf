# What this root needs to run. The provider's exact version is in .terraform.lock.hcl.

terraform {
  required_version = ">= 1.11"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "~> 5.100"
    }
  }

  # scripts/bootstrap.py says which bucket: the one that this root looks after.
  backend "s3" {}
}
