# What differs between environments (environments/{env}.tfvars), and the API's clients.

variable "environment" {
  description = "Which environment this is; part of every name."
  type        = string

  validation {
    condition     = contains(["local", "dev", "sit", "prod"], var.environment)
    error_message = "environment must be local, dev, sit or prod."
  }
}

variable "account_id" {
  description = "The only AWS account in which Terraform may act."
  type        = string

  validation {
    condition = var.account_id == lookup({
      local = "000000000000"
      dev   = "536580886816"
      sit   = "815856636111"
      prod  = "093646564004"
    }, var.environment, "")
    error_message = "account_id must be the environment's: 000000000000 in local, 536580886816 in dev, 815856636111 in sit, 093646564004 in prod."
  }
}

variable "region" {
  description = "The AWS region of everything."
  type        = string

  validation {
    condition     = var.region == (var.environment == "prod" ? "af-south-1" : "eu-west-1")
    error_message = "region must be af-south-1 in prod and eu-west-1 elsewhere."
  }
}

variable "allowed_origins" {
  description = "Web origins whose pages may call the API (CORS). Answers that can't choose name the first one."
  type        = list(string)

  validation {
    condition     = length(var.allowed_origins) > 0
    error_message = "allowed_origins must name at least one origin."
  }

  validation {
    condition = alltrue([
      for origin in var.allowed_origins : can(regex("^(\\*|https?://[A-Za-z0-9.-]+(:[0-9]+)?)$", origin))
    ])
    error_message = "An allowed origin is * or scheme://host or scheme://host:port, without a path."
  }

  validation {
    condition     = !contains(var.allowed_origins, "*") || (length(var.allowed_origins) == 1 && var.environment != "prod")
    error_message = "The origin * stands alone, and never in prod."
  }

  validation {
    condition     = var.environment == "local" || !anytrue([for origin in var.allowed_origins : startswith(origin, "http:")])
    error_message = "Outside local an allowed origin must be https."
  }
}

variable "api_clients" {
  description = "Who may call the API, by client name: its role, its rate in requests a second and the burst on top of it."
  type = map(object({
    role                = string
    requests_per_second = number
    burst               = number
  }))
  default = {
    storefront = { role = "reader", requests_per_second = 100, burst = 200 }
    admin      = { role = "writer", requests_per_second = 50, burst = 100 }
  }

  validation {
    condition     = alltrue([for name in keys(var.api_clients) : can(regex("^[a-z][a-z0-9-]{1,31}$", name))])
    error_message = "A client's name has 2 to 32 lower-case letters, digits and hyphens and starts with a letter."
  }

  validation {
    condition     = alltrue([for client in values(var.api_clients) : contains(["reader", "writer"], client.role)])
    error_message = "A client's role must be reader or writer."
  }

  validation {
    condition = alltrue([
      for client in values(var.api_clients) :
      client.requests_per_second >= 1 && client.burst >= 1 && floor(client.burst) == client.burst
    ])
    error_message = "A client's requests_per_second and burst must be at least 1, its burst a whole number."
  }
}

variable "api_key_numbers" {
  description = "Numbers of a client's valid API keys, where it isn't key 1 alone: one, or two while its key is rotated. Its secret holds the first."
  type        = map(list(number))
  default     = {}

  validation {
    condition     = length(setsubtract(keys(var.api_key_numbers), keys(var.api_clients))) == 0
    error_message = "api_key_numbers names a client that isn't in api_clients."
  }

  validation {
    condition = alltrue([
      for numbers in values(var.api_key_numbers) :
      contains([1, 2], length(numbers)) && alltrue([for number in numbers : number >= 1 && floor(number) == number])
    ])
    error_message = "api_key_numbers must hold one or two whole numbers from 1 for each client that it names."
  }

  validation {
    condition     = alltrue([for numbers in values(var.api_key_numbers) : length(numbers) != 2 || try(abs(numbers[0] - numbers[1]), 0) == 1])
    error_message = "Two numbers in api_key_numbers must follow each other, such as [1, 2] or [2, 1]."
  }
}

variable "api_key_values" {
  description = "Given values of API keys, for a gateway that can't make its own: by client name for key 1, by {client}/{number} for others. API Gateway makes those that are missing."
  type        = map(string)
  default     = {}
  sensitive   = true

  validation {
    condition     = alltrue([for name in keys(var.api_key_values) : contains(keys(var.api_clients), split("/", name)[0])])
    error_message = "api_key_values names a client that isn't in api_clients."
  }

  validation {
    condition     = alltrue([for value in values(var.api_key_values) : length(value) >= 20 && length(value) <= 128])
    error_message = "An API key value must have 20 to 128 characters."
  }

  validation {
    condition = var.environment != "local" || alltrue(flatten([
      for client in keys(var.api_clients) : [
        for number in lookup(var.api_key_numbers, client, [1]) :
        contains(keys(var.api_key_values), number == 1 ? client : "${client}/${number}")
      ]
    ]))
    error_message = "In local every key of every client needs a value in api_key_values."
  }
}

variable "queue_visibility_timeout_seconds" {
  description = "How long a received message stays hidden, in seconds: six times the functions' timeout (local: shorter)."
  type        = number

  validation {
    condition = (
      var.queue_visibility_timeout_seconds >= (var.environment == "local" ? 5 : 180) &&
      var.queue_visibility_timeout_seconds <= 43200
    )
    error_message = "queue_visibility_timeout_seconds must be at least 180, in local at least 5, and at most 43200."
  }
}

