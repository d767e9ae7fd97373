"""What HTTP asks of every answer: HEAD, content negotiation, caching, request ids, headers that keep browsers safe."""

from __future__ import annotations

import contextlib
import functools
import http.client
from typing import TYPE_CHECKING, cast
from urllib.parse import urlsplit

import pytest
from product_api import assert_refused, eventually, json_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import requests
    from conftest import Deployment
    from product_api import Product, ProductApi, Products

UNKNOWN = "products/00000000-0000-4000-8000-000000000000"
SECURITY_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'; sandbox",
    "Strict-Transport-Security": "max-age=31536000",
    "X-Content-Type-Options": "nosniff",
}
# What the gateway has in an answer of its own, and what differs from answer to answer.
PASSING = {"date", "x-request-id", "x-amzn-requestid", "x-amz-request-id", "x-amz-apigw-id", "x-amzn-trace-id", "via"}
MOST_HEADER_BYTES = 8 * 1024


@pytest.fixture(scope="module")
def product(products: Products) -> Product:
    return products.make()


@pytest.fixture(scope="module")
def path(product: Product) -> str:
    return f"products/{product['productId']}"


def lasting(response: requests.Response) -> dict[str, str]:
    """Return the headers of an answer that the same request gets again."""
    return {name.lower(): value for name, value in response.headers.items() if name.lower() not in PASSING}


def listed(header: str) -> set[str]:
    return {part.strip() for part in header.split(",")}


# HEAD


@pytest.mark.parametrize(
    ("target", "headers", "status"),
    [
        ("products?limit=1&order=desc", {}, 200),
        ("products?limit=0", {}, 400),
        ("products?limit=1", {"If-None-Match": "*"}, 304),
        ("products?limit=1", {"If-None-Match": '"other"'}, 200),
        ("products?limit=1", {"If-None-Match": "malformed"}, 400),
        ("{product}", {}, 200),
        ("{product}", {"If-None-Match": '"1"'}, 304),
        ("{product}", {"If-None-Match": "1"}, 400),
        ("{product}", {"Accept": "text/html"}, 406),
        ("{product}/changes", {}, 200),
        (UNKNOWN, {}, 404),
        (f"{UNKNOWN}/changes", {}, 404),
        ("products/no-uuid", {}, 400),
        ("nothing", {}, 404),
    ],
)
def test_head_is_answered_as_get_without_a_body(
    writer: ProductApi, path: str, target: str, headers: Mapping[str, str], status: int
) -> None:
    target = target.format(product=path)
    get = writer.send("GET", target, headers=headers)
    head = writer.send("HEAD", target, headers=headers)
    assert (head.status_code, get.status_code) == (status, status)
    assert head.content == b""
    if status != 304:
        assert get.content
    assert lasting(head) == lasting(get)


def test_head_needs_a_key(stranger: ProductApi) -> None:
    for target in ("products", UNKNOWN, f"{UNKNOWN}/changes"):
        assert stranger.send("HEAD", target).status_code == 403


def test_connection_can_be_used_again_after_head(deployment: Deployment, path: str) -> None:
    address = urlsplit(f"{deployment.url}/")
    assert address.hostname
    kind = http.client.HTTPSConnection if address.scheme == "https" else http.client.HTTPConnection
    connection = kind(address.hostname, address.port)

    def answer(method: str) -> tuple[int, bool] | None:
        """Return the status of an answer and whether it has a body; none where there were too many requests."""
        connection.request(method, f"{address.path}{path}", headers={"x-api-key": deployment.writer_key})
        # What follows an answer would be taken for the next one.
        response = connection.getresponse()
        found = (response.status, bool(response.read()))
        return None if response.status == 429 else found

    with contextlib.closing(connection):
        for method in ("HEAD", "GET", "HEAD", "GET"):
            found = eventually(functools.partial(answer, method), f"{method} is answered")
            assert found == (200, method == "GET")


@pytest.mark.parametrize(
    ("target", "methods"),
    [
        ("products", {"GET", "HEAD", "POST", "OPTIONS"}),
        (UNKNOWN, {"GET", "HEAD", "PUT", "DELETE", "OPTIONS"}),
        (f"{UNKNOWN}/changes", {"GET", "HEAD", "OPTIONS"}),
    ],
    ids=["products", "product", "changes"],
)
def test_options_and_refusals_name_the_methods_of_a_path(
    writer: ProductApi, stranger: ProductApi, target: str, methods: set[str]
) -> None:
    options = stranger.send("OPTIONS", target)
    assert options.status_code == 200
    assert listed(options.headers["Allow"]) == listed(options.headers["Access-Control-Allow-Methods"]) == methods
    assert listed(writer.send("PATCH", target).headers["Allow"]) == methods


