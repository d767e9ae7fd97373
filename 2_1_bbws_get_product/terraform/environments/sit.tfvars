environment        = "sit"
account_id         = "815856636111"
region             = "eu-west-1"
log_retention_days = 180
timeout_seconds    = 30
tracing            = true
