environment       = "dev"
account_id        = "536580886816"
region            = "eu-west-1"
require_tls       = true
audit_object_lock = null
