# Where to: one account and one region. An endpoint of a local stack comes from AWS_ENDPOINT_URL alone.

provider "aws" {
  region              = var.region
  allowed_account_ids = [var.account_id]
  s3_use_path_style   = var.environment == "local"

  default_tags {
    tags = {
      Project     = "BBWS"
      Component   = "bootstrap"
      Environment = var.environment
      ManagedBy   = "Terraform"
      CostCenter  = "BBWS-CPP"
    }
  }
}
