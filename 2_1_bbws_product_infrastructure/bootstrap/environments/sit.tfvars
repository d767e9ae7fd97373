environment       = "sit"
account_id        = "815856636111"
region            = "eu-west-1"
require_tls       = true
audit_object_lock = { mode = "GOVERNANCE", days = 1 }
