# GitHub's workflows prove who they are with tokens of this provider (OpenID Connect); there are no stored credentials.

# An account has at most one. AWS checks GitHub's certificate by itself, so there is no thumbprint to keep up.
resource "aws_iam_openid_connect_provider" "github" {
  count = contains(var.adopted, "oidc_provider") ? 0 : 1

  url            = "https://${local.oidc_host}"
  client_id_list = ["sts.amazonaws.com"]
}

locals {
  # Who GitHub says is asking. Repositories made since July 2026 bear their ids, older ones may be switched to that:
  # a name alone could be somebody else's by now.
  subjects = {
    for role, environment in { deploy = var.environment, plan = "${var.environment}-plan" } : role => [
      for name, id in var.github.repositories :
      "repo:${var.github.owner}@${var.github.owner_id}/${name}@${id}:environment:${environment}"
    ]
  }
}
