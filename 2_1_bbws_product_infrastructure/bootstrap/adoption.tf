# What a run that broke off made without noting it, or a deployment of former times; and the bucket of the states, which has
# to be there before there is a state.

import {
  for_each = contains(var.found, local.state_bucket_name) ? [local.state_bucket_name] : []

  to = aws_s3_bucket.state
  id = each.value
}

import {
  for_each = contains(var.found, local.audit_bucket_name) ? [local.audit_bucket_name] : []

  to = aws_s3_bucket.audit
  id = each.value
}

# A key's id is known by its alias alone.
data "aws_kms_alias" "found" {
  for_each = { for key, name in local.key_aliases : key => name if contains(var.found, name) }

  name = each.value
}

import {
  for_each = data.aws_kms_alias.found

  to = aws_kms_key.service[each.key]
  id = each.value.target_key_id
}

import {
  for_each = data.aws_kms_alias.found

  to = aws_kms_alias.service[each.key]
  id = each.value.name
}

import {
  for_each = { for boundary, name in local.boundaries : boundary => name if contains(var.found, name) }

  to = aws_iam_policy.boundary[each.key]
  id = "${local.iam_prefix}:policy/${each.value}"
}

import {
  for_each = { for policy in keys(local.workflow_policies) : policy => "bbws-product-${policy}-${var.environment}" if contains(var.found, "bbws-product-${policy}-${var.environment}") }

  to = aws_iam_policy.workflow[each.key]
  id = "${local.iam_prefix}:policy/${each.value}"
}

import {
  for_each = { for role, name in local.workflow_roles : role => name if contains(var.found, name) }

  to = aws_iam_role.workflow[each.key]
  id = each.value
}

import {
  for_each = contains(var.found, local.restore_role_name) ? [local.restore_role_name] : []

  to = aws_iam_role.restore
  id = each.value
}

import {
  for_each = contains(var.found, local.logging_role_name) && !contains(var.adopted, "logging_role") ? [local.logging_role_name] : []

  to = aws_iam_role.logging[0]
  id = each.value
}

import {
  for_each = contains(var.found, local.break_glass_role_name) && length(var.break_glass_users) > 0 ? [local.break_glass_role_name] : []

  to = aws_iam_role.break_glass[0]
  id = each.value
}

import {
  for_each = contains(var.found, local.oidc_host) ? [local.oidc_provider_arn] : []

  to = aws_iam_openid_connect_provider.github[0]
  id = each.value
}
