# The product table: heads, change records, done markers and name claims, and the indexes that listings read.

locals {
  # The key's attribute prefix of each index. An index is named for what it sorts by. Listings no longer read the one by
  # price alone: it goes once nothing that does is to be gone back to (documentation/runbooks/moving-to-another-index.md).
  product_indexes = {
    ProductsByPriceIndex            = "GSI1"
    ProductsByNameIndex             = "GSI2"
    ProductsByCreatedIndex          = "GSI3"
    ProductsByCurrencyAndPriceIndex = "GSI4"
  }

  # What a listing returns of a product; an index projects this and no more.
  listed_attributes = [
    "productId",
    "name",
    "description",
    "price",
    "currency",
    "billingCycle",
    "features",
    "active",
    "version",
    "dateCreated",
    "dateLastUpdated",
    "lastUpdatedBy",
  ]

  key_attributes = concat(
    ["PK", "SK"],
    flatten([for prefix in values(local.product_indexes) : ["${prefix}_PK", "${prefix}_SK"]]),
  )
}

# A restored table is there before Terraform knows of it.
import {
  for_each = toset(compact([var.table_name]))

  to = aws_dynamodb_table.products
  id = each.value
}

resource "aws_dynamodb_table" "products" {
  #checkov:skip=CKV_AWS_119:The catalogue is what the shop shows everyone; AWS's own key in KMS encrypts it, and can't be lost with the data.

  name                        = local.table_name
  billing_mode                = "PAY_PER_REQUEST"
  hash_key                    = "PK"
  range_key                   = "SK"
  deletion_protection_enabled = var.deletion_protection

  dynamic "attribute" {
    for_each = toset(local.key_attributes)

    content {
      name = attribute.value
      type = "S"
    }
  }

  dynamic "global_secondary_index" {
    for_each = local.product_indexes

    content {
      name               = global_secondary_index.key
      hash_key           = "${global_secondary_index.value}_PK"
      range_key          = "${global_secondary_index.value}_SK"
      projection_type    = "INCLUDE"
      non_key_attributes = local.listed_attributes
    }
  }

  ttl {
    attribute_name = "expiresAt"
    enabled        = true
  }

  point_in_time_recovery {
    enabled = true
  }

  server_side_encryption {
    enabled = true
  }
}
