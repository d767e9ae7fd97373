"""GET /v1.0/products/{productId}, as a caller sees it."""

from __future__ import annotations

import os
import runpy
import subprocess
import sys
from pathlib import Path

import pytest
from botocore.exceptions import ConnectTimeoutError, EndpointConnectionError, ReadTimeoutError

import handler as function
from common.attribute_values import to_item
from common.head import Head
from common.product import PRODUCT_ATTRIBUTES
from common.product_table import head_key
from handler import handler

UNKNOWN = "3f2b8c1e-5d4a-4b6f-9c7e-8a1d2e3f4a5b"
ENDPOINT = "https://dynamodb.example"


def test_product_is_shown_with_every_attribute(call, stored_product):
    stored_product()
    product = stored_product(
        name="WordPress Größe 日本",
        description="Hosting for one WordPress site",
        price="299.90",
        currency="USD",
        billingCycle="one-time",
        features=["Free SSL certificate", "Daily backups"],
        version=7,
        dateCreated="2026-11-22T08:00:00.123456Z",
        dateLastUpdated="2026-11-23T08:00:00.123456Z",
        lastUpdatedBy="admin",
    )

    answer = call(handler, "GET", product["productId"])

    assert answer.status == 200
    shown = answer.body["product"]
    assert tuple(shown) == PRODUCT_ATTRIBUTES
    assert {name: shown[name] for name in product} == {**product, "price": 299.9}
    assert answer.headers["Content-Type"] == "application/json"


@pytest.mark.parametrize(
    ("price", "shown"),
    [
        ("0.01", "0.01"),
        ("12.00", "12.0"),
        ("299.90", "299.9"),
        ("1234.57", "1234.57"),
        ("12.345", "12.345"),
        ("9999999999.99", "9999999999.99"),
    ],
)
def test_price_is_a_json_number_to_the_cent(call, stored_product, price, shown):
    product = stored_product(price=price)

    assert f'"price": {shown},' in call(handler, "GET", product["productId"]).text


def test_id_may_be_written_in_capitals(call, stored_product):
    product = stored_product(productId=UNKNOWN)

    assert call(handler, "GET", UNKNOWN.upper()).body["product"]["productId"] == product["productId"]


def test_readers_may_read(call, stored_product, reader_key):
    assert call(handler, "GET", stored_product()["productId"], key=reader_key).status == 200


def test_allowed_origin_may_read_the_answer(call, stored_product):
    answer = call(handler, "GET", stored_product()["productId"], headers={"Origin": "https://shop.example"})

    assert answer.headers["Access-Control-Allow-Origin"] == "https://shop.example"


# Conditional requests


def test_answer_is_tagged_with_the_version(call, stored_product):
    assert call(handler, "GET", stored_product(version=7)["productId"]).headers["ETag"] == '"7"'


@pytest.mark.parametrize(
    "condition", ['"7"', 'W/"7"', "*", ' "7" ', '"6", "7"', 'W/"5","6" , W/"7"', '"a,b", "7"', ['W/"6"', '"7"']]
)
def test_product_that_the_caller_has_is_not_sent_again(call, stored_product, condition):
    product_id = stored_product(version=7)["productId"]

    answer = call(handler, "GET", product_id, headers={"If-None-Match": condition, "Origin": "https://shop.example"})

    assert (answer.status, answer.text) == (304, "")
    assert answer.headers["ETag"] == '"7"'
    assert answer.headers["Access-Control-Allow-Origin"] == "https://shop.example"
    assert "Content-Type" not in answer.headers
    # What the whole answer would have said of caching (RFC 9110, section 15.4.5).
    assert answer.headers["Cache-Control"] == "private, no-cache"
    assert answer.headers["Vary"] == "Accept-Encoding, Origin"


