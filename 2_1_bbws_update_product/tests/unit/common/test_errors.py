"""The errors of the REST contract."""

from __future__ import annotations

import pytest

from common import errors

CONTRACT = [
    (errors.ValidationError.of("limit", "must be 1"), 400, "ValidationError", ["limit"]),
    (errors.InvalidCursor(), 400, "InvalidCursor", ["cursor"]),
    (errors.Forbidden("no"), 403, "Forbidden", []),
    (errors.NotFound("nothing there"), 404, "NotFound", []),
    (errors.ChangePending("not yet"), 404, "NotFound", []),
    (errors.ProductNotFound("p-1"), 404, "ProductNotFound", []),
    (errors.NotAcceptable(), 406, "NotAcceptable", ["Accept"]),
    (errors.NameTaken(), 409, "NameTaken", ["name"]),
    (errors.VersionMismatch("If-Match", "must be *"), 412, "VersionMismatch", ["If-Match"]),
    (errors.PayloadTooLarge(32768), 413, "PayloadTooLarge", ["body"]),
    (errors.UnsupportedMediaType(), 415, "UnsupportedMediaType", ["Content-Type"]),
    (errors.IdempotencyKeyReused(), 422, "IdempotencyKeyReused", ["Idempotency-Key"]),
    (errors.InternalError(), 500, "InternalError", []),
    (errors.ServiceUnavailable(), 503, "ServiceUnavailable", []),
]


@pytest.mark.parametrize(
    ("error", "status", "code", "fields"), CONTRACT, ids=lambda value: getattr(value, "code", None)
)
def test_error_has_its_status_its_code_and_the_fields_at_fault(error, status, code, fields):
    assert (error.status, error.code) == (status, code)
    assert [detail["field"] for detail in error.details] == fields
    assert error.message
    # Messages are joined, and so are those of the gateway: neither sentences nor parts of one.
    assert not error.message.endswith(".")
    assert all(error.message.startswith(f"{field} ") for field in fields)


def test_message_names_every_field_at_fault():
    error = errors.ValidationError([{"field": "name", "message": "is long"}, {"field": "price", "message": "is low"}])

    assert error.message == "name is long; price is low"


@pytest.mark.parametrize(
    ("count", "told", "more"), [(20, 20, ""), (21, 20, "; and 1 more"), (666, 20, "; and 646 more")]
)
def test_of_many_details_the_first_are_told_and_the_rest_counted(count, told, more):
    error = errors.ValidationError([{"field": f"x{number}", "message": "is wrong"} for number in range(count)])

    assert [detail["field"] for detail in error.details] == [f"x{number}" for number in range(told)]
    assert error.message.partition("x19 is wrong")[2].removesuffix(" like these") == more


def test_missing_product_is_named():
    assert "p-1" in errors.ProductNotFound("p-1").message


def test_only_what_passes_by_itself_says_when_to_try_again():
    waiting = [type(error) for error, *_ in CONTRACT if "Retry-After" in error.headers]

    assert waiting == [errors.ChangePending, errors.ServiceUnavailable]
