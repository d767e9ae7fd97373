# The most that roles may ever do, whatever policies they get.
#
# `workflow` bounds the roles that workflows assume: this project's resources, and never these boundaries, those roles or
# whom they trust. `runtime` bounds the roles that deployments make, for functions and backups: what the running service
# does with data, and nothing of identities, secrets, states or settings.

locals {
  # A policy has room for 6,144 characters. So the boundary allows all of a service on this project's resources, and goes
  # action by action only where more could be done than with the resource itself. Permissions share a statement where
  # they may, as no two services share an ARN: without a condition, or under the same one.
  bounded_by_action = concat(local.permission_groups.states, ["Certificate", "Keys", "Roles"])
  # Here an action on one service's resource is another one's on others.
  bounded_alone = ["ApiLists", "NewApiTags", "WithoutResource"]
  bounded_by_resource = [
    for name, permission in local.granted : name
    if !contains(concat(local.bounded_alone, local.bounded_by_action), name) && !can(permission.condition)
  ]
  bounded_by_condition = {
    for name, permission in local.granted : jsonencode(permission.condition) => name... if can(permission.condition)
  }

  bounded_actions = { for name, permission in local.granted : name => concat(permission.read, permission.write) }

  # Nor has it room for each function's name wherever one is meant: here they are all alike, as far as their roles aren't
  # at stake, which are named at the end; nor for the region, or a log group apart from its streams. The policies name
  # them all.
  bounded_arns = {
    for name, permission in local.granted : name => contains(permission.resources, "*") ? ["*"] : distinct([
      for arn in permission.resources : replace(replace(replace(
        endswith(arn, ":*") && contains(permission.resources, trimsuffix(arn, ":*")) ? "${trimsuffix(arn, ":*")}*" : contains(permission.resources, "${arn}:*") ? "${arn}*" : arn,
        "/bbws-(${join("|", concat(local.functions, ["product-backup"]))})-/", "bbws-*-"),
        "/%2F(${join("|", local.gateway_kinds)})%2F/", "*"),
        ":${var.region}:", ":*:",
      )
    ])
  }

  boundary_statements = {
    workflow = concat(
      [
        {
          Sid      = "ResourcesOfThisProject"
          Effect   = "Allow"
          Action   = distinct([for action in flatten([for name in local.bounded_by_resource : local.bounded_actions[name]]) : "${split(":", action)[0]}:*"])
          Resource = distinct(flatten([for name in local.bounded_by_resource : local.bounded_arns[name]]))
        },
        {
          Sid      = "ActionByAction"
          Effect   = "Allow"
          Action   = distinct(flatten([for name in local.bounded_by_action : lookup(local.bounded_actions, name, [])]))
          Resource = distinct(flatten([for name in local.bounded_by_action : lookup(local.bounded_arns, name, [])]))
        },
      ],
      [
        for name in local.bounded_alone : {
          Sid      = name
          Effect   = "Allow"
          Action   = local.bounded_actions[name]
          Resource = local.bounded_arns[name]
        }
      ],
      [
        for condition, names in local.bounded_by_condition : {
          Effect    = "Allow"
          Action    = distinct([for action in flatten([for name in names : local.bounded_actions[name]]) : condition == jsonencode(local.tagged_as_own) ? "${split(":", action)[0]}:*" : action])
          Resource  = anytrue([for name in names : contains(local.bounded_arns[name], "*")]) ? ["*"] : distinct(flatten([for name in names : local.bounded_arns[name]]))
          Condition = jsondecode(condition)
        }
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
          Sid    = "NoHandOnTheAuditTrail"
          Effect = "Deny"
          # Nothing but looking.
          NotAction = ["s3:Get*", "s3:List*"]
          Resource  = [local.audit_bucket_arn, "${local.audit_bucket_arn}/*"]
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
        # What is there isn't written again.
        Sid       = "AuditTrail"
        Effect    = "Allow"
        Action    = "s3:PutObject"
        Resource  = "${local.audit_bucket_arn}/*"
        Condition = { Null = { "s3:if-none-match" = "false" } }
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
  #policies:skip=aws_iam_policy.boundary parliament RESOURCE_STAR lambda:*EventSourceMapping: They share a statement with the creation, which has no resource yet; the condition names the functions.
  #policies:skip=aws_iam_policy.boundary policy_sentry RESOURCE_MISMATCH apigateway:*: Its tables of these actions hold the resources of HTTP APIs alone; parliament's hold those of REST APIs.
  #policies:skip=aws_iam_policy.boundary parliament RESOURCE_STAR cloudwatch:DescribeAlarms: Whoever asks by a prefix asks for all alarms.

  for_each = local.boundaries

  name        = each.value
  description = each.key == "runtime" ? "The most that roles made by deployments may do" : "The most that workflows may do"
  policy      = jsonencode({ Version = "2012-10-17", Statement = local.boundary_statements[each.key] })
}
