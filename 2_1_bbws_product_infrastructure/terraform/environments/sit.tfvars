environment                      = "sit"
account_id                       = "815856636111"
region                           = "eu-west-1"
allowed_origins                  = ["https://portal.sit.bbws.example"]
queue_visibility_timeout_seconds = 180
audit_object_lock                = { mode = "GOVERNANCE", days = 1 }
deletion_protection              = true
require_tls                      = true
tracing                          = true
