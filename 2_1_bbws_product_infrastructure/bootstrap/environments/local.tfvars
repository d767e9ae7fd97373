environment       = "local"
account_id        = "000000000000"
region            = "eu-west-1"
require_tls       = false
audit_object_lock = null

# Made up, for rehearsals.
break_glass_users = ["arn:aws:iam::000000000000:user/the-owner"]
github = {
  owner    = "example"
  owner_id = 1000
  repositories = {
    "2_1_bbws_get_product"            = 2001
    "2_1_bbws_product_infrastructure" = 2002
    "the-whole-tree"                  = 2003
  }
}
