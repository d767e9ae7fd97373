environment         = "local"
account_id          = "000000000000"
region              = "eu-west-1"
log_retention_days  = 1
timeout_seconds     = 5
tracing             = false
maximum_concurrency = 5
