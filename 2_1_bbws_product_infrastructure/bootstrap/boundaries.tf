# The most that roles may ever do, whatever policies they get.
#
# `workflow` bounds the roles that workflows assume: this project's resources, and never these boundaries, those roles or
# whom they trust. `runtime` bounds the roles that deployments make, for functions and backups: what the running service
# does with data, and nothing of identities, secrets, states or settings.

locals {
  # A policy has room for 6,144 characters. So the boundary allows all of a service on this project's resources, and goes
  # action by action only where more could be done than with the resource itself. Permissions share a statement where
  # they may: no two services share an ARN.
  bounded = {
    by_resource = {
      for name, permission in local.granted : name => permission
      if !contains(permission.resources, "*") && !can(permission.condition) && !contains(local.bounded_by_action, name)
    }
    by_action = { for name in local.bounded_by_action : name => local.granted[name] }
    alone = {
      for name, permission in local.granted : name => permission
      if contains(permission.resources, "*") || can(permission.condition)
    }
  }
  bounded_by_action = concat(local.permission_groups.states, ["Keys", "Roles"])

  # Nor has it room for each function's name wherever one is meant: here they are all alike, as far as their roles aren't
  # at stake, which are named at the end. The policies name them all.
  of_a_function = "/bbws-(${join("|", concat(local.functions, ["product-backup"]))})-/"

  boundary_statements = {
    workflow = concat(
      [
        {
          Sid    = "ResourcesOfThisProject"
          Effect = "Allow"
          Action = distinct(flatten([
            for permission in values(local.bounded.by_resource) :
            [for action in concat(permission.read, permission.write) : "${split(":", action)[0]}:*"]
          ]))
          Resource = distinct([
            for arn in flatten(values(local.bounded.by_resource)[*].resources) : replace(arn, local.of_a_function, "bbws-*-")
          ])
        },
        {
          Sid    = "StatesAndRoles"
          Effect = "Allow"
          Action = distinct(flatten([for permission in values(local.bounded.by_action) : [permission.read, permission.write]]))
          Resource = distinct([
            for arn in flatten(values(local.bounded.by_action)[*].resources) : replace(arn, local.of_a_function, "bbws-*-")
          ])
        },
      ],
      [
        for name, permission in local.bounded.alone : merge(
          {
            Sid      = name
            Effect   = "Allow"
            Action   = concat(permission.read, permission.write)
            Resource = distinct([for arn in permission.resources : replace(arn, local.of_a_function, "bbws-*-")])
          },
          try({ Condition = permission.condition }, {}),
        )
      ],
      [
        {
          # Neither on oneself nor on anybody else whom deployments don't make; in which account is said above.
          Sid    = "NoHandOnOthers"
          Effect = "Deny"
          Action = "iam:*"
          NotResource = [
            for arn in concat(local.role_arns, local.permissions.RolesOfServices.resources) : replace(arn, var.account_id, "*")
          ]
        },
        {
          Sid      = "NoHandOnTheAuditTrail"
          Effect   = "Deny"
          Action   = ["s3:BypassGovernanceRetention", "s3:DeleteObject", "s3:DeleteObjectVersion", "s3:PutObject"]
          Resource = "${local.audit_bucket_arn}/*"
        },
      ],
    )

    runtime = [
      {
        Sid    = "Products"
        Effect = "Allow"
        Action = [
          "dynamodb:BatchGetItem",
          "dynamodb:BatchWriteItem",
          "dynamodb:ConditionCheckItem",
          "dynamodb:DeleteItem",
          "dynamodb:GetItem",
          "dynamodb:PutItem",
          "dynamodb:Query",
          "dynamodb:UpdateItem",
        ]
        Resource = flatten([for arn in local.permissions.Table.resources : [arn, "${arn}/index/*"]])
      },
      {
        Sid    = "Messages"
        Effect = "Allow"
        Action = [
          "sqs:ChangeMessageVisibility",
          "sqs:DeleteMessage",
          "sqs:GetQueueAttributes",
          "sqs:ReceiveMessage",
          "sqs:SendMessage",
        ]
        Resource = local.permissions.Queues.resources
      },
      {
        Sid      = "AuditTrail"
        Effect   = "Allow"
        Action   = "s3:PutObject"
        Resource = "${local.audit_bucket_arn}/*"
      },
      {
        Sid      = "Logs"
        Effect   = "Allow"
        Action   = ["logs:CreateLogStream", "logs:PutLogEvents"]
        Resource = "${local.regional.logs}:log-group:/aws/lambda/bbws-*-${var.environment}:*"
      },
      {
        # X-Ray has no resources to name.
        Sid      = "Traces"
        Effect   = "Allow"
        Action   = ["xray:PutTelemetryRecords", "xray:PutTraceSegments"]
        Resource = "*"
      },
      {
        Sid    = "Copies"
        Effect = "Allow"
        Action = [
          "dynamodb:CreateBackup",
          "dynamodb:DeleteBackup",
          "dynamodb:DescribeBackup",
          "dynamodb:DescribeTable",
          "dynamodb:ListTagsOfResource",
          "dynamodb:StartAwsBackupJob",
        ]
        Resource = flatten([for arn in local.permissions.Table.resources : [arn, "${arn}/backup/*"]])
      },
      {
        Sid      = "CopiesInTheVault"
        Effect   = "Allow"
        Action   = ["backup:CopyIntoBackupVault", "backup:DescribeBackupVault"]
        Resource = "${local.regional.backup}:backup-vault:bbws-product-${var.environment}"
      },
      {
        Sid      = "OwnKeys"
        Effect   = "Allow"
        Action   = ["kms:CreateGrant", "kms:Decrypt", "kms:DescribeKey", "kms:GenerateDataKey"]
        Resource = local.key_arns
      },
      {
        # Table and queues are encrypted with keys that AWS looks after; they serve whoever may use table and queues.
        Sid      = "KeysOfAws"
        Effect   = "Allow"
        Action   = ["kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey"]
        Resource = local.permissions.KeysOfAws.resources
        Condition = {
          StringEquals = { "kms:ViaService" = [for service in ["dynamodb", "s3", "sqs"] : "${service}.${var.region}.amazonaws.com"] }
        }
      },
    ]
  }
}

resource "aws_iam_policy" "boundary" {
  #policies:skip=aws_iam_policy.boundary parliament RESOURCE_MISMATCH *: Services are named whole for lack of room, which grants nothing where no resource fits; policy_sentry judges the actions that are named.
  #policies:skip=aws_iam_policy.boundary parliament RESOURCE_STAR cloudwatch:DescribeAlarms: Whoever asks by a prefix asks for all alarms.
  #policies:skip=aws_iam_policy.boundary parliament RESOURCE_POLICY_PRIVILEGE_ESCALATION *product-audit-logs*: What the policies grant of the audit bucket says the same below.

  for_each = local.boundaries

  name        = each.value
  description = each.key == "runtime" ? "The most that roles made by deployments may do" : "The most that workflows may do"
  policy      = jsonencode({ Version = "2012-10-17", Statement = local.boundary_statements[each.key] })
}
