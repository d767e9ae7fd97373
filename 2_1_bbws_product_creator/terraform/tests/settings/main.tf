# What the files of variables say, for the tests to apply them as a deployment does.

terraform {
  required_version = ">= 1.11"

  required_providers {
    terraform = {
      source = "terraform.io/builtin/terraform"
    }
  }
}

output "of" {
  description = "The values in environments/{env}.tfvars, by environment."
  value = {
    for environment in ["local", "dev", "sit", "prod"] :
    environment => provider::terraform::decode_tfvars(file("${path.module}/../../environments/${environment}.tfvars"))
  }
}
