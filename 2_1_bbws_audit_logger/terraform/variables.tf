# What differs between environments (environments/{env}.tfvars), between functions (function.auto.tfvars.json) and
# between packages (scripts/deploy.py).

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

variable "log_retention_days" {
  description = "How long CloudWatch keeps the function's logs, in days."
  type        = number

  validation {
    condition     = contains([1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731], var.log_retention_days)
    error_message = "log_retention_days must be a period that CloudWatch offers, from 1 to 731."
  }

  validation {
    condition     = var.log_retention_days >= lookup({ dev = 90, sit = 180, prod = 365 }, var.environment, 1)
    error_message = "log_retention_days must be at least 90 in dev, 180 in sit and 365 in prod."
  }
}

variable "timeout_seconds" {
  description = "After how many seconds Lambda stops an invocation; a request has at least 15."
  type        = number

  validation {
    condition     = var.timeout_seconds >= 1 && var.timeout_seconds <= 30
    error_message = "timeout_seconds must be 1 to 30."
  }
}

variable "tracing" {
  description = "Whether the function sends traces to X-Ray."
  type        = bool

  validation {
    condition     = var.tracing || var.environment == "local"
    error_message = "tracing must be on everywhere but in local."
  }
}

variable "function_name" {
  description = "Name of the function, without project and environment."
  type        = string

  validation {
    condition     = can(regex("^[a-z]+(-[a-z]+)*$", var.function_name))
    error_message = "function_name must be lower-case words joined by hyphens."
  }
}

variable "description" {
  description = "What the function does, in one line."
  type        = string

  # Lambda takes 256 characters, with what the package sends and reads.
  validation {
    condition     = length(var.description) > 0 && length(var.description) <= 150
    error_message = "description must have 1 to 150 characters."
  }
}

variable "memory_mb" {
  description = "Memory of the function, in MB."
  type        = number

  validation {
    condition     = var.memory_mb >= 128 && var.memory_mb <= 10240
    error_message = "memory_mb must be 128 to 10240."
  }
}

variable "duration_target_ms" {
  description = "What 95 of 100 invocations are to stay within, in milliseconds; an alarm tells when they don't."
  type        = number

  validation {
    condition     = var.duration_target_ms >= 1 && var.duration_target_ms <= 30000
    error_message = "duration_target_ms must be 1 to 30000."
  }
}

variable "maximum_concurrency" {
  description = "How many batches a queue has the function take in at once; nothing to a function that no queue invokes."
  type        = number
  default     = 20

  validation {
    condition     = var.maximum_concurrency >= 2 && var.maximum_concurrency <= 1000 && floor(var.maximum_concurrency) == var.maximum_concurrency
    error_message = "maximum_concurrency must be a whole number from 2 to 1000."
  }
}

variable "architecture" {
  description = "Processor that the package was built for."
  type        = string
  default     = "arm64"

  validation {
    condition     = contains(["arm64", "x86_64"], var.architecture)
    error_message = "architecture must be arm64 or x86_64."
  }
}

# A published version keeps it in its description, from which other functions' releases and rollbacks read it.
variable "messages" {
  description = "Up to which version the package reads and sends each kind of message, such as \"reads change 1, sends record 1\"."
  type        = string
  default     = ""

  validation {
    condition     = can(regex("^((reads|sends) [a-z]+ [0-9]+(, |$))*$", var.messages)) && length(var.messages) <= 100
    error_message = "messages must be like \"reads change 1, sends record 1\", of at most 100 characters."
  }
}

# A variable, because validation doesn't read it: the package needn't be built for that.
variable "package_path" {
  description = "The function's zip, from this folder."
  type        = string
  default     = "../build/function.zip"

  validation {
    condition     = endswith(var.package_path, ".zip")
    error_message = "package_path must name a zip."
  }
}
