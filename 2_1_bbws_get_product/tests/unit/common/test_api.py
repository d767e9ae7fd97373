"""The edge to API Gateway, seen from the gateway: events in, answers out."""

from __future__ import annotations

import json
import os

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError, ReadTimeoutError

from common import api
from common.api_clients import ApiClients
from common.errors import Forbidden, NameTaken, ValidationError
from common.log import logger

ORIGIN = "https://shop.example"


@api.http_handler(allowed_origins=[ORIGIN])
def echo(request: api.Request) -> api.Response:
    return api.Response(
        200,
        {
            "requestId": request.request_id,
            "route": request.route,
            "headers": dict(request.headers),
            "pathParameters": dict(request.path_parameters),
            "query": {name: list(values) for name, values in request.query.items()},
            "body": request.body.decode(errors="replace"),
        },
    )


@api.http_handler(allowed_origins=[ORIGIN])
def show_id(request: api.Request) -> api.Response:
    return api.Response(200, {"productId": request.product_id()})


@api.http_handler(allowed_origins=[ORIGIN])
def show_json(request: api.Request) -> api.Response:
    return api.Response(200, {name: str(value) for name, value in request.json_object().items()})


def raising(error):
    @api.http_handler(allowed_origins=[ORIGIN])
    def handler(request: api.Request) -> api.Response:
        raise error

    return handler


# Requests


def test_request_is_read_from_the_event(call):
    seen = call(echo, "PUT", "AB-1", body="{}", query={"a": ["1", "2"], "b": "3"}, request_id="r-1").body

    assert seen["requestId"] == "r-1"
    assert seen["route"] == "/v1.0/products/{productId}"
    assert seen["pathParameters"] == {"productId": "AB-1"}
    assert seen["query"] == {"a": ["1", "2"], "b": ["3"]}
    assert seen["body"] == "{}"


def test_header_names_are_the_same_in_any_case(call):
    assert call(echo, headers={"X-Some-Header": "Value"}).body["headers"]["x-some-header"] == "Value"


@pytest.mark.parametrize(
    "headers",
    [{"If-Match": ['"1"', '"2", "3"']}, {"If-Match": ['"1"'], "if-match": ['"2", "3"']}],
    ids=["same", "case"],
)
def test_header_that_is_repeated_is_read_as_one_list(call, api_event, headers):
    event = api_event()
    event["multiValueHeaders"] |= headers
    event["headers"] |= {name: values[-1] for name, values in headers.items()}

    assert call(echo, event=event).body["headers"]["if-match"] == '"1", "2", "3"'


@pytest.mark.parametrize("missing", [{}, {"multiValueHeaders": None}])
def test_event_without_lists_of_header_values_is_read_too(call, api_event, missing):
    event = api_event(headers={"If-Match": '"1"'})
    del event["multiValueHeaders"]

    assert call(echo, event=event | missing).body["headers"]["if-match"] == '"1"'


def test_key_that_is_sent_beside_another_is_neither_of_them(api_event, writer_key, reader_key):
    request = api.Request.from_event(api_event(key=None, headers={"x-api-key": [reader_key, writer_key]}))

    with pytest.raises(Forbidden):
        ApiClients(os.environ["API_CLIENTS"]).client_of(request)


def test_nulls_in_the_event_are_as_good_as_nothing(call, api_event):
    nothing = ("headers", "multiValueHeaders", "pathParameters", "multiValueQueryStringParameters")
    event = api_event() | dict.fromkeys(nothing)

    seen = call(echo, event=event).body

    assert (seen["headers"], seen["pathParameters"], seen["query"], seen["body"]) == ({}, {}, {}, "")


def test_body_in_base64_is_decoded(call):
    assert call(echo, "POST", body='{"name": "Größe"}'.encode()).body["body"] == '{"name": "Größe"}'


def test_request_shows_no_key_and_no_body_when_printed(api_event, writer_key):
    event = api_event("POST", body={"name": "Secret plan"}, query={"name": "Secret search"})

    assert writer_key not in repr(api.Request.from_event(event))
    assert "Secret" not in repr(api.Request.from_event(event))


