# The gateway's own errors, in the shape of the functions' errors.

locals {
  # A field is named where one is at fault; its message then follows its name.
  #
  # Null keeps the status that the gateway chose. The fallbacks DEFAULT_4XX and DEFAULT_5XX need that: theirs would
  # become every other response's.
  errors = {
    forbidden          = { status = 403, error = "Forbidden", field = "x-api-key", message = "must be a valid API key" }
    refused            = { status = 403, error = "Forbidden", message = "the request was refused" }
    not_found          = { status = 404, error = "NotFound", message = "there is nothing at this path" }
    method_not_allowed = { status = 405, error = "MethodNotAllowed", message = "this path has other methods; the header Allow names them" }
    too_large          = { status = 413, error = "PayloadTooLarge", field = "body", message = "must have at most 32768 bytes" }
    unsupported_media  = { status = 415, error = "UnsupportedMediaType", field = "Content-Type", message = "must be application/json in UTF-8" }
    too_many_requests  = { status = 429, error = "TooManyRequests", message = "there are too many requests with this API key; try again in a moment" }
    malformed          = { status = null, error = "ValidationError", message = "the request is malformed" }
    internal           = { status = null, error = "InternalError", message = "the service failed; quote the requestId when you report it" }
    unavailable        = { status = 503, error = "ServiceUnavailable", message = "the service is busy; try again in a moment" }
  }

  # The gateway fills in $context.requestId.
  error_bodies = {
    for name, error in local.errors :
    name => jsonencode(merge(
      { error = error.error, message = join(" ", compact([try(error.field, null), error.message])), requestId = "$context.requestId" },
      can(error.field) ? { details = [{ field = error.field, message = error.message }] } : {},
    ))
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
      local.error_headers,
      contains(keys(local.retry_after), each.value) ? { "Retry-After" = "'${local.retry_after[each.value]}'" } : {},
    ) : "gatewayresponse.header.${name}" => value
  }
}