@pytest.mark.parametrize("condition", ['"6"', 'W/"6"', '"8"', '"77"', '"07"', '""', '"*"', '"6", W/"8"'])
def test_product_that_the_caller_does_not_have_is_sent(call, stored_product, condition):
    product = stored_product(version=7)

    answer = call(handler, "GET", product["productId"], headers={"if-none-match": condition})

    assert (answer.status, answer.headers["ETag"]) == (200, '"7"')
    assert answer.body["product"]["version"] == 7


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize(("condition", "status"), [("*", 200), ('"6", "7"', 200), ('"6"', 412), ('W/"7"', 412)])
def test_product_is_read_if_it_has_the_version_that_the_caller_wants(call, stored_product, method, condition, status):
    product_id = stored_product(version=7)["productId"]

    answer = call(handler, method, product_id, headers={"If-Match": condition})

    assert answer.status == status
    assert answer.body.get("error") == (None if status == 200 else "VersionMismatch")


@pytest.mark.parametrize("condition", ["", "7", '"7', "'7'", 'w/"7"', '"6" "7"', '*, "7"', "null", '"7";', ","])
def test_malformed_condition_is_refused_with_what_is_allowed(call, stored_product, condition):
    answer = call(handler, "GET", stored_product(version=7)["productId"], headers={"If-None-Match": condition})

    assert (answer.status, answer.body["error"]) == (400, "ValidationError")
    (detail,) = answer.body["details"]
    assert detail["field"] == "If-None-Match"
    assert "in double quotes" in detail["message"]


@pytest.mark.parametrize("condition", ["*", '"1"', '"7"'])
def test_product_that_is_not_there_is_not_found_whatever_the_condition(call, stored_product, condition):
    withdrawn = stored_product(version=7, active=False)["productId"]

    for product_id in (UNKNOWN, withdrawn):
        answer = call(handler, "GET", product_id, headers={"If-None-Match": condition})

        assert (answer.status, answer.body["error"]) == (404, "ProductNotFound")


# HEAD


@pytest.mark.parametrize("headers", [{}, {"If-None-Match": '"7"'}, {"If-None-Match": '"6"'}, {"If-None-Match": "7"}])
def test_head_is_answered_as_get(call, stored_product, headers):
    for product_id in (stored_product(version=7)["productId"], UNKNOWN, "no-uuid"):
        head, get = (call(handler, method, product_id, headers=headers) for method in ("HEAD", "GET"))

        assert head == get


def test_head_of_a_history_is_answered_as_get(call, stored_product, reader_key, writer_key):
    for product_id, key in ((UNKNOWN, writer_key), ("no-uuid", writer_key), (UNKNOWN, reader_key)):
        head, get = (call(handler, method, product_id, below="changes", key=key) for method in ("HEAD", "GET"))

        assert head == get


# Refusals


@pytest.mark.parametrize("query", [{"limit": "1"}, {"x": ["1", "2"]}, {"": ""}, {"dryRun": "true", "x": "1"}])
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_query_parameters_are_refused_by_their_names(call, stored_product, method, query):
    answer = call(handler, method, stored_product()["productId"], query=query)

    assert (answer.status, answer.body["error"]) == (400, "ValidationError")
    assert [detail["field"] for detail in answer.body["details"]] == list(query)
    assert "there are none" in answer.body["message"]


def assert_not_found(answer, product_id):
    assert answer.status == 404
    assert answer.body == {
        "error": "ProductNotFound",
        "message": f"there is no product {product_id}",
        "requestId": "r-1",
    }


def test_unknown_product_is_not_found(call, stored_product):
    stored_product()

    assert_not_found(call(handler, "GET", UNKNOWN, request_id="r-1"), UNKNOWN)


def test_withdrawn_product_is_not_found(call, stored_product):
    product_id = stored_product(active=False)["productId"]

    assert_not_found(call(handler, "GET", product_id, request_id="r-1"), product_id)


def test_product_whose_creation_was_rejected_is_not_found(call, table):
    rejected = Head(sequence=1, last_hash="0" * 64, create_change_id="c-1").attributes(UNKNOWN)
    table.client.put_item(TableName=table.name, Item=to_item({**head_key(UNKNOWN), **rejected}))

    assert_not_found(call(handler, "GET", UNKNOWN, request_id="r-1"), UNKNOWN)


