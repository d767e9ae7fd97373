"""The errors of the REST contract. Raise the one that names the failure; `common.api` turns it into the answer."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, TypedDict

if TYPE_CHECKING:
    from collections.abc import Sequence


class Detail(TypedDict):
    """What is wrong with one field, parameter or header, and what is allowed."""

    field: str
    message: str


class ApiError(Exception):
    """A refusal that the caller is told about.

    Parameters
    ----------
    message : str
        A sentence for the caller. It names no table, queue, ARN or other inner thing.
    details : sequence of Detail, optional
        One entry for each field at fault.
    """

    status: ClassVar[int]
    code: ClassVar[str]
    headers: ClassVar[dict[str, str]] = {}

    def __init__(self, message: str, details: Sequence[Detail] = ()) -> None:
        super().__init__(message)
        self.message = message
        self.details = list(details)


class ValidationError(ApiError):
    """Fields, parameters or the body as a whole are not what the contract allows."""

    status = 400
    code = "ValidationError"

    def __init__(self, details: Sequence[Detail]) -> None:
        super().__init__("; ".join(f"{detail['field']} {detail['message']}" for detail in details), details)

    @classmethod
    def of(cls, field: str, message: str) -> ValidationError:
        """Return the error for a single field."""
        return cls([{"field": field, "message": message}])


class InvalidCursor(ApiError):
    """The cursor was not handed out for this query."""

    status = 400
    code = "InvalidCursor"

    def __init__(self) -> None:
        message = "must be a nextCursor of the same query, unchanged"
        super().__init__(f"cursor {message}", [{"field": "cursor", "message": message}])


class Forbidden(ApiError):
    """The caller's key does not allow this."""

    status = 403
    code = "Forbidden"


class ProductNotFound(ApiError):
    """There is no such product, not yet or no longer."""

    status = 404
    code = "ProductNotFound"

    def __init__(self, product_id: str) -> None:
        super().__init__(f"there is no product {product_id}")


class NameTaken(ApiError):
    """Another active product has the name."""

    status = 409
    code = "NameTaken"

    def __init__(self) -> None:
        message = "belongs to another active product; names are unique, whatever their case"
        super().__init__(f"name {message}", [{"field": "name", "message": message}])


class PayloadTooLarge(ApiError):
    """The body is larger than the contract allows."""

    status = 413
    code = "PayloadTooLarge"


class UnsupportedMediaType(ApiError):
    """The body is not declared to be JSON."""

    status = 415
    code = "UnsupportedMediaType"


class InternalError(ApiError):
    """The service itself is at fault."""

    status = 500
    code = "InternalError"

    def __init__(self) -> None:
        super().__init__("the service failed; quote the requestId when you report it")


class ServiceUnavailable(ApiError):
    """AWS throttles or fails; the same request may succeed soon."""

    status = 503
    code = "ServiceUnavailable"
    headers: ClassVar[dict[str, str]] = {"Retry-After": "1"}

    def __init__(self) -> None:
        super().__init__("the service is busy; try again in a moment")
