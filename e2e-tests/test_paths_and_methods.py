"""Paths that aren't there, methods that a path doesn't have, and what browsers ask before they call (CORS)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from product_api import assert_refused

if TYPE_CHECKING:
    import requests
    from product_api import ProductApi, Products

PRODUCT = "products/00000000-0000-4000-8000-000000000000"
CHANGES = f"{PRODUCT}/changes"
METHODS = {
    "products": {"GET", "HEAD", "POST"},
    PRODUCT: {"GET", "HEAD", "PUT", "DELETE"},
    CHANGES: {"GET", "HEAD"},
}
MISSING_METHODS = [
    ("products", "PUT"),
    ("products", "DELETE"),
    ("products", "PATCH"),
    (PRODUCT, "POST"),
    (PRODUCT, "PATCH"),
    (CHANGES, "POST"),
    (CHANGES, "DELETE"),
]
each_path = pytest.mark.parametrize("path", METHODS, ids=["products", "product", "changes"])


def listed(header: str) -> set[str]:
    return {part.strip() for part in header.split(",")}


def preflight(stranger: ProductApi, path: str, origin: str, method: str = "GET") -> requests.Response:
    return stranger.send(
        "OPTIONS",
        path,
        headers={
            "Origin": origin,
            "Access-Control-Request-Method": method,
            "Access-Control-Request-Headers": "x-api-key,content-type",
        },
    )


@pytest.fixture(scope="module")
def allowed_origin(stranger: ProductApi) -> str:
    """An origin that this deployment allows: the one that an answer names when it can't name the caller's."""
    return preflight(stranger, "products", "https://elsewhere.example").headers["Access-Control-Allow-Origin"]


each_missing_path = pytest.mark.parametrize(
    "path", ["", "product", f"{PRODUCT}/nothing", f"{CHANGES}/1", "../v9.9/products", "products/a/b/c", "PRODUCTS"]
)


@each_missing_path
@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE"])
def test_path_that_is_not_there_is_not_found(writer: ProductApi, method: str, path: str) -> None:
    assert_refused(writer.send(method, path), 404, "NotFound")


def test_path_that_is_not_there_is_not_found_without_a_key_either(stranger: ProductApi) -> None:
    assert_refused(stranger.send("GET", "nothing"), 404, "NotFound")


@pytest.mark.parametrize(("path", "method"), MISSING_METHODS)
def test_method_that_is_not_there_is_refused_and_the_others_named(writer: ProductApi, path: str, method: str) -> None:
    response = writer.send(method, path, body={"price": 1})
    assert_refused(response, 405, "MethodNotAllowed")
    assert listed(response.headers["Allow"]) >= METHODS[path]
    assert method not in listed(response.headers["Allow"])


@pytest.mark.parametrize("body", [None, "", "no JSON", {"price": 1}])
def test_method_that_is_not_there_is_refused_whatever_the_body(writer: ProductApi, body: object) -> None:
    assert_refused(writer.send("PATCH", body=body), 405, "MethodNotAllowed")


@each_path
def test_preflight_needs_no_key_and_allows_what_the_api_takes(
    stranger: ProductApi, allowed_origin: str, path: str
) -> None:
    response = preflight(stranger, path, allowed_origin)
    assert response.status_code in (200, 204)
    assert response.headers["Access-Control-Allow-Origin"] == allowed_origin
    assert listed(response.headers["Access-Control-Allow-Methods"]) >= METHODS[path]
    taken = {"content-type", "x-api-key", "idempotency-key", "if-match", "if-none-match", "prefer"}
    stated = {"x-acting-user", "x-change-note"}
    added_for_tracing = {"traceparent", "tracestate", "baggage", "sentry-trace"}
    allowed = listed(response.headers["Access-Control-Allow-Headers"].lower())
    assert allowed == taken | stated | added_for_tracing


@each_missing_path
def test_preflight_is_answered_at_a_path_that_is_not_there_so_that_a_page_sees_the_404(
    writer: ProductApi, stranger: ProductApi, allowed_origin: str, path: str
) -> None:
    for method in ("GET", "POST", "PUT", "DELETE"):
        response = preflight(stranger, path, allowed_origin, method)
        assert response.status_code in (200, 204), response.text
        assert response.headers["Access-Control-Allow-Origin"] == allowed_origin
        assert method in listed(response.headers["Access-Control-Allow-Methods"])
        assert {"content-type", "x-api-key"} <= listed(response.headers["Access-Control-Allow-Headers"].lower())
        assert listed(response.headers["Allow"]) == {"OPTIONS"}
        answer = writer.send(method, path, headers={"Origin": allowed_origin})
        assert_refused(answer, 404, "NotFound")
        assert answer.headers["Access-Control-Allow-Origin"] == allowed_origin


@pytest.mark.parametrize("path", ["nothing", f"{PRODUCT}/nothing"])
def test_preflight_of_a_path_that_is_not_there_does_not_allow_a_strange_origin(stranger: ProductApi, path: str) -> None:
    response = preflight(stranger, path, "https://elsewhere.example")
    assert response.headers["Access-Control-Allow-Origin"] != "https://elsewhere.example"


@each_path
def test_preflight_does_not_allow_a_strange_origin(stranger: ProductApi, path: str) -> None:
    response = preflight(stranger, path, "https://elsewhere.example")
    assert response.headers["Access-Control-Allow-Origin"] != "https://elsewhere.example"


def test_browsers_may_read_every_answer(
    writer: ProductApi, stranger: ProductApi, products: Products, allowed_origin: str
) -> None:
    headers = {"Origin": allowed_origin}
    product_id = products.make()["productId"]
    path = f"products/{product_id}"
    answers = {
        200: writer.send("GET", path, headers=headers),
        202: writer.send("PUT", path, body={"price": 1}, headers=headers),
        204: writer.send("DELETE", path, headers=headers),
        400: writer.send("POST", body="no JSON", headers=headers),
        403: stranger.send("GET", path, headers=headers),
        404: writer.send("GET", "nothing", headers=headers),
        405: writer.send("PATCH", headers=headers),
    }
    assert {status: answer.status_code for status, answer in answers.items()} == {status: status for status in answers}
    assert {answer.headers["Access-Control-Allow-Origin"] for answer in answers.values()} == {allowed_origin}
    assert listed(answers[202].headers["Access-Control-Expose-Headers"]) >= {"Location", "X-Change-Id"}


def test_answers_never_name_a_strange_origin(writer: ProductApi, allowed_origin: str) -> None:
    response = writer.send("GET", headers={"Origin": "https://elsewhere.example"})
    assert response.status_code == 200
    assert response.headers.get("Access-Control-Allow-Origin") == ("*" if allowed_origin == "*" else None)
    assert "Origin" in listed(response.headers["Vary"])
