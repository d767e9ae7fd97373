# The headers of the gateway's own answers: those that the functions' answers have too (src/common/api.py).
#
# A value is a mapping expression: text in single quotes, or a variable of the request.

locals {
  own_headers = {
    "X-Request-Id"                  = "context.requestId"
    "Content-Security-Policy"       = "'default-src 'none'; frame-ancestors 'none'; sandbox'"
    "Strict-Transport-Security"     = "'max-age=31536000'"
    "X-Content-Type-Options"        = "'nosniff'"
    "Access-Control-Allow-Origin"   = "'${var.allowed_origins[0]}'"
    "Access-Control-Expose-Headers" = "'Allow, ETag, Location, Preference-Applied, Retry-After, X-Change-Id, X-Request-Id'"
  }

  error_headers = merge(local.own_headers, { "Cache-Control" = "'no-store'" })
}