def test_product_id_is_taken_in_any_case_and_given_in_lower_case(call):
    answer = call(show_id, "GET", "3F2B8C1E-5D4A-4B6F-9C7E-8A1D2E3F4A5B")

    assert answer.body == {"productId": "3f2b8c1e-5d4a-4b6f-9c7e-8a1d2e3f4a5b"}


@pytest.mark.parametrize(
    "product_id",
    [
        "1",
        "not-a-uuid",
        "3f2b8c1e5d4a4b6f9c7e8a1d2e3f4a5b",
        "3f2b8c1e-5d4a-4b6f-9c7e-8a1d2e3f4a5",
        "3f2b8c1e-5d4a-4b6f-9c7e-8a1d2e3f4a5b0",
        "3g2b8c1e-5d4a-4b6f-9c7e-8a1d2e3f4a5b",
        "{3f2b8c1e-5d4a-4b6f-9c7e-8a1d2e3f4a5b}",
        "3f2b8c1e-5d4a-4b6f-9c7e-8a1d2e3f4a5b\n",
        "３f2b8c1e-5d4a-4b6f-9c7e-8a1d2e3f4a5b",
        "%20",
    ],
)
def test_product_id_that_is_no_uuid_is_refused(call, product_id):
    answer = call(show_id, "GET", product_id)

    assert answer.status == 400
    assert answer.body["error"] == "ValidationError"
    assert [detail["field"] for detail in answer.body["details"]] == ["productId"]
    assert "UUID" in answer.body["message"]


def test_route_without_a_product_id_is_refused_where_one_is_needed(call):
    assert call(show_id, "GET").status == 400


# Bodies


@pytest.mark.parametrize("content_type", ["application/json", "Application/JSON; charset=utf-8; foo=bar"])
def test_body_declared_to_be_json_is_read(call, content_type):
    answer = call(show_json, "POST", body='{"a": "b"}', headers={"Content-Type": content_type})

    assert answer.body == {"a": "b"}


def test_body_without_a_declaration_is_read_as_json(call):
    assert call(show_json, "POST", body='{"a": "b"}', headers={"Content-Type": None}).body == {"a": "b"}


@pytest.mark.parametrize(
    "content_type",
    ["text/plain", "application/merge-patch+json", "application/json; charset=latin-1", ["application/json"] * 2, ""],
)
def test_body_declared_to_be_something_else_is_refused(call, content_type):
    answer = call(show_json, "POST", body='{"a": "b"}', headers={"content-type": content_type})

    assert (answer.status, answer.body["error"]) == (415, "UnsupportedMediaType")
    assert answer.body["details"] == [{"field": "Content-Type", "message": "must be application/json in UTF-8"}]


@pytest.mark.parametrize("as_bytes", [True, False])
def test_body_of_32_kb_is_read_and_one_byte_more_is_refused(call, as_bytes):
    # Two bytes for each "é": what counts are bytes, not characters.
    largest = f'{{"a":"{"é" * (16 * 1024 - 4)}"}}'
    assert len(largest.encode()) == 32 * 1024

    def post(text):
        return call(show_json, "POST", body=text.encode() if as_bytes else text)

    assert post(largest).status == 200
    answer = post(largest + " ")
    assert (answer.status, answer.body["error"]) == (413, "PayloadTooLarge")
    assert answer.body["details"] == [{"field": "body", "message": "must have at most 32768 bytes"}]


def test_half_a_surrogate_pair_in_the_event_is_refused_as_bad_utf_8(call):
    answer = call(show_json, "POST", body='{"a": "\ud83d"}')

    assert (answer.status, answer.body["details"][0]["field"]) == (400, "body")


# What the caller takes


@pytest.mark.parametrize("accept", [None, "", "*/*", "application/json", "text/html, */*;q=0.1", ["text/html", "*/*"]])
@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "PUT", "DELETE"])
def test_caller_who_takes_json_gets_it(call, method, accept):
    assert call(echo, method, headers={"Accept": accept}).status == 200


