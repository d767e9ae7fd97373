"""The edge to API Gateway: its proxy event becomes a `Request`, a `Response` or an error becomes its answer."""

from __future__ import annotations

import base64
import functools
import json
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypedDict

from common import aws
from common.errors import (
    ApiError,
    InternalError,
    PayloadTooLarge,
    ServiceUnavailable,
    UnsupportedMediaType,
    ValidationError,
)
from common.json_body import parse_object
from common.log import logger
from common.product import is_product_id

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

MAX_BODY_BYTES = 32 * 1024


class ProxyEvent(TypedDict, total=False):
    """The parts of API Gateway's proxy event (payload 1.0) that the service reads.

    Source: "Input format of a Lambda function for proxy integration", API Gateway developer guide.
    """

    httpMethod: str
    resource: str
    path: str
    headers: dict[str, str] | None
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
    method, route : str
        Such as ``GET`` and ``/v1.0/products/{productId}``.
    path : str
        The path as it was asked for; the gateway lets it end in a slash.
    headers : mapping
        By lower-case name.
    query : mapping
        Every value given for each parameter, decoded.
    """

    request_id: str
    method: str
    route: str
    path: str
    headers: Mapping[str, str] = field(repr=False)
    path_parameters: Mapping[str, str]
    query: Mapping[str, Sequence[str]] = field(repr=False)
    body: bytes = field(repr=False)

    @classmethod
    def from_event(cls, event: ProxyEvent) -> Request:
        """Read a proxy event."""
        text = event.get("body") or ""
        return cls(
            request_id=str(event["requestContext"]["requestId"]),
            method=event["httpMethod"],
            route=event["resource"],
            path=event.get("path", ""),
            headers={name.lower(): value for name, value in (event.get("headers") or {}).items()},
            path_parameters=event.get("pathParameters") or {},
            query=event.get("multiValueQueryStringParameters") or {},
            # Half of a surrogate pair, which an event can hold, has no UTF-8: `parse_object` refuses these bytes.
            body=base64.b64decode(text) if event.get("isBase64Encoded") else text.encode(errors="surrogatepass"),
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
        media_type = self.headers.get("content-type", "application/json").partition(";")[0].strip().lower()
        if media_type != "application/json":
            raise UnsupportedMediaType("Content-Type must be application/json")
        if len(self.body) > MAX_BODY_BYTES:
            raise PayloadTooLarge(f"the body must have at most {MAX_BODY_BYTES} bytes")
        return parse_object(self.body)


@dataclass(frozen=True)
class Response:
    """An answer; `body` becomes JSON, ``None`` an empty one."""

    status: int
    body: Mapping[str, object] | None = None
    headers: Mapping[str, str] = field(default_factory=dict)


def function(
    allowed_origins: Sequence[str],
) -> Callable[[Callable[[Request], Response]], Callable[[ProxyEvent, object], ProxyAnswer]]:
    """Make a Lambda handler of what answers a request. Nothing that it raises reaches the gateway.

    Parameters
    ----------
    allowed_origins : sequence of str
        Origins that browsers may call from (CORS), or ``*`` for any.

    Examples
    --------
    >>> @function(allowed_origins=["https://shop.example"])
    ... def handler(request: Request) -> Response:
    ...     return Response(200, {"productId": request.product_id()})
    """

    def decorate(respond: Callable[[Request], Response]) -> Callable[[ProxyEvent, object], ProxyAnswer]:
        @functools.wraps(respond)
        def handler(event: ProxyEvent, context: object) -> ProxyAnswer:
            started = time.perf_counter()
            request_id, origin = _identity(event)
            with logger.append_context_keys(request_id=request_id):
                response = _respond_or_refuse(respond, event, request_id)
                logger.info(
                    "request answered",
                    extra={
                        "method": event.get("httpMethod"),
                        "route": event.get("resource"),
                        "status": response.status,
                        "error": (response.body or {}).get("error"),
                        "duration_ms": round((time.perf_counter() - started) * 1000, 1),
                    },
                )
            return _answer(response, _cors_headers(origin, allowed_origins))

        return handler

    return decorate


def _identity(event: ProxyEvent) -> tuple[str, str]:
    """Return the request's id and origin, whatever shape the event has."""
    request_id = (event.get("requestContext") or {}).get("requestId", "")
    headers = {name.lower(): value for name, value in (event.get("headers") or {}).items()}
    return str(request_id), headers.get("origin", "")


def _respond_or_refuse(respond: Callable[[Request], Response], event: ProxyEvent, request_id: str) -> Response:
    try:
        return respond(Request.from_event(event))
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


def _cors_headers(origin: str, allowed_origins: Sequence[str]) -> dict[str, str]:
    if "*" in allowed_origins:
        allowed = {"Access-Control-Allow-Origin": "*"}
    elif origin in allowed_origins:
        allowed = {"Access-Control-Allow-Origin": origin, "Vary": "Origin"}
    else:
        return {"Vary": "Origin"}
    return {**allowed, "Access-Control-Expose-Headers": "Location, Retry-After, X-Change-Id"}


def _answer(response: Response, cors_headers: Mapping[str, str]) -> ProxyAnswer:
    headers = {**response.headers, **cors_headers}
    if response.body is not None:
        headers["Content-Type"] = "application/json"
    return {
        "statusCode": response.status,
        "headers": headers,
        "body": "" if response.body is None else json.dumps(response.body, ensure_ascii=False),
        "isBase64Encoded": False,
    }