@pytest.mark.parametrize("product_id", ["1", "x", "METADATA", UNKNOWN[:-1], UNKNOWN + "0", UNKNOWN.replace("-", "")])
def test_id_that_is_no_uuid_is_refused(call, table, product_id):
    answer = call(handler, "GET", product_id)

    assert (answer.status, answer.body["error"]) == (400, "ValidationError")
    assert [detail["field"] for detail in answer.body["details"]] == ["productId"]
    assert "must be a UUID" in answer.body["message"]


# Failures


@pytest.mark.parametrize(
    "failure",
    [
        {"status": 500, "code": "InternalServerError"},
        {"status": 503, "code": "ServiceUnavailable"},
        {"status": 400, "code": "ThrottlingException"},
        {"status": 400, "code": "ProvisionedThroughputExceededException"},
        {"error": ReadTimeoutError(endpoint_url=ENDPOINT)},
        {"error": ConnectTimeoutError(endpoint_url=ENDPOINT)},
        {"error": EndpointConnectionError(endpoint_url=ENDPOINT)},
    ],
    ids=lambda failure: failure.get("code") or type(failure["error"]).__name__,
)
def test_failure_of_dynamodb_is_a_503_that_says_when_to_try_again(call, stored_product, aws_fails, failure):
    product = stored_product()
    aws_fails(function.TABLE.client, "GetItem", **failure)

    answer = call(handler, "GET", product["productId"])

    assert (answer.status, answer.body["error"]) == (503, "ServiceUnavailable")
    assert int(answer.headers["Retry-After"]) >= 1


def test_single_failure_of_dynamodb_is_not_noticed(call, stored_product, aws_fails):
    product = stored_product()
    aws_fails(function.TABLE.client, "GetItem", status=500, code="InternalServerError", times=1)

    assert call(handler, "GET", product["productId"]).status == 200


def test_refusal_by_dynamodb_is_a_500_that_gives_nothing_away(call, table, aws_fails):
    aws_fails(function.TABLE.client, "GetItem", status=400, code="AccessDeniedException")

    answer = call(handler, "GET", UNKNOWN)

    assert (answer.status, answer.body["error"]) == (500, "InternalError")
    assert set(answer.body) == {"error", "message", "requestId"}
    assert "AccessDenied" not in answer.text


def test_missing_table_is_a_500_that_does_not_name_it(call):
    answer = call(handler, "GET", UNKNOWN)

    assert (answer.status, answer.body["error"]) == (500, "InternalError")
    assert os.environ["TABLE_NAME"] not in answer.text


def test_damaged_item_is_a_500(call, table):
    table.client.put_item(TableName=table.name, Item=to_item({**head_key(UNKNOWN), "version": 1}))

    assert call(handler, "GET", UNKNOWN).status == 500


# Logs and start


def test_log_holds_the_request_id_and_neither_key_nor_customer_text(call, stored_product, logged, writer_key):
    product = stored_product(name="Secret plan", description="Secret description")

    call(handler, "GET", product["productId"], request_id="r-1", headers={"X-Customer": "Secret header"})

    (entry,) = logged()
    assert (entry["level"], entry["request_id"], entry["status"]) == ("INFO", "r-1", 200)
    assert "Secret" not in repr(entry)
    assert writer_key not in repr(entry)


def test_nothing_but_its_own_settings_is_needed(monkeypatch, call, stored_product):
    product = stored_product()
    for setting in ("CHANGE_QUEUE_URL", "AUDIT_QUEUE_URL", "DLQ_URL", "AUDIT_BUCKET"):
        monkeypatch.delenv(setting)

    started = runpy.run_path(function.__file__)["handler"]

    assert call(started, "GET", product["productId"]).status == 200


def test_start_is_light():
    """boto3 and pydantic each cost more than a tenth of a second at a cold start."""
    loaded = subprocess.run(
        [sys.executable, "-c", "import sys, handler; print(*sorted({'boto3', 'pydantic'} & set(sys.modules)))"],
        cwd=Path(function.__file__).parent,
        check=True,
        capture_output=True,
        text=True,
    )

    assert loaded.stdout.strip() == ""
