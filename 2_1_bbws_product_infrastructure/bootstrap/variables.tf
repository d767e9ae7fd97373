# What differs between accounts (environments/{env}.tfvars), who deploys (github.auto.tfvars.json), and what an account
# held before (scripts/bootstrap.py finds out).

variable "environment" {
  description = "Which environment this account is for; part of every name. local serves for rehearsals."
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

variable "require_tls" {
  description = "Whether the buckets refuse callers without TLS."
  type        = bool

  validation {
    condition     = var.require_tls == (var.environment != "local")
    error_message = "require_tls must be on everywhere but in local, whose callers speak plain HTTP."
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

  validation {
    condition = var.audit_object_lock == null ? true : alltrue([
      for period in [var.audit_object_lock.days, var.audit_object_lock.years] :
      period == null ? true : period >= 1 && floor(period) == period
    ])
    error_message = "audit_object_lock's days or years must be a whole number from 1."
  }

  validation {
    condition     = var.audit_object_lock != null || contains(["local", "dev"], var.environment)
    error_message = "audit_object_lock must not be null in sit and prod."
  }

  # Nobody, not even the account's root, removes such an object before its time.
  validation {
    condition = var.audit_object_lock == null ? true : (
      (var.audit_object_lock.mode == "COMPLIANCE") == (var.environment == "prod")
    )
    error_message = "audit_object_lock.mode must be COMPLIANCE in prod, and nowhere else: that can't be undone."
  }

  validation {
    condition     = var.environment != "prod" || try(var.audit_object_lock.years >= 7, false)
    error_message = "audit_object_lock.years must be at least 7 in prod."
  }
}

variable "github" {
  description = "Whose workflows may deploy: the repositories' owner on GitHub and their ids there, by name. The ids outlive a name, which somebody else may take."
  type = object({
    owner        = string
    owner_id     = number
    repositories = map(number)
  })

  validation {
    condition     = can(regex("^[A-Za-z0-9]([A-Za-z0-9-]{0,37}[A-Za-z0-9])?$", var.github.owner))
    error_message = "github.owner must be one account's name on GitHub: letters, digits and single hyphens."
  }

  validation {
    condition     = length(var.github.repositories) > 0
    error_message = "github.repositories must name at least one repository."
  }

  validation {
    condition = length([
      for name in keys(var.github.repositories) : name if !contains(local.repositories, name)
    ]) <= 1
    error_message = "github.repositories must be those of the eight repositories, and the one that holds the whole tree if there is one."
  }

  validation {
    condition     = alltrue([for name in keys(var.github.repositories) : can(regex("^[A-Za-z0-9._-]{1,100}$", name))])
    error_message = "A repository's name in github.repositories has letters, digits, dots, hyphens and underscores, and no wildcard."
  }

  validation {
    condition = alltrue([
      for id in concat([var.github.owner_id], values(var.github.repositories)) : id >= 1 && floor(id) == id
    ])
    error_message = "The ids in github must be whole numbers from 1, as GitHub's API gives them."
  }
}

variable "break_glass_users" {
  description = "ARNs of the IAM users who may assume the break-glass role, with a second factor. Without any there is no such role."
  type        = set(string)
  default     = []

  # Sessions of roles don't say whether there was a second factor.
  validation {
    condition     = alltrue([for arn in var.break_glass_users : can(regex("^arn:aws:iam::[0-9]{12}:user/[A-Za-z0-9+=,.@_/-]+$", arn))])
    error_message = "break_glass_users must be ARNs of IAM users, without wildcards, such as arn:aws:iam::123456789012:user/the-owner."
  }
}

variable "hosted_zone_id" {
  description = "The Route 53 zone in which deployments may write the API's record, where the API has a domain of its own."
  type        = string
  default     = null

  validation {
    condition     = var.hosted_zone_id == null ? true : can(regex("^Z[A-Z0-9]{1,31}$", var.hosted_zone_id))
    error_message = "hosted_zone_id must be a zone's id, such as Z0123456789ABCDEFGHIJ."
  }
}

variable "certificate_arn" {
  description = "The certificate of the API's own domain, where it has one: deployments may look at it."
  type        = string
  default     = null

  validation {
    condition     = var.certificate_arn == null ? true : can(regex("^arn:aws:acm:${var.region}:${var.account_id}:certificate/[A-Za-z0-9-]+$", var.certificate_arn))
    error_message = "certificate_arn must be a certificate of this account and region."
  }
}

variable "adopted" {
  description = "What somebody else made in this account and region: used as it is, neither changed nor removed."
  type        = set(string)
  default     = []

  validation {
    condition     = length(setsubtract(var.adopted, ["oidc_provider", "logging_role"])) == 0
    error_message = "adopted may hold oidc_provider and logging_role."
  }
}

variable "found" {
  description = "Names of this root's that are there but not in its state: they are taken into it. Other names are passed over."
  type        = set(string)
  default     = []

  validation {
    condition     = alltrue([for name in var.found : can(regex("^(alias/)?bbws-", name)) || name == local.oidc_host])
    error_message = "found may hold names that begin with bbws-, such aliases of keys, and the host of GitHub's OIDC provider."
  }
}