@pytest.mark.parametrize("accept", ["text/html", "application/json;q=0", "application/xml, text/*;q=0.5"])
@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE"])
def test_caller_who_takes_no_json_is_refused_in_json(call, method, accept):
    answer = call(raising(AssertionError("it was let in")), method, headers={"Accept": accept}, request_id="r-1")

    assert (answer.status, answer.headers["Content-Type"]) == (406, "application/json")
    assert answer.body == {
        "error": "NotAcceptable",
        "message": "Accept must allow application/json",
        "details": [{"field": "Accept", "message": "must allow application/json"}],
        "requestId": "r-1",
    }


# Answers


def test_answer_is_json_in_readable_utf_8(call):
    @api.http_handler(allowed_origins=[ORIGIN])
    def handler(request: api.Request) -> api.Response:
        return api.Response(200, {"name": "Größe 日本"})

    answer = call(handler)

    assert answer.text == '{"name": "Größe 日本"}'
    assert answer.headers["Content-Type"] == "application/json"


def test_answer_without_a_body_declares_none(call):
    @api.http_handler(allowed_origins=[ORIGIN])
    def handler(request: api.Request) -> api.Response:
        return api.Response(204, headers={"X-Change-Id": "c-1"})

    answer = call(handler)

    assert (answer.status, answer.text) == (204, "")
    assert "Content-Type" not in answer.headers
    assert answer.headers["X-Change-Id"] == "c-1"


@pytest.mark.parametrize("outcome", [None, Forbidden("no"), RuntimeError()], ids=["answer", "refusal", "failure"])
def test_head_is_answered_as_get_and_the_gateway_left_to_drop_the_body(call, outcome):
    @api.http_handler(allowed_origins=[ORIGIN])
    def handler(request: api.Request) -> api.Response:
        if outcome is not None:
            raise outcome
        return api.Response(200, {"name": "Größe"}, {"ETag": '"1"'})

    head, get = (call(handler, method, headers={"Origin": ORIGIN}) for method in ("HEAD", "GET"))

    assert head == get


def test_answer_names_its_request(call):
    for handler in (echo, raising(NameTaken()), raising(RuntimeError())):
        assert call(handler, "PUT", request_id="r-7").headers["X-Request-Id"] == "r-7"


def test_caller_cannot_name_the_request(call):
    assert call(echo, headers={"X-Request-Id": "mine"}, request_id="r-7").headers["X-Request-Id"] == "r-7"


def test_answer_is_safe_wherever_it_is_opened(call):
    for handler in (echo, raising(NameTaken()), raising(RuntimeError())):
        headers = call(handler).headers

        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Strict-Transport-Security"] == "max-age=31536000"
        assert headers["Content-Security-Policy"] == "default-src 'none'; frame-ancestors 'none'; sandbox"


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize("status", [200, 304])
def test_what_was_read_may_be_kept_by_the_caller_who_asks_each_time_whether_it_holds(call, method, status):
    @api.http_handler(allowed_origins=[ORIGIN])
    def handler(request: api.Request) -> api.Response:
        return api.Response(status)

    headers = call(handler, method).headers

    assert headers["Cache-Control"] == "private, no-cache"
    assert headers["Vary"] == "Accept-Encoding, Origin"


@pytest.mark.parametrize(
    ("method", "handler"),
    [
        ("GET", raising(NameTaken())),
        ("HEAD", raising(NameTaken())),
        ("GET", raising(RuntimeError())),
        ("POST", echo),
        ("PUT", echo),
        ("DELETE", echo),
    ],
)
def test_nothing_else_may_be_kept(call, method, handler):
    assert call(handler, method).headers["Cache-Control"] == "no-store"


def test_refusal_quotes_the_request_id_and_leaves_details_out_where_there_are_none(call):
    answer = call(raising(Forbidden("no")), request_id="r-7")

    assert answer.status == 403
    assert answer.body == {"error": "Forbidden", "message": "no", "requestId": "r-7"}


