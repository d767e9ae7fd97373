# What the product infrastructure exports: names, ARNs and addresses of everything shared.

data "terraform_remote_state" "infrastructure" {
  backend = "s3"

  config = {
    bucket         = "bbws-terraform-state-${var.environment}"
    key            = "2_1_bbws_product_infrastructure/terraform.tfstate"
    region         = var.region
    use_path_style = var.environment == "local"
  }
}

locals {
  infrastructure = data.terraform_remote_state.infrastructure.outputs
}
