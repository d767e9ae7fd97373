environment       = "prod"
account_id        = "093646564004"
region            = "af-south-1"
require_tls       = true
audit_object_lock = { mode = "COMPLIANCE", years = 7 }
