"""The edge to API Gateway: its proxy event becomes a `Request`, a `Response` or an error becomes its answer."""

from __future__ import annotations

import base64
import functools
import json
from dataclasses import dataclass, field
from http.client import INTERNAL_SERVER_ERROR
from typing import TYPE_CHECKING, TypedDict

from common import aws, media_types, metrics
from common.errors import (
    ApiError,
    InternalError,
    NotAcceptable,
    PayloadTooLarge,
    ServiceUnavailable,
    UnsupportedMediaType,
    ValidationError,
)
from common.json_body import parse_object
from common.log import logger
from common.product import is_product_id
from common.stopwatch import Stopwatch

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

MAX_BODY_BYTES = 32 * 1024

# On every answer, whoever opens it: it is data, to be neither guessed at, shown, framed nor fetched in clear.
SECURITY_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'; sandbox",
    "Strict-Transport-Security": "max-age=31536000",
    "X-Content-Type-Options": "nosniff",
}
# What pages of other origins may read of an answer beside its body.
EXPOSED_HEADERS = "Allow, ETag, Location, Preference-Applied, Retry-After, X-Change-Id, X-Request-Id"


class ProxyEvent(TypedDict, total=False):
    """The parts of API Gateway's proxy event (payload 1.0) that the service reads.

    Source: "Input format of a Lambda function for proxy integration", API Gateway developer guide.
    """

    httpMethod: str
    resource: str
    path: str
    headers: dict[str, str] | None
    multiValueHeaders: dict[str, list[str]] | None
    pathParameters: dict[str, str] | None
    multiValueQueryStringParameters: dict[str, list[str]] | None
    requestContext: dict[str, object]
    body: str | None
    isBase64Encoded: bool


class ProxyAnswer(TypedDict):
    """What API Gateway takes for an answer."""

    statusCode: int
    headers: dict[str, str]
    body: str
    isBase64Encoded: bool


@dataclass(frozen=True)
class Request:
    """A request as the functions see it.

    Attributes
    ----------
    request_id : str
        API Gateway's id of the request, which the error shape quotes.
    route : str
        Such as ``/v1.0/products/{productId}``.
    path : str
        The path as it was asked for; the gateway lets it end in a slash.
    headers : mapping
        By lower-case name. A header that is repeated has one value, the list of its values, which means the same
        (RFC 9110, section 5.3): none of them is picked.
    query : mapping
        Every value given for each parameter, decoded.
    stopwatch : Stopwatch
        Runs since the request arrived.
    """

    request_id: str
    route: str
    path: str
    headers: Mapping[str, str] = field(repr=False)
    path_parameters: Mapping[str, str]
    query: Mapping[str, Sequence[str]] = field(repr=False)
    body: bytes = field(repr=False)
    stopwatch: Stopwatch = field(default_factory=Stopwatch, repr=False, compare=False)

    @classmethod
    def from_event(cls, event: ProxyEvent, stopwatch: Stopwatch | None = None) -> Request:
        """Read a proxy event."""
        text = event.get("body") or ""
        return cls(
            request_id=str(event["requestContext"]["requestId"]),
            route=event["resource"],
            path=event.get("path", ""),
            headers=_headers(event),
            path_parameters=event.get("pathParameters") or {},
            query=event.get("multiValueQueryStringParameters") or {},
            # Half of a surrogate pair, which an event can hold, has no UTF-8: `parse_object` refuses these bytes.
            body=base64.b64decode(text) if event.get("isBase64Encoded") else text.encode(errors="surrogatepass"),
            stopwatch=stopwatch or Stopwatch(),
        )

    def product_id(self) -> str:
        """Return the path's product id, in lower case.

        Raises
        ------
        ValidationError
            It is no UUID.
        """
        product_id = self.path_parameters.get("productId", "").lower()
        if not is_product_id(product_id):
            raise ValidationError.of("productId", "must be a UUID such as 3f2b8c1e-5d4a-4b6f-9c7e-8a1d2e3f4a5b")
        return product_id

    def json_object(self) -> dict[str, object]:
        """Return the body, a JSON object; its numbers with a fraction are decimals.

        Raises
        ------
        UnsupportedMediaType, PayloadTooLarge, ValidationError
            The body is declared to be something else, is over 32 KB, or is no JSON object.
        """
        if not media_types.is_json(self.headers.get("content-type", media_types.JSON)):
            raise UnsupportedMediaType
        if len(self.body) > MAX_BODY_BYTES:
            raise PayloadTooLarge(MAX_BODY_BYTES)
        return parse_object(self.body)


@dataclass(frozen=True)
class Response:
    """An answer; `body` becomes JSON, ``None`` an empty one."""

    status: int
    body: Mapping[str, object] | None = None
    headers: Mapping[str, str] = field(default_factory=dict)