variable "deletion_protection" {
  description = "Whether what holds data refuses to be deleted."
  type        = bool

  validation {
    condition     = var.deletion_protection || contains(["local", "dev"], var.environment)
    error_message = "deletion_protection must be on in sit and prod."
  }
}

variable "require_tls" {
  description = "Whether bucket, queues and topic refuse callers without TLS."
  type        = bool

  validation {
    condition     = var.require_tls == (var.environment != "local")
    error_message = "require_tls must be on everywhere but in local, whose callers speak plain HTTP."
  }
}

variable "tracing" {
  description = "Whether the API's stage sends traces to X-Ray."
  type        = bool

  validation {
    condition     = var.tracing || var.environment == "local"
    error_message = "tracing must be on everywhere but in local."
  }
}

variable "access_logs" {
  description = "Whether the API's stage logs each request. API Gateway's logging role of the account must be there."
  type        = bool

  validation {
    condition     = var.access_logs || var.environment == "local"
    error_message = "access_logs must be on everywhere but in local."
  }
}

variable "firewall" {
  description = "Whether AWS WAF stands in front of the API's stage."
  type        = bool

  validation {
    condition     = var.firewall || var.environment == "local"
    error_message = "firewall must be on everywhere but in local."
  }
}

variable "log_retention_days" {
  description = "How long CloudWatch keeps the logs of the API and its firewall, in days."
  type        = number

  validation {
    condition     = contains([1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731], var.log_retention_days)
    error_message = "log_retention_days must be a period that CloudWatch offers, from 1 to 731."
  }
}

variable "backup" {
  description = "When AWS Backup copies the table (a cron expression, UTC) and for how many days it keeps a copy, by the name of the rule. Where two rules meet it makes one copy, and keeps that as long as either says. No rule makes no copies."
  type = map(object({
    schedule  = string
    keep_days = number
  }))

  validation {
    condition     = alltrue([for rule in values(var.backup) : can(regex("^cron\\([^()]+\\)$", rule.schedule))])
    error_message = "backup.schedule must be a cron expression, such as cron(0 1 * * ? *)."
  }

  validation {
    condition     = alltrue([for rule in values(var.backup) : rule.keep_days >= 1 && floor(rule.keep_days) == rule.keep_days])
    error_message = "backup.keep_days must be a whole number from 1."
  }

  validation {
    condition     = alltrue([for name in keys(var.backup) : can(regex("^[A-Za-z0-9-]{1,50}$", name))])
    error_message = "The rules of backup must have names of 1 to 50 letters, digits and hyphens."
  }

  validation {
    condition     = length(var.backup) > 0 || var.environment == "local"
    error_message = "backup must have a rule outside local."
  }
}

variable "table_name" {
  description = "Name of the product table, where it isn't bbws-products-{environment}: that of a restored table, which is there and is imported."
  type        = string
  default     = null

  validation {
    condition = var.table_name == null ? true : (
      can(regex("^bbws-products-${var.environment}(-[A-Za-z0-9_.-]+)?$", var.table_name)) && length(var.table_name) <= 255
    )
    error_message = "table_name must be bbws-products-{environment}, or that and a suffix after a hyphen; 255 characters at most."
  }
}

variable "alert_emails" {
  description = "Who gets the alarms by email. AWS asks each address to confirm."
  type        = set(string)
  default     = []

  validation {
    condition     = alltrue([for address in var.alert_emails : can(regex("^[^@\\s]+@[^@\\s]+\\.[^@\\s]+$", address))])
    error_message = "An address in alert_emails has the form name@domain."
  }
}

variable "runbooks" {
  description = "Where the runbooks are that alarms and dashboard link: an address or a folder, without a slash at its end."
  type        = string
  default     = "documentation/runbooks"

  validation {
    condition     = can(regex("^\\S*[^/\\s]$", var.runbooks))
    error_message = "runbooks must be an address or a folder, without white space and without a slash at its end."
  }
}

variable "domain" {
  description = "A domain name of the API's own: its ACM certificate, and the Route 53 zone that gets its record (null: the name is served elsewhere)."
  type = object({
    name            = string
    certificate_arn = string
    zone_id         = optional(string)
  })
  default = null

  validation {
    condition     = var.domain == null ? true : can(regex("^([a-z0-9]([a-z0-9-]*[a-z0-9])?\\.)+[a-z]{2,}$", var.domain.name))
    error_message = "domain.name must be a domain name in lower case, such as api.example.com."
  }

  validation {
    condition     = var.domain == null ? true : startswith(var.domain.certificate_arn, "arn:aws:acm:${var.region}:${var.account_id}:certificate/")
    error_message = "domain.certificate_arn must be a certificate of this account and region."
  }
}

variable "disable_execute_api_endpoint" {
  description = "Whether the API answers at its domain alone, and no longer at its AWS address. Null: in prod, where it has a domain."
  type        = bool
  default     = null

  validation {
    condition     = var.disable_execute_api_endpoint == null ? true : !var.disable_execute_api_endpoint || var.domain != null
    error_message = "disable_execute_api_endpoint needs a domain: without one the API would answer nowhere."
  }
}
