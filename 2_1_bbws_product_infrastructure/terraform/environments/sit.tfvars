environment                      = "sit"
account_id                       = "815856636111"
region                           = "eu-west-1"
allowed_origins                  = ["https://portal.sit.bbws.example"]
api_key_numbers                  = {}
queue_visibility_timeout_seconds = 180
deletion_protection              = true
require_tls                      = true
tracing                          = true
access_logs                      = true
firewall                         = true
log_retention_days               = 180
backup                           = { daily = { schedule = "cron(0 1 * * ? *)", keep_days = 14 } }