# What the caller takes


def operations(writer: ProductApi, path: str, headers: Mapping[str, str]) -> dict[str, requests.Response]:
    """Return the answer of every operation to a request with certain headers; none of the writes can succeed."""
    return {
        "list": writer.send("GET", headers=headers),
        "get": writer.send("GET", path, headers=headers),
        "changes": writer.send("GET", f"{path}/changes", headers=headers),
        "create": writer.send("POST", body={}, headers=headers),
        "update": writer.send("PUT", path, body={}, headers=headers),
        "delete": writer.send("DELETE", UNKNOWN, headers=headers),
    }


@pytest.mark.parametrize(
    "accept",
    [
        "application/json",
        "application/json; charset=utf-8",
        "application/*",
        "*/*",
        "text/html, application/xhtml+xml, */*;q=0.8",
        "text/html;q=0, */*",
        "",
        "nonsense",
    ],
)
def test_caller_who_takes_json_is_answered(writer: ProductApi, path: str, accept: str) -> None:
    statuses = {name: answer.status_code for name, answer in operations(writer, path, {"Accept": accept}).items()}
    assert statuses == {"list": 200, "get": 200, "changes": 200, "create": 400, "update": 400, "delete": 404}


@pytest.mark.parametrize(
    "accept", ["text/html", "application/xml, text/*;q=0.5", "application/json;q=0, */*", "*/*;q=0.0"]
)
def test_caller_who_takes_no_json_is_refused_in_json(writer: ProductApi, path: str, accept: str) -> None:
    for answer in operations(writer, path, {"Accept": accept}).values():
        assert_refused(answer, 406, "NotAcceptable", field="Accept", allowed="must allow application/json")


def test_refused_write_changes_nothing(writer: ProductApi, products: Products) -> None:
    name, headers = products.name("not to be made"), {"Accept": "text/html"}
    product = products.make()
    assert writer.create(products.fields(name=name), headers).status_code == 406
    assert writer.update(product["productId"], {"price": 7}, headers).status_code == 406
    assert writer.withdraw(product["productId"], headers).status_code == 406
    # Changes are applied in the order in which they were asked for, or nearly: this one is the last.
    assert products.update(product["productId"], price=8)["version"] == 2
    assert json_of(writer.list(name=name))["products"] == []


# What the caller sends


@pytest.mark.parametrize(
    "content_type",
    [
        "application/json",
        "APPLICATION/JSON",
        "application/json; charset=utf-8",
        'application/json;charset="UTF-8"',
        "application/json; charset=utf-8; foo=bar",
    ],
)
def test_json_in_utf_8_is_read(writer: ProductApi, path: str, content_type: str) -> None:
    response = writer.send("PUT", path, body={"description": "Größe und Länge"}, headers={"Content-Type": content_type})
    assert response.status_code == 202, response.text


@pytest.mark.parametrize(
    "content_type",
    [
        "application/json; charset=iso-8859-1",
        "application/json; charset=utf-16",
        "application/merge-patch+json",
        "application/vnd.api+json",
        "text/json",
        "text/plain; charset=utf-8",
        "multipart/form-data; boundary=x",
        "*/*",
    ],
)
def test_anything_else_is_refused(writer: ProductApi, path: str, content_type: str) -> None:
    headers = {"Content-Type": content_type}
    for response in (writer.create({}, headers), writer.send("PUT", path, body={}, headers=headers)):
        assert_refused(response, 415, "UnsupportedMediaType", field="Content-Type", allowed="application/json in UTF-8")


@pytest.mark.parametrize(
    "query", [{"limit": "1"}, {"dryRun": ["true", "false"]}, {"": "x"}, {"größe": "1", "fields": "name"}]
)
def test_query_parameters_of_an_operation_without_any_are_refused(
    writer: ProductApi, path: str, query: Mapping[str, object]
) -> None:
    for response in (
        writer.send("GET", path, query=query),
        writer.send("POST", body={}, query=query),
        writer.send("PUT", path, body={}, query=query),
        writer.send("DELETE", path, query=query),
    ):
        for name in query:
            assert_refused(response, 400, "ValidationError", field=name, allowed="there are none")
    assert writer.send("HEAD", path, query=query).status_code == 400


@pytest.mark.parametrize("target", ["products", f"{UNKNOWN}/changes"])
def test_unknown_and_repeated_query_parameters_are_refused(writer: ProductApi, target: str) -> None:
    response = writer.send("GET", target, query={"limit": ["1", "1"], "page": "2", "Limit": "1"})
    assert_refused(response, 400, "ValidationError", field="limit", allowed="must be given once")
    for name in ("page", "Limit"):
        assert_refused(response, 400, "ValidationError", field=name, allowed="these are: limit, ")


