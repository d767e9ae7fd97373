# The gateway's own errors, in the shape of the functions' errors.

locals {
  cors_headers = {
    "Access-Control-Allow-Origin" = "'${var.allowed_origins[0]}'"
  }

  # Null keeps the status that the gateway chose. The fallbacks DEFAULT_4XX and DEFAULT_5XX need that: theirs would
  # become every other response's.
  errors = {
    forbidden          = { status = 403, error = "Forbidden", message = "A valid API key is needed in the header x-api-key." }
    refused            = { status = 403, error = "Forbidden", message = "The request was refused." }
    not_found          = { status = 404, error = "NotFound", message = "There is nothing at this path." }
    method_not_allowed = { status = 405, error = "MethodNotAllowed", message = "This path has other methods: see the header Allow." }
    too_large          = { status = 413, error = "PayloadTooLarge", message = "The body may have at most 32 KB." }
    unsupported_media  = { status = 415, error = "UnsupportedMediaType", message = "The body must be application/json." }
    too_many_requests  = { status = 429, error = "TooManyRequests", message = "Too many requests with this API key: try again later." }
    malformed          = { status = null, error = "ValidationError", message = "The request is malformed." }
    internal           = { status = null, error = "InternalError", message = "Something went wrong on our side." }
    unavailable        = { status = 503, error = "ServiceUnavailable", message = "The service is unavailable: try again later." }
  }

  # The gateway fills in $context.requestId.
  error_bodies = {
    for name, error in local.errors :
    name => jsonencode({ error = error.error, message = error.message, requestId = "$context.requestId" })
  }

  # Retry-After, in seconds, of the errors that go away by themselves.
  retry_after = { too_many_requests = 1, unavailable = 2 }

  # Which error stands for which of the gateway's response types.
  gateway_responses = {
    INVALID_API_KEY              = "forbidden"
    ACCESS_DENIED                = "refused"
    UNAUTHORIZED                 = "refused"
    INVALID_SIGNATURE            = "refused"
    EXPIRED_TOKEN                = "refused"
    WAF_FILTERED                 = "refused"
    MISSING_AUTHENTICATION_TOKEN = "not_found"
    RESOURCE_NOT_FOUND           = "not_found"
    REQUEST_TOO_LARGE            = "too_large"
    UNSUPPORTED_MEDIA_TYPE       = "unsupported_media"
    THROTTLED                    = "too_many_requests"
    QUOTA_EXCEEDED               = "too_many_requests"
    DEFAULT_4XX                  = "malformed"
    DEFAULT_5XX                  = "internal"
    INTEGRATION_FAILURE          = "unavailable"
    INTEGRATION_TIMEOUT          = "unavailable"
  }
}

resource "aws_api_gateway_gateway_response" "error" {
  for_each = local.gateway_responses

  rest_api_id   = aws_api_gateway_rest_api.products.id
  response_type = each.key
  status_code   = local.errors[each.value].status

  response_templates = {
    "application/json" = local.error_bodies[each.value]
  }

  response_parameters = {
    for name, value in merge(
      local.cors_headers,
      contains(keys(local.retry_after), each.value) ? { "Retry-After" = "'${local.retry_after[each.value]}'" } : {},
    ) : "gatewayresponse.header.${name}" => value
  }
}