def test_refusal_names_each_field_at_fault(call):
    error = ValidationError([{"field": "a", "message": "must be 1"}, {"field": "b", "message": "must be 2"}])

    assert call(raising(error), request_id="r-7").body == {
        "error": "ValidationError",
        "message": "a must be 1; b must be 2",
        "requestId": "r-7",
        "details": [{"field": "a", "message": "must be 1"}, {"field": "b", "message": "must be 2"}],
    }


@pytest.mark.parametrize(
    "error",
    [
        RuntimeError("the password is 1234"),
        KeyError("bbws-products-local"),
        RecursionError(),
        UnicodeDecodeError("utf-8", b"\xff", 0, 1, "invalid start byte"),
        ClientError({"Error": {"Code": "AccessDeniedException"}, "ResponseMetadata": {"HTTPStatusCode": 400}}, "Query"),
    ],
)
def test_unexpected_failure_is_a_500_that_gives_nothing_away(call, error):
    answer = call(raising(error), request_id="r-9")

    assert answer.status == 500
    assert answer.body == {
        "error": "InternalError",
        "message": "the service failed; quote the requestId when you report it",
        "requestId": "r-9",
    }


@pytest.mark.parametrize(
    "error",
    [
        ClientError({"Error": {"Code": "ThrottlingException"}, "ResponseMetadata": {"HTTPStatusCode": 400}}, "Query"),
        ClientError({"Error": {"Code": "InternalServerError"}, "ResponseMetadata": {"HTTPStatusCode": 500}}, "Query"),
        ReadTimeoutError(endpoint_url="https://dynamodb.example"),
        EndpointConnectionError(endpoint_url="https://dynamodb.example"),
    ],
)
def test_failure_of_aws_is_a_503_that_says_when_to_try_again(call, error):
    answer = call(raising(error), request_id="r-9")

    assert answer.status == 503
    assert int(answer.headers["Retry-After"]) >= 1
    assert answer.body == {
        "error": "ServiceUnavailable",
        "message": "the service is busy; try again in a moment",
        "requestId": "r-9",
    }


@pytest.mark.parametrize(
    ("error", "faults"),
    [
        (RuntimeError(), 1),
        (ReadTimeoutError(endpoint_url="https://dynamodb.example"), 1),
        (Forbidden("no"), 0),
        (NameTaken(), 0),
    ],
)
def test_answers_of_5xx_are_counted_for_the_function_and_others_are_not(call, capsys, error, faults):
    call(raising(error))

    counted = [line for line in map(json.loads, capsys.readouterr().out.splitlines()) if "Faults" in line]
    assert [(line["Faults"], line["Function"]) for line in counted] == [(1, "bbws-under-test-local")] * faults


@pytest.mark.parametrize("event", [{}, {"requestContext": None, "headers": None}, {"requestContext": {}}])
def test_event_of_another_shape_is_a_500_in_the_error_shape(call, event):
    answer = call(echo, event=event)

    assert (answer.status, answer.body["error"]) == (500, "InternalError")


# Metrics


@pytest.mark.parametrize(("outcome", "faults"), [(None, []), (NameTaken(), []), (RuntimeError(), [1])], ids=str)
def test_duration_of_every_request_is_counted_and_every_failure(call, clock, measured, outcome, faults):
    @api.http_handler(allowed_origins=[ORIGIN])
    def handler(request: api.Request) -> api.Response:
        clock.sleep(0.25)
        if outcome is not None:
            raise outcome
        return api.Response(200, {})

    call(handler)

    found = measured()
    assert [metric.value for metric in found if metric.name == "RequestDuration"] == [250]
    assert [metric.value for metric in found if metric.name == "Faults"] == faults
    dimensions = {"Environment": "local", "Function": "bbws-under-test-local"}
    assert all(metric.dimensions == dimensions for metric in found)