@pytest.mark.parametrize(
    "product_id",
    ["%00", "a%00b", "{id}%00", "%0a", "{id}%0A", "%20", "%ff", "%c0%af", "%zz", "%25", "%3F", "%EF%BB%BF", "..%00"],
)
def test_path_with_odd_characters_names_no_product(writer: ProductApi, product: Product, product_id: str) -> None:
    target = product_id.format(id=product["productId"])
    for response in (writer.get(target), writer.update(target, {"price": 1}), writer.withdraw(target)):
        assert_refused(response, 400, "ValidationError", field="productId", allowed="UUID")
    assert_refused(writer.history(target), 400, "ValidationError", field="productId", allowed="UUID")


@pytest.mark.parametrize("product_id", ["a%2Fb", "%2F%2F{id}x", "a%2f..%2fb", "{id}%2Fnothing", "..%2F..%2Fx", "a%5Cb"])
def test_encoded_slash_leads_nowhere(writer: ProductApi, product: Product, product_id: str) -> None:
    # Whether it parts a path is the gateway's decision: the answer says that there is no such path or no such id.
    for method in ("GET", "PUT", "DELETE"):
        response = writer.send(method, f"products/{product_id.format(id=product['productId'])}")
        if response.status_code == 400:
            assert_refused(response, 400, "ValidationError", field="productId", allowed="UUID")
        else:
            assert_refused(response, 404, "NotFound")


@pytest.mark.parametrize("header", ["X-Anything", "User-Agent", "Accept-Language", "Origin"])
def test_long_header_that_says_nothing_to_the_api_is_let_be(writer: ProductApi, path: str, header: str) -> None:
    headers = {header: "x" * MOST_HEADER_BYTES}
    assert writer.send("GET", path, headers=headers).status_code == 200
    assert_refused(writer.send("POST", body={}, headers=headers), 400, "ValidationError", field="name")


