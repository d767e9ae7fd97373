environment                      = "dev"
account_id                       = "536580886816"
region                           = "eu-west-1"
allowed_origins                  = ["https://portal.dev.bbws.example"]
api_key_numbers                  = {}
queue_visibility_timeout_seconds = 180
deletion_protection              = false
require_tls                      = true
tracing                          = true
access_logs                      = true
firewall                         = true
log_retention_days               = 90
backup                           = { daily = { schedule = "cron(0 1 * * ? *)", keep_days = 7 } }