@pytest.mark.parametrize("outcome", [None, NameTaken(), RuntimeError()], ids=str)
def test_duration_of_a_request_that_waited_is_not(call, clock, measured, outcome):
    @api.http_handler(allowed_origins=[ORIGIN])
    def handler(request: api.Request) -> api.Response:
        request.stopwatch.pause(2)
        if outcome is not None:
            raise outcome
        return api.Response(200, {})

    call(handler)

    assert {metric.name for metric in measured()} == ({"Faults"} if isinstance(outcome, RuntimeError) else set())


# CORS


def test_allowed_origin_may_read_the_answer_and_its_headers(call):
    headers = call(echo, headers={"Origin": ORIGIN}).headers

    assert headers["Access-Control-Allow-Origin"] == ORIGIN
    assert "Origin" in headers["Vary"].split(", ")
    exposed = set(headers["Access-Control-Expose-Headers"].split(", "))
    assert exposed == {"Allow", "ETag", "Location", "Preference-Applied", "Retry-After", "X-Change-Id", "X-Request-Id"}


@pytest.mark.parametrize("origin", [None, "https://evil.example", "null", ORIGIN + ".evil.example"])
def test_other_origins_are_told_nothing_but_that_the_answer_varies(call, origin):
    headers = call(echo, headers={"Origin": origin}).headers

    assert not [name for name in headers if name.startswith("Access-Control")]
    assert "Origin" in headers["Vary"].split(", ")


def test_any_origin_is_allowed_by_an_asterisk(call):
    @api.http_handler(allowed_origins=["*"])
    def handler(request: api.Request) -> api.Response:
        return api.Response(200, {})

    headers = call(handler, headers={"Origin": "https://anyone.example"}).headers

    assert headers["Access-Control-Allow-Origin"] == "*"
    assert "X-Request-Id" in headers["Access-Control-Expose-Headers"]


@pytest.mark.parametrize("error", [NameTaken(), RuntimeError()])
def test_refusals_may_be_read_by_allowed_origins_too(call, error):
    assert call(raising(error), headers={"Origin": ORIGIN}).headers["Access-Control-Allow-Origin"] == ORIGIN


# Logs


def test_one_line_tells_what_was_answered(call, logged):
    call(raising(NameTaken()), "POST", body="{}", request_id="r-1")

    (entry,) = logged()
    assert entry["level"] == "INFO"
    assert entry["request_id"] == "r-1"
    assert (entry["method"], entry["route"], entry["status"]) == ("POST", "/v1.0/products", 409)
    assert entry["error"] == "NameTaken"
    assert entry["duration_ms"] >= 0


def test_neither_the_key_nor_what_a_customer_wrote_is_logged(call, logged, writer_key):
    secret = "Größe secret"

    call(echo, "POST", body={"name": secret}, query={"name": secret}, headers={"Origin": secret})
    call(raising(ValidationError.of(secret, secret)), "POST", body=f'{{"name": {secret}')

    assert len(logged()) == 2
    assert writer_key not in repr(logged())
    assert "secret" not in repr(logged())


def test_unexpected_failure_is_logged_as_an_error_with_its_cause(call, logged):
    call(raising(RuntimeError("cause")), request_id="r-1")

    (error,) = [entry for entry in logged() if entry["level"] == "ERROR"]
    assert error["request_id"] == "r-1"
    assert "RuntimeError: cause" in error["exception"]


def test_failure_of_aws_is_logged_as_a_warning_with_its_cause(call, logged):
    call(raising(ReadTimeoutError(endpoint_url="https://dynamodb.example")), request_id="r-1")

    (warning,) = [entry for entry in logged() if entry["level"] == "WARNING"]
    assert warning["request_id"] == "r-1"
    assert "ReadTimeoutError" in warning["exception"]


def test_what_is_logged_later_bears_no_earlier_request_id(call, logged):
    call(raising(RuntimeError()), request_id="r-1")
    logger.info("something else")

    assert "request_id" not in logged()[-1]


def test_answer_to_a_failure_is_json_whatever_the_message_holds(call):
    answer = call(raising(ValidationError.of('a"\n\u2028', "must be ’quoted’")))

    assert json.loads(answer.text)["details"] == [{"field": 'a"\n\u2028', "message": "must be ’quoted’"}]
