environment                      = "prod"
account_id                       = "093646564004"
region                           = "af-south-1"
allowed_origins                  = ["https://portal.bbws.example"]
api_key_numbers                  = {}
queue_visibility_timeout_seconds = 180
deletion_protection              = true
require_tls                      = true
tracing                          = true
access_logs                      = true
firewall                         = true
log_retention_days               = 365
backup = {
  hourly = { schedule = "cron(0 * * * ? *)", keep_days = 2 }
  daily  = { schedule = "cron(0 1 * * ? *)", keep_days = 90 }
}
