environment        = "prod"
account_id         = "093646564004"
region             = "af-south-1"
log_retention_days = 365
timeout_seconds    = 30
tracing            = true
