# What this root needs to run. The provider's exact version is in .terraform.lock.hcl.

terraform {
  required_version = ">= 1.11"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "~> 5.100"
    }
  }

  # Bucket and region come from environments/{env}.s3.tfbackend, the key from scripts/deploy.py.
  backend "s3" {}
}
