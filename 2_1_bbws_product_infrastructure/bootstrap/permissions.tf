# What deployments look at (plan and deploy) and change (deploy alone), resource by resource.
#
# Each action is spelled out. Which actions know which resources is in AWS's Service Authorization Reference.

locals {
  # Whatever else runs in the account bears Project = BBWS as well. Deployments make things with these tags, and can put
  # them on nothing that doesn't have them.
  own_tags = { Component = "product-infrastructure", Environment = var.environment }

  # Each by its name: others' functions, roles and alarms begin with bbws-, too.
  function_arns = { for name in local.functions : name => "${local.regional.lambda}:function:bbws-${name}-${var.environment}" }
  role_arns     = [for name in concat(local.functions, ["product-backup"]) : "${local.iam_prefix}:role/bbws-${name}-${var.environment}"]
  gateway_arn   = "arn:aws:apigateway:${var.region}::"
  gateway_kinds = ["apikeys", "domainnames", "restapis", "usageplans"]

  tagged_as_own       = { StringEquals = { for name, value in local.own_tags : "aws:ResourceTag/${name}" => value } }
  to_be_tagged_as_own = { StringEquals = { for name, value in local.own_tags : "aws:RequestTag/${name}" => value } }

  of_queue_functions = {
    ArnLike = {
      # With its alias or without.
      "lambda:FunctionArn" = [for name in ["audit-logger", "product-creator"] : "${local.function_arns[name]}*"]
    }
  }

  log_groups = concat(
    [for name in local.functions : "/aws/lambda/bbws-${name}-${var.environment}"],
    ["/aws/apigateway/bbws-product-api-${var.environment}", "aws-waf-logs-bbws-product-api-${var.environment}"],
  )

  permissions = {
    # API Gateway names its resources by ids of its own making: their tags say whose they are. What is below a REST API, a
    # usage plan or a domain name has that one's tags ("Tag inheritance" in API Gateway's guide), and so has a request about
    # a resource's tags.
    Api = {
      resources = [for path in concat(local.gateway_kinds, ["tags"]) : "${local.gateway_arn}/${path}/*"]
      condition = local.tagged_as_own
      read      = ["apigateway:GET"]
      write     = ["apigateway:DELETE", "apigateway:PATCH", "apigateway:POST", "apigateway:PUT", "apigateway:SetWebACL"]
    }

    NewApi = {
      resources = [for kind in local.gateway_kinds : "${local.gateway_arn}/${kind}"]
      condition = local.to_be_tagged_as_own
      read      = []
      write     = ["apigateway:POST"]
    }

    # For what it makes with tags API Gateway asks for this as well, with an asterisk for the id that isn't there yet. The
    # asterisk in braces is no wildcard, so that nothing that is there can be tagged.
    NewApiTags = {
      resources = [for kind in local.gateway_kinds : "${local.gateway_arn}/tags/${urlencode("${local.gateway_arn}/${kind}/")}$${*}"]
      read      = []
      write     = ["apigateway:PUT"]
    }

    # To find one's own by their names. Lists of keys could hold the keys themselves, so there is none of those.
    ApiLists = {
      resources = [for kind in ["restapis", "usageplans"] : "${local.gateway_arn}/${kind}"]
      read      = ["apigateway:GET"]
      write     = []
    }

    Firewall = {
      resources = [
        "${local.regional.wafv2}:regional/webacl/bbws-product-api-${var.environment}/*",
        "${local.regional.wafv2}:regional/managedruleset/*",
        "${local.gateway_arn}/restapis/*/stages/${var.environment}",
      ]
      read = ["wafv2:GetLoggingConfiguration", "wafv2:GetWebACL", "wafv2:GetWebACLForResource", "wafv2:ListTagsForResource"]
      write = [
        "wafv2:AssociateWebACL",
        "wafv2:CreateWebACL",
        "wafv2:DeleteLoggingConfiguration",
        "wafv2:DeleteWebACL",
        "wafv2:DisassociateWebACL",
        "wafv2:PutLoggingConfiguration",
        "wafv2:TagResource",
        "wafv2:UntagResource",
        "wafv2:UpdateWebACL",
      ]
    }

    Table = {
      resources = ["${local.regional.dynamodb}:table/bbws-products-${var.environment}", "${local.regional.dynamodb}:table/bbws-products-${var.environment}-*"]
      read = [
        "dynamodb:DescribeContinuousBackups",
        "dynamodb:DescribeTable",
        "dynamodb:DescribeTimeToLive",
        "dynamodb:ListTagsOfResource",
      ]
      write = [
        "dynamodb:CreateTable",
        "dynamodb:DeleteTable",
        "dynamodb:TagResource",
        "dynamodb:UntagResource",
        "dynamodb:UpdateContinuousBackups",
        "dynamodb:UpdateTable",
        "dynamodb:UpdateTimeToLive",
      ]
    }

    Queues = {
      resources = ["${local.regional.sqs}:bbws-product-*-${var.environment}"]
      read      = ["sqs:GetQueueAttributes", "sqs:GetQueueUrl", "sqs:ListQueueTags"]
      write     = ["sqs:CreateQueue", "sqs:DeleteQueue", "sqs:SetQueueAttributes", "sqs:TagQueue", "sqs:UntagQueue"]
    }

    # Its objects are the audit logger's alone, its settings the bootstrap's; a deployment looks whether all is as it
    # should be.
    AuditBucket = {
      resources = [local.audit_bucket_arn]
      read = [
        "s3:GetBucketObjectLockConfiguration",
        "s3:GetBucketPolicy",
        "s3:GetBucketPublicAccessBlock",
        "s3:GetBucketVersioning",
        "s3:GetEncryptionConfiguration",
        "s3:ListBucket",
      ]
      write = []
    }

    # bootstrap/ makes them. What a vault takes of its key is AWS Backup's to say: "Creating a backup vault".
    Keys = {
      resources = local.key_arns
      read      = ["kms:DescribeKey"]
      write     = ["kms:CreateGrant", "kms:Decrypt", "kms:GenerateDataKey", "kms:RetireGrant"]
    }

    # Table and secrets are encrypted with keys that AWS looks after; they serve whoever may use table and secrets.
    KeysOfAws = {
      resources = ["${local.regional.kms}:key/*"]
      condition = {
        StringEquals = { "kms:ViaService" = [for service in ["dynamodb", "secretsmanager"] : "${service}.${var.region}.amazonaws.com"] }
      }
      read  = ["kms:Decrypt", "kms:DescribeKey"]
      write = ["kms:CreateGrant", "kms:Encrypt", "kms:GenerateDataKey"]
    }

    ApiKeySecrets = {
      resources = ["${local.regional.secretsmanager}:secret:bbws/product-api/${var.environment}/*"]
      read      = ["secretsmanager:DescribeSecret", "secretsmanager:GetResourcePolicy", "secretsmanager:GetSecretValue"]
      write = [
        "secretsmanager:CreateSecret",
        "secretsmanager:DeleteSecret",
        "secretsmanager:PutSecretValue",
        "secretsmanager:RestoreSecret",
        "secretsmanager:TagResource",
        "secretsmanager:UntagResource",
        "secretsmanager:UpdateSecret",
        "secretsmanager:UpdateSecretVersionStage",
      ]
    }

    Functions = {
      resources = flatten([for arn in values(local.function_arns) : [arn, "${arn}:*"]])
      read = [
        "lambda:GetAlias",
        "lambda:GetFunction",
        "lambda:GetFunctionCodeSigningConfig",
        "lambda:GetFunctionConfiguration",
        "lambda:GetPolicy",
        "lambda:ListTags",
        "lambda:ListVersionsByFunction",
      ]
      write = [
        "lambda:AddPermission",
        "lambda:CreateAlias",
        "lambda:CreateFunction",
        "lambda:DeleteAlias",
        "lambda:DeleteFunction",
        "lambda:InvokeFunction",
        "lambda:PublishVersion",
        "lambda:RemovePermission",
        "lambda:TagResource",
        "lambda:UntagResource",
        "lambda:UpdateAlias",
        "lambda:UpdateFunctionCode",
        "lambda:UpdateFunctionConfiguration",
      ]
    }

    Triggers = {
      # An event source mapping has an id of Lambda's choice; the condition names the functions that queues feed.
      resources = ["${local.regional.lambda}:event-source-mapping:*"]
      condition = local.of_queue_functions
      read      = ["lambda:GetEventSourceMapping"]
      write     = ["lambda:DeleteEventSourceMapping", "lambda:UpdateEventSourceMapping"]
    }

    NewTriggers = {
      # It has no id yet.
      resources = ["*"]
      condition = local.of_queue_functions
      read      = []
      write     = ["lambda:CreateEventSourceMapping"]
    }

    # Neither is there a condition on the function for the tags of a mapping; nothing goes by those.
    TriggerTags = {
      resources = ["${local.regional.lambda}:event-source-mapping:*"]
      read      = ["lambda:ListTags"]
      write     = ["lambda:TagResource", "lambda:UntagResource"]
    }

    Roles = {
      resources = local.role_arns
      read = [
        "iam:GetRole",
        "iam:GetRolePolicy",
        "iam:ListAttachedRolePolicies",
        "iam:ListInstanceProfilesForRole",
        "iam:ListRolePolicies",
      ]
      write = [
        "iam:DeleteRole",
        "iam:TagRole",
        "iam:UntagRole",
        "iam:UpdateAssumeRolePolicy",
        "iam:UpdateRole",
        "iam:UpdateRoleDescription",
      ]
    }

    # What a role may do can be said only while it is under the boundary.
    RolesUnderTheBoundary = {
      resources = local.role_arns
      condition = { ArnEquals = { "iam:PermissionsBoundary" = local.boundary_arns.runtime } }
      read      = []
      write     = ["iam:CreateRole", "iam:DeleteRolePolicy", "iam:PutRolePermissionsBoundary", "iam:PutRolePolicy"]
    }

    RolesForServices = {
      resources = local.role_arns
      condition = { StringEquals = { "iam:PassedToService" = ["backup.amazonaws.com", "lambda.amazonaws.com"] } }
      read      = []
      write     = ["iam:PassRole"]
    }

    # AWS writes these roles itself; a service asks for its own when it is first used.
    RolesOfServices = {
      resources = ["${local.iam_prefix}:role/aws-service-role/*"]
      condition = {
        StringEquals = { "iam:AWSServiceName" = ["backup.amazonaws.com", "ops.apigateway.amazonaws.com", "wafv2.amazonaws.com"] }
      }
      read  = []
      write = ["iam:CreateServiceLinkedRole"]
    }

    BackupVault = {
      resources = ["${local.regional.backup}:backup-vault:bbws-product-${var.environment}"]
      read      = ["backup:DescribeBackupVault", "backup:ListRecoveryPointsByBackupVault", "backup:ListTags"]
      write     = ["backup:CreateBackupVault", "backup:DeleteBackupVault", "backup:TagResource", "backup:UntagResource"]
    }

    # A plan's id is AWS's choice, too.
    BackupPlans = {
      resources = ["${local.regional.backup}:backup-plan:*"]
      condition = local.tagged_as_own
      read      = ["backup:GetBackupPlan", "backup:GetBackupSelection", "backup:ListTags"]
      write = [
        "backup:CreateBackupSelection",
        "backup:DeleteBackupPlan",
        "backup:DeleteBackupSelection",
        "backup:TagResource",
        "backup:UntagResource",
        "backup:UpdateBackupPlan",
      ]
    }

    NewBackupPlans = {
      resources = ["${local.regional.backup}:backup-plan:*"]
      condition = local.to_be_tagged_as_own
      read      = []
      write     = ["backup:CreateBackupPlan"]
    }

    AlertTopic = {
      resources = ["${local.regional.sns}:bbws-product-*-${var.environment}"]
      read      = ["sns:GetTopicAttributes", "sns:ListSubscriptionsByTopic", "sns:ListTagsForResource"]
      write     = ["sns:CreateTopic", "sns:DeleteTopic", "sns:SetTopicAttributes", "sns:Subscribe", "sns:TagResource", "sns:UntagResource"]
    }

    Alarms = {
      resources = concat(
        [for name in concat(local.functions, ["product*"]) : "${local.regional.cloudwatch}:alarm:bbws-${name}-${var.environment}-*"],
        # Dashboards have no region.
        ["arn:aws:cloudwatch::${var.account_id}:dashboard/bbws-products-${var.environment}"],
      )
      read  = ["cloudwatch:GetDashboard", "cloudwatch:ListTagsForResource"]
      write = ["cloudwatch:DeleteAlarms", "cloudwatch:DeleteDashboards", "cloudwatch:PutDashboard", "cloudwatch:PutMetricAlarm", "cloudwatch:TagResource", "cloudwatch:UntagResource"]
    }

    LogGroups = {
      resources = flatten([for name in local.log_groups : ["${local.regional.logs}:log-group:${name}", "${local.regional.logs}:log-group:${name}:*"]])
      read      = ["logs:FilterLogEvents", "logs:ListTagsForResource"]
      write     = ["logs:CreateLogGroup", "logs:DeleteLogGroup", "logs:DeleteRetentionPolicy", "logs:PutRetentionPolicy", "logs:TagResource", "logs:UntagResource"]
    }

    States = {
      resources = ["${local.state_bucket_arn}/2_1_bbws_*/terraform.tfstate"]
      read      = ["s3:GetObject"]
      write     = ["s3:PutObject"]
    }

    # Planning locks the state as well, and leaves its plan for the deployment.
    LocksAndPlans = {
      resources = ["${local.state_bucket_arn}/2_1_bbws_*/terraform.tfstate.tflock", "${local.state_bucket_arn}/plans/*"]
      read      = ["s3:DeleteObject", "s3:GetObject", "s3:PutObject"]
      write     = []
    }

    Deployed = {
      resources = ["${local.state_bucket_arn}/deployed/*"]
      read      = ["s3:GetObject"]
      write     = ["s3:PutObject"]
    }

    StateBucket = {
      resources = [local.state_bucket_arn]
      read      = ["s3:GetBucketLocation", "s3:ListBucket"]
      write     = []
    }

    # AWS offers neither a resource nor a condition for these, and for describing alarms by a prefix none but all of the
    # account's.
    WithoutResource = {
      resources = ["*"]
      read = [
        "cloudwatch:DescribeAlarms",
        "kms:ListAliases",
        "logs:DescribeLogGroups",
        "logs:DescribeQueryDefinitions",
        "logs:DescribeResourcePolicies",
        "sns:GetSubscriptionAttributes",
      ]
      write = [
        "backup-storage:MountCapsule",
        # The firewall's log is a delivery.
        "logs:CreateLogDelivery",
        "logs:DeleteLogDelivery",
        "logs:DeleteQueryDefinition",
        "logs:PutQueryDefinition",
        "logs:PutResourcePolicy",
        "sns:SetSubscriptionAttributes",
        "sns:Unsubscribe",
      ]
    }
  }

  domain_permissions = merge(
    var.hosted_zone_id == null ? {} : {
      Domain = {
        resources = ["arn:aws:route53:::hostedzone/${var.hosted_zone_id}", "arn:aws:route53:::change/*"]
        read      = ["route53:GetChange", "route53:GetHostedZone", "route53:ListResourceRecordSets", "route53:ListTagsForResource"]
        write     = ["route53:ChangeResourceRecordSets"]
      }
    },
    var.certificate_arn == null ? {} : {
      Certificate = {
        resources = [var.certificate_arn]
        read      = ["acm:DescribeCertificate"]
        write     = []
      }
    },
  )
}
