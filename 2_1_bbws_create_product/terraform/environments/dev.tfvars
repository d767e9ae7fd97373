environment        = "dev"
account_id         = "536580886816"
region             = "eu-west-1"
log_retention_days = 90
timeout_seconds    = 30
tracing            = true
