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
    condition     = can(regex("^[0-9]{12}$", var.account_id))
    error_message = "account_id must have 12 digits."
  }

  validation {
    condition     = (var.account_id == "000000000000") == (var.environment == "local")
    error_message = "account_id must be 000000000000 in local, and nowhere else."
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

variable "api_key_values" {
  description = "Given key values by client name, for a gateway that can't make its own. API Gateway makes those that are missing."
  type        = map(string)
  default     = {}
  sensitive   = true

  validation {
    condition     = length(setsubtract(keys(var.api_key_values), keys(var.api_clients))) == 0
    error_message = "api_key_values names a client that isn't in api_clients."
  }

  validation {
    condition     = alltrue([for value in values(var.api_key_values) : length(value) >= 20 && length(value) <= 128])
    error_message = "An API key value must have 20 to 128 characters."
  }

  validation {
    condition     = var.environment != "local" || length(var.api_key_values) == length(var.api_clients)
    error_message = "In local every client needs a value in api_key_values."
  }
}

variable "queue_visibility_timeout_seconds" {
  description = "How long a received message stays hidden, in seconds: six times the functions' timeout (local: shorter)."
  type        = number

  validation {
    condition     = var.queue_visibility_timeout_seconds >= (var.environment == "local" ? 5 : 180)
    error_message = "queue_visibility_timeout_seconds must be at least 180, in local at least 5."
  }
}

variable "audit_object_lock" {
  description = "Default retention of audit objects: mode GOVERNANCE or COMPLIANCE, and days or years. Null keeps the bucket without object lock."
  type = object({
    mode  = string
    days  = optional(number)
    years = optional(number)
  })

  validation {
    condition     = var.audit_object_lock == null ? true : contains(["GOVERNANCE", "COMPLIANCE"], var.audit_object_lock.mode)
    error_message = "audit_object_lock.mode must be GOVERNANCE or COMPLIANCE."
  }

  validation {
    condition     = var.audit_object_lock == null ? true : (var.audit_object_lock.days == null) != (var.audit_object_lock.years == null)
    error_message = "audit_object_lock needs either days or years."
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
}
