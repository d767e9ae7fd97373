"""The errors of the REST contract. Raise the one that names the failure; `common.api` turns it into the answer."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, TypedDict

if TYPE_CHECKING:
    from collections.abc import Sequence


# More than these nobody corrects at once, and whoever sends nonsense isn't sent much more of it.
MOST_DETAILS = 20


class Detail(TypedDict):
    """What is wrong with one field, parameter or header, and what is allowed."""

    field: str
    message: str


class ApiError(Exception):
    """A refusal that the caller is told about.

    Parameters
    ----------
    message : str
        What the caller is told, without a full stop. It names no table, queue, ARN or other inner thing.
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
    """Fields, parameters or the body as a whole are not what the contract allows.

    Of the details it tells the first 20, and in its message how many more there are.
    """

    status = 400
    code = "ValidationError"

    def __init__(self, details: Sequence[Detail]) -> None:
        told = details[:MOST_DETAILS]
        said = [f"{detail['field']} {detail['message']}" for detail in told]
        if len(details) > len(told):
            said.append(f"and {len(details) - len(told)} more like these")
        super().__init__("; ".join(said), told)

    @classmethod
    def of(cls, field: str, message: str) -> ValidationError:
        """Return the error for a single field."""
        return cls([{"field": field, "message": message}])


class FieldError(ApiError):
    """A refusal for what a single field, parameter or header holds.

    Parameters
    ----------
    field : str
        Its name; ``body`` for the body as a whole.
    message : str
        What is wrong with it, or what is allowed: it follows the name.
    """

    def __init__(self, field: str, message: str) -> None:
        super().__init__(f"{field} {message}", [{"field": field, "message": message}])


class InvalidCursor(FieldError):
    """The cursor was not handed out for this query."""

    status = 400
    code = "InvalidCursor"

    def __init__(self) -> None:
        super().__init__("cursor", "must be a nextCursor of the same query, unchanged")


class Forbidden(ApiError):
    """The caller's key does not allow this."""

    status = 403
    code = "Forbidden"


class NotFound(ApiError):
    """What was asked for is not there, not yet or no longer."""

    status = 404
    code = "NotFound"


class ChangePending(NotFound):
    """The change that the caller waited for isn't decided; it may be soon."""

    headers: ClassVar[dict[str, str]] = {"Retry-After": "1"}


class ProductNotFound(ApiError):
    """There is no such product, not yet or no longer."""

    status = 404
    code = "ProductNotFound"

    def __init__(self, product_id: str) -> None:
        super().__init__(f"there is no product {product_id}")


class NotAcceptable(FieldError):
    """The caller doesn't take JSON."""

    status = 406
    code = "NotAcceptable"

    def __init__(self) -> None:
        super().__init__("Accept", "must allow application/json")


class NameTaken(FieldError):
    """Another active product has the name."""

    status = 409
    code = "NameTaken"

    def __init__(self) -> None:
        super().__init__("name", "belongs to another active product; names are unique, whatever their case")


class VersionMismatch(FieldError):
    """A condition of the request doesn't hold: there is another version than the caller expects, or any at all."""

    status = 412
    code = "VersionMismatch"


class PayloadTooLarge(FieldError):
    """The body is larger than the contract allows.

    Parameters
    ----------
    most_bytes : int
        The most bytes that it may have.
    """

    status = 413
    code = "PayloadTooLarge"

    def __init__(self, most_bytes: int) -> None:
        super().__init__("body", f"must have at most {most_bytes} bytes")


class UnsupportedMediaType(FieldError):
    """The body is not declared to be JSON in UTF-8."""

    status = 415
    code = "UnsupportedMediaType"

    def __init__(self) -> None:
        super().__init__("Content-Type", "must be application/json in UTF-8")


class IdempotencyKeyReused(FieldError):
    """The caller has asked for another product with the same key."""

    status = 422
    code = "IdempotencyKeyReused"

    def __init__(self) -> None:
        super().__init__(
            "Idempotency-Key", "was used for a product with other fields; use a new key for each new product"
        )


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