def test_long_header_that_says_something_is_read_to_its_end(writer: ProductApi, path: str) -> None:
    def sent(method: str, header: str, value: str) -> requests.Response:
        # As many whole parts as there is room for.
        long = value * (MOST_HEADER_BYTES // len(value))
        return writer.send(method, path, body={} if method == "PUT" else None, headers={header: long})

    assert_refused(sent("GET", "Accept", "text/html,"), 406, "NotAcceptable", field="Accept")
    assert sent("GET", "Accept", "application/json,").status_code == 200
    assert sent("GET", "If-None-Match", '"x",').status_code == 200
    assert sent("GET", "If-None-Match", '"x').status_code == 400
    assert_refused(sent("DELETE", "If-Match", 'W/"x",'), 412, "VersionMismatch", field="If-Match")
    assert_refused(sent("PUT", "If-Match", "x"), 400, "ValidationError", field="If-Match")
    assert_refused(sent("PUT", "Content-Type", "application/json"), 415, "UnsupportedMediaType", field="Content-Type")
    key = writer.create({}, {"Idempotency-Key": "x" * MOST_HEADER_BYTES})
    assert_refused(key, 400, "ValidationError", field="Idempotency-Key", allowed="255")


def test_long_key_is_refused(stranger: ProductApi) -> None:
    assert_refused(stranger.send("GET", headers={"x-api-key": "x" * MOST_HEADER_BYTES}), 403, "Forbidden")


# Every answer


@pytest.fixture(scope="module")
def answers(
    writer: ProductApi, reader: ProductApi, stranger: ProductApi, products: Products, product: Product, path: str
) -> dict[str, requests.Response]:
    """One answer of each kind, of the functions and of the gateway."""
    # It is changed and withdrawn here.
    other = f"products/{products.make()['productId']}"
    sent: dict[str, Callable[[], requests.Response]] = {
        "200 list": lambda: writer.list(limit=1),
        "200 product": lambda: writer.send("GET", path),
        "200 changes": lambda: writer.send("GET", f"{path}/changes"),
        "202 created": lambda: products.request(),
        "202 updated": lambda: writer.send("PUT", other, body={"price": 2}),
        "204 withdrawn": lambda: writer.send("DELETE", other),
        "304 product": lambda: writer.send("GET", path, headers={"If-None-Match": "*"}),
        "304 list": lambda: writer.send("GET", "products?limit=1", headers={"If-None-Match": "*"}),
        "400 body": lambda: writer.create("{"),
        "400 cursor": lambda: writer.list(cursor="made up"),
        "403 reader": lambda: reader.withdraw(product["productId"]),
        "404 product": lambda: writer.send("GET", UNKNOWN),
        "404 change": lambda: writer.send("GET", f"{path}/changes", query={"changeId": UNKNOWN.partition("/")[2]}),
        "406 list": lambda: writer.send("GET", headers={"Accept": "text/html"}),
        "409 name": lambda: writer.create(products.fields(name=product["name"])),
        "412 version": lambda: writer.withdraw(product["productId"], {"If-Match": '"99"'}),
        "413 body": lambda: writer.create(" " * 40_000),
        "415 body": lambda: writer.create("{}", {"Content-Type": "text/plain"}),
        "200 gateway": lambda: stranger.send("OPTIONS", path),
        "200 nowhere": lambda: stranger.send("OPTIONS", "nothing"),
        "403 gateway": lambda: stranger.send("GET", path),
        "404 gateway": lambda: writer.send("GET", "nothing"),
        "405 gateway": lambda: writer.send("PATCH", path),
    }
    got = {name: send() for name, send in sent.items()}
    assert {name: answer.status_code for name, answer in got.items()} == {name: int(name[:3]) for name in got}
    return got


def test_every_answer_has_an_id_which_errors_quote(answers: Mapping[str, requests.Response]) -> None:
    ids = {name: answer.headers["X-Request-Id"] for name, answer in answers.items()}
    assert all(ids.values())
    assert len(set(ids.values())) == len(ids)
    errors = {name: answer for name, answer in answers.items() if answer.status_code >= 400}
    assert {name: json_of(answer)["requestId"] for name, answer in errors.items()} == {
        name: ids[name] for name in errors
    }


def test_every_answer_is_safe_wherever_it_is_opened(answers: Mapping[str, requests.Response]) -> None:
    for answer in answers.values():
        assert {name: answer.headers[name] for name in SECURITY_HEADERS} == SECURITY_HEADERS


def test_what_was_read_may_be_kept_by_the_caller_but_not_used_unasked(answers: Mapping[str, requests.Response]) -> None:
    for name in ("200 list", "200 product", "200 changes", "304 product", "304 list"):
        assert answers[name].headers["Cache-Control"] == "private, no-cache"
        assert listed(answers[name].headers["Vary"]) == {"Accept-Encoding", "Origin"}
    for what in ("product", "list"):
        assert answers[f"304 {what}"].headers["ETag"] == answers[f"200 {what}"].headers["ETag"]


def test_errors_and_answers_to_writes_are_kept_nowhere(answers: Mapping[str, requests.Response]) -> None:
    kept = {"200 list", "200 product", "200 changes", "304 product", "304 list", "200 gateway", "200 nowhere"}
    assert {answer.headers["Cache-Control"] for name, answer in answers.items() if name not in kept} == {"no-store"}


def test_what_has_no_body_declares_none(answers: Mapping[str, requests.Response]) -> None:
    # What follows the headers of a 204 would be taken for the next answer.
    assert answers["204 withdrawn"].headers.get("Content-Length", "0") == "0"
    for name in ("204 withdrawn", "304 product", "304 list"):
        assert answers[name].content == b""
        assert "Content-Type" not in answers[name].headers


def test_errors_say_in_one_voice_what_is_wrong(answers: Mapping[str, requests.Response]) -> None:
    for answer in answers.values():
        if answer.status_code >= 400:
            error = json_of(answer)
            details = cast("list[dict[str, str]]", error.get("details", []))
            message = str(error["message"])
            assert message == ("; ".join(f"{detail['field']} {detail['message']}" for detail in details) or message)
            assert details or message[0].islower()
            assert not message.endswith(".")


def test_pages_of_allowed_origins_may_read_the_headers_that_tell_something(
    writer: ProductApi, stranger: ProductApi, path: str
) -> None:
    origin = stranger.send("OPTIONS", path).headers["Access-Control-Allow-Origin"]
    headers = {"Origin": "https://any.example" if origin == "*" else origin}
    for response in (
        writer.send("GET", path, headers=headers),
        writer.send("POST", body="{", headers=headers),
        writer.send("PATCH", path, headers=headers),
        stranger.send("GET", path, headers=headers),
    ):
        exposed = listed(response.headers["Access-Control-Expose-Headers"])
        assert exposed == {
            "Allow",
            "ETag",
            "Location",
            "Preference-Applied",
            "Retry-After",
            "X-Change-Id",
            "X-Request-Id",
        }


def test_cached_product_is_asked_for_again_until_it_changes(writer: ProductApi, products: Products) -> None:
    product_id = products.make()["productId"]
    path = f"products/{product_id}"
    first = writer.send("GET", path)
    again = writer.send("GET", path, headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["Cache-Control"] == first.headers["Cache-Control"]
    assert writer.update(product_id, {"price": 3}).status_code == 202
    eventually(
        lambda: writer.send("GET", path, headers={"If-None-Match": first.headers["ETag"]}).status_code == 200,
        "the changed product is sent",
    )
