# What deployments look at (plan and deploy) and change (deploy alone), resource by resource.
#
# Each action is spelled out. Which actions know which resources is in AWS's Service Authorization Reference.

locals {
  # Whatever else runs in the account bears Project = BBWS as well.
  own_tags = { Component = "product-infrastructure", Environment = var.environment }

  # Each by its name: others' functions and roles begin with bbws-, too.
  function_arns = { for name in local.functions : name => "${local.regional.lambda}:function:bbws-${name}-${var.environment}" }
  role_arns     = [for name in concat(local.functions, ["product-backup"]) : "${local.iam_prefix}:role/bbws-${name}-${var.environment}"]
  gateway_arn   = "arn:aws:apigateway:${var.region}::"

  log_groups = concat(
    [for name in local.functions : "/aws/lambda/bbws-${name}-${var.environment}"],
    ["/aws/apigateway/bbws-product-api-${var.environment}", "aws-waf-logs-bbws-product-api-${var.environment}"],
  )

  permissions = {
    Api = {
      # API Gateway names its resources by ids of its own making.
      resources = [
        for path in ["apikeys*", "domainnames*", "restapis*", "tags/*", "usageplans*"] :
        "${local.gateway_arn}/${path}"
      ]
      read  = ["apigateway:GET"]
      write = ["apigateway:DELETE", "apigateway:PATCH", "apigateway:POST", "apigateway:PUT"]
    }

    Firewall = {
      resources = [
        "${local.regional.wafv2}:regional/webacl/bbws-product-api-${var.environment}/*",
        "${local.regional.wafv2}:regional/managedruleset/*",
        "${local.gateway_arn}/restapis*",
      ]
      read = ["wafv2:GetLoggingConfiguration", "wafv2:GetWebACL", "wafv2:GetWebACLForResource", "wafv2:ListTagsForResource"]
      write = [
        "apigateway:SetWebACL",
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

    # Its objects are the audit logger's alone.
    AuditBucket = {
      resources = [local.audit_bucket_arn]
      read = [
        "s3:GetAccelerateConfiguration",
        "s3:GetBucketAcl",
        "s3:GetBucketCORS",
        "s3:GetBucketLocation",
        "s3:GetBucketLogging",
        "s3:GetBucketObjectLockConfiguration",
        "s3:GetBucketPolicy",
        "s3:GetBucketPublicAccessBlock",
        "s3:GetBucketRequestPayment",
        "s3:GetBucketTagging",
        "s3:GetBucketVersioning",
        "s3:GetBucketWebsite",
        "s3:GetEncryptionConfiguration",
        "s3:GetLifecycleConfiguration",
        "s3:GetReplicationConfiguration",
        "s3:ListBucket",
      ]
      write = [
        "s3:CreateBucket",
        "s3:DeleteBucket",
        "s3:DeleteBucketPolicy",
        "s3:PutBucketObjectLockConfiguration",
        "s3:PutBucketPolicy",
        "s3:PutBucketPublicAccessBlock",
        "s3:PutBucketTagging",
        "s3:PutBucketVersioning",
        "s3:PutEncryptionConfiguration",
        "s3:PutLifecycleConfiguration",
      ]
    }

    Keys = {
      # A key's id is AWS's choice: its tags say whose it is.
      resources = ["${local.regional.kms}:key/*"]
      condition = { StringEquals = { for name, value in local.own_tags : "aws:ResourceTag/${name}" => value } }
      read      = ["kms:DescribeKey", "kms:GetKeyPolicy", "kms:GetKeyRotationStatus", "kms:ListResourceTags"]
      write = [
        "kms:CreateAlias",
        "kms:CreateGrant",
        "kms:Decrypt",
        "kms:DeleteAlias",
        "kms:DisableKeyRotation",
        "kms:EnableKeyRotation",
        "kms:GenerateDataKey",
        "kms:PutKeyPolicy",
        "kms:RetireGrant",
        "kms:ScheduleKeyDeletion",
        "kms:UntagResource",
        "kms:UpdateAlias",
        "kms:UpdateKeyDescription",
      ]
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

    NewKeys = {
      # It has no id yet.
      resources = ["*"]
      condition = {
        StringEquals         = { for name, value in local.own_tags : "aws:RequestTag/${name}" => value }
        StringEqualsIfExists = { for name, value in local.own_tags : "aws:ResourceTag/${name}" => value }
      }
      read  = []
      write = ["kms:CreateKey", "kms:TagResource"]
    }

    KeyNames = {
      resources = ["${local.regional.kms}:alias/bbws-product-*"]
      read      = []
      write     = ["kms:CreateAlias", "kms:DeleteAlias", "kms:UpdateAlias"]
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
      resources = ["*"]
      condition = {
        ArnLike = {
          # With its alias or without.
          "lambda:FunctionArn" = [for name in ["audit-logger", "product-creator"] : "${local.function_arns[name]}*"]
        }
      }
      read  = ["lambda:GetEventSourceMapping"]
      write = ["lambda:CreateEventSourceMapping", "lambda:DeleteEventSourceMapping", "lambda:UpdateEventSourceMapping"]
    }

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
      condition = { StringEquals = { "iam:PermissionsBoundary" = local.boundary_arns.runtime } }
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

    Backups = {
      # A plan's id is AWS's choice.
      resources = ["${local.regional.backup}:backup-plan:*", "${local.regional.backup}:backup-vault:bbws-product-${var.environment}"]
      read      = ["backup:DescribeBackupVault", "backup:GetBackupPlan", "backup:GetBackupSelection", "backup:ListRecoveryPointsByBackupVault", "backup:ListTags"]
      write = [
        "backup:CreateBackupPlan",
        "backup:CreateBackupSelection",
        "backup:CreateBackupVault",
        "backup:DeleteBackupPlan",
        "backup:DeleteBackupSelection",
        "backup:DeleteBackupVault",
        "backup:TagResource",
        "backup:UntagResource",
        "backup:UpdateBackupPlan",
      ]
    }

    AlertTopic = {
      resources = ["${local.regional.sns}:bbws-product-*-${var.environment}"]
      read      = ["sns:GetTopicAttributes", "sns:ListSubscriptionsByTopic", "sns:ListTagsForResource"]
      write     = ["sns:CreateTopic", "sns:DeleteTopic", "sns:SetTopicAttributes", "sns:Subscribe", "sns:TagResource", "sns:UntagResource"]
    }

    Alarms = {
      resources = [
        "${local.regional.cloudwatch}:alarm:bbws-*-${var.environment}-*",
        # Dashboards have no region.
        "arn:aws:cloudwatch::${var.account_id}:dashboard/bbws-products-${var.environment}",
      ]
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

    Certificates = {
      # The certificate of the API's own domain, made by whoever owns the domain.
      resources = ["${local.regional.acm}:certificate/*"]
      read      = ["acm:DescribeCertificate"]
      write     = []
    }

    # AWS offers no resource for these, or none but all of the account's.
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

  domain_permissions = var.hosted_zone_id == null ? {} : {
    Domain = {
      resources = ["arn:aws:route53:::hostedzone/${var.hosted_zone_id}", "arn:aws:route53:::change/*"]
      read      = ["route53:GetChange", "route53:GetHostedZone", "route53:ListResourceRecordSets", "route53:ListTagsForResource"]
      write     = ["route53:ChangeResourceRecordSets"]
    }
  }
}