def http_handler(
    allowed_origins: Sequence[str],
) -> Callable[[Callable[[Request], Response]], Callable[[ProxyEvent, object], ProxyAnswer]]:
    """Make a Lambda handler of what answers a request. Nothing that it raises reaches the gateway.

    Parameters
    ----------
    allowed_origins : sequence of str
        Origins that browsers may call from (CORS), or ``*`` for any.

    Examples
    --------
    >>> @http_handler(allowed_origins=["https://shop.example"])
    ... def handler(request: Request) -> Response:
    ...     return Response(200, {"productId": request.product_id()})
    """

    def decorate(respond: Callable[[Request], Response]) -> Callable[[ProxyEvent, object], ProxyAnswer]:
        @functools.wraps(respond)
        def handler(event: ProxyEvent, context: object) -> ProxyAnswer:
            stopwatch = Stopwatch()
            method, request_id = event.get("httpMethod", ""), _request_id(event)
            with logger.append_context_keys(request_id=request_id):
                response = _respond_or_refuse(respond, event, request_id, stopwatch)
                _measure(response, stopwatch)
                logger.info(
                    "request answered",
                    extra={
                        "method": method,
                        "route": event.get("resource"),
                        "status": response.status,
                        "error": (response.body or {}).get("error"),
                        "duration_ms": round(stopwatch.seconds * 1000, 1),
                    },
                )
            headers = {
                **SECURITY_HEADERS,
                "X-Request-Id": request_id,
                **_caching_headers(method, response.status),
                **_cors_headers(_headers(event).get("origin", ""), allowed_origins),
            }
            return _answer(response, headers)

        return handler

    return decorate


def _headers(event: ProxyEvent) -> dict[str, str]:
    """Return the headers by lower-case name, the values of a repeated one joined."""
    given = event.get("multiValueHeaders") or {name: [value] for name, value in (event.get("headers") or {}).items()}
    headers: dict[str, list[str]] = {}
    for name, values in given.items():
        # HTTP/1.1 leaves names in the case that they were written in, so the same one may come twice.
        headers.setdefault(name.lower(), []).extend(values)
    return {name: ", ".join(values) for name, values in headers.items()}


def _request_id(event: ProxyEvent) -> str:
    """Return the request's id, whatever shape the event has."""
    return str((event.get("requestContext") or {}).get("requestId", ""))


def _measure(response: Response, stopwatch: Stopwatch) -> None:
    """Count a failure, and how long the service took, but not how long a caller waited for something else."""
    found = []
    if response.status >= INTERNAL_SERVER_ERROR:
        found.append(metrics.fault())
    if not stopwatch.waited:
        found.append(metrics.request_duration(stopwatch.seconds))
    if found:
        metrics.emit(*found)


def _respond_or_refuse(
    respond: Callable[[Request], Response], event: ProxyEvent, request_id: str, stopwatch: Stopwatch
) -> Response:
    try:
        request = Request.from_event(event, stopwatch)
        if not media_types.accepts_json(request.headers.get("accept", "")):
            raise NotAcceptable
        return respond(request)
    except ApiError as error:
        return _refusal(error, request_id)
    except Exception as error:  # the gateway would answer a plain 502 to whatever is raised here
        if aws.is_passing(error):
            logger.warning("AWS failed", exc_info=error)
            return _refusal(ServiceUnavailable(), request_id)
        logger.exception("request failed")
        return _refusal(InternalError(), request_id)


def _refusal(error: ApiError, request_id: str) -> Response:
    body: dict[str, object] = {"error": error.code, "message": error.message, "requestId": request_id}
    if error.details:
        body["details"] = error.details
    return Response(error.status, body, error.headers)


def _caching_headers(method: str, status: int) -> dict[str, str]:
    """Return what caches may do with an answer.

    The caller's own may keep what was read, but has to ask each time whether it still holds: a change shows at once,
    and a key that was withdrawn opens nothing.
    """
    was_read = method in ("GET", "HEAD") and status < 400
    return {
        "Cache-Control": "private, no-cache" if was_read else "no-store",
        # The gateway compresses on the way and leaves ETag as it is. Strong tags of different encodings ought to differ
        # (RFC 9110, section 8.8.3.3), because of ranges, which there are none of, and of caches, which this keeps from
        # taking one encoding for the other. A product's can't be weak: If-Match would never match it.
        "Vary": "Accept-Encoding, Origin",
    }


def _cors_headers(origin: str, allowed_origins: Sequence[str]) -> dict[str, str]:
    if "*" in allowed_origins:
        allowed = "*"
    elif origin in allowed_origins:
        allowed = origin
    else:
        return {}
    return {"Access-Control-Allow-Origin": allowed, "Access-Control-Expose-Headers": EXPOSED_HEADERS}


def _answer(response: Response, headers: Mapping[str, str]) -> ProxyAnswer:
    """Return what the gateway is to send: with its body for HEAD too, so that it counts Content-Length and drops it."""
    described = {} if response.body is None else {"Content-Type": media_types.JSON}
    return {
        "statusCode": response.status,
        "headers": {**headers, **response.headers, **described},
        "body": "" if response.body is None else json.dumps(response.body, ensure_ascii=False),
        "isBase64Encoded": False,
    }
