"""The functions take and refuse exactly what the document does: bodies, parameters and headers.

What is generated lies around the borders: as long as is allowed or a little more, with the characters and numbers that
are easily judged differently. Where something is refused, both must blame the same fields.
"""

from __future__ import annotations

import json
import re
from types import SimpleNamespace
from typing import TYPE_CHECKING, cast

import pytest
from conformance import functions
from conformance.budget import EXAMPLES, SEED
from conformance.contract import component, faults_of_body, faults_of_query, parameters, refuses_text
from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from hypothesis.strategies import SearchStrategy
    from product_api import Json

quietly = settings(deadline=None, database=None, suppress_health_check=list(HealthCheck))
some = settings(quietly, max_examples=500 + 10 * EXAMPLES)
many = settings(quietly, max_examples=2000 + 20 * EXAMPLES)

BLANKS = list(" \u00a0\u1680\u2003\u3000\u00ad\u200b\u200d\u2060\ufeff")
# What NFC makes fewer or more characters of, what it leaves, and what is refused.
COMPOSED = ["e\u0301", "A\u030a", "\u1100\u1161\u11a8", "\u0958", "\ufb2c", "\U0001d15e"]
ORDINARY = [*"abcXYZ 019-.,'\"\\/&<>éßİ中🙂\u0301\u061c\ufdd0\ue000\u3164\u2800\U0001fffd"]
REFUSED = [*"\t\n\0\x1f\x7f\x85\x9f\ufffd\ufffe\uffff\u2028\u202e\u2067\U0001fffe\U0010ffff"]


@st.composite
def texts(draw: st.DrawFn, shortest: int, longest: int) -> str:
    """Draw a text as long as is allowed, or a little shorter or longer, with whatever else may count."""
    near = st.sampled_from([shortest - 1, shortest, shortest + 1, longest - 1, longest, longest + 1])
    length = draw(near | st.integers(0, longest + 1))
    characters = [draw(st.sampled_from(ORDINARY))] * length
    special = st.sampled_from(BLANKS) | st.sampled_from(COMPOSED) | st.sampled_from(ORDINARY)
    for place, character in draw(st.lists(st.tuples(st.integers(0, longest), special), max_size=4)):
        characters[place : place + 1] = [character]
    if draw(st.sampled_from([False] * 9 + [True])):
        characters.insert(draw(st.integers(0, length)), draw(st.sampled_from(REFUSED)))
    around = st.text(st.sampled_from(BLANKS), max_size=2)
    return draw(around) + "".join(characters) + draw(around)


ZEROS = "0" * 38
BORDERS = st.sampled_from(
    """
    0 0.0009 0.001 0.0011 0.009 0.01 0.011 0.9 1 999999.99 1000000 999999999.999 1000000000 999999999.9999
    9999999999.99 9999999999.991 10000000000 999999999999 999999999999.01 1000000000000
    """.split()
)
NUMBERS = (
    st.sampled_from(
        f"""
    -0 0.0 -0.0 0.00 0.001 0.010 0.1 -0.01 -1 1 1.10 1.100 1.005 10.5 12.345 999999.990 999999.995
    1e2 1E+2 1e-2 1e-3 1.5e1 1.234e2 12345e-2 12345e-3 1e5 1e6 99999999e-2 0e9 0.1e0
    1e400 1e-400 1e999999999 1e-999999999 1e9999999999999999999999 1e-9999999999999999999999
    1.{ZEROS} 1.{ZEROS}1 0.01{ZEROS} 0.01{ZEROS}1 {ZEROS}1 9{ZEROS} 9{ZEROS}.5 0.30000000000000004
    01 1. .5 +1 0x10 1_000 1e NaN Infinity -Infinity
    """.split()
    )
    | st.decimals("-1", "1000001", places=3).map(str)
    | st.decimals("-1", "1000001", places=2).map(str)
)
ANYTHING = st.sampled_from(
    """null true false 1 "" "true" "12.50" [] {} ["abc"] [null] [[1]] {"a":1} "\\ud83d" """.split()
)


def as_json(value: object) -> SearchStrategy[str]:
    """Return a value as JSON, with its characters escaped or not."""
    return st.booleans().map(lambda escaped: json.dumps(value, ensure_ascii=escaped))


CURRENCIES = [
    # Those of other decimals often.
    *("JPY", "KWD", "VND", "BHD") * 10,
    *cast("list[str]", component("schemas", "Currency")["enum"]),
    *("zar", "ZA", "ZAR ", "", "XXX", "XAU", "XTS", "BOV", "ＺＡＲ"),
]
CYCLES = ["monthly", "yearly", "one-time", "Monthly", "weekly", "", "monthly "]
FEATURE_LISTS = [["Feature"] * 20, ["Feature"] * 21, ["short"], ["four"]]
FIELDS: dict[str, SearchStrategy[str]] = {
    "name": texts(3, 100).flatmap(as_json),
    "description": texts(10, 500).flatmap(as_json),
    "price": BORDERS | NUMBERS,
    "currency": (st.sampled_from(CURRENCIES) | st.text("ABCXYZ", min_size=3, max_size=3)).flatmap(as_json),
    "billingCycle": st.sampled_from(CYCLES).flatmap(as_json),
    "features": (st.lists(texts(5, 200), max_size=3) | st.sampled_from(FEATURE_LISTS)).flatmap(as_json),
    "active": st.sampled_from(["true", "false"]),
}
VALID = {
    "name": '"WordPress"',
    "description": '"A hosting package"',
    "price": "299.99",
    "currency": '"ZAR"',
    "billingCycle": '"monthly"',
    "features": '["Backups"]',
    "active": "true",
}
UNKNOWN = st.sampled_from(["colour", "Name", "productId", "version", "__proto__", "größe", "", "price ", "x" * 200])


@st.composite
def objects(draw: st.DrawFn) -> bytes:
    """Draw a JSON object: fields that are valid but for a few, some left out, some unknown, some given twice."""
    left_out = draw(st.sampled_from([0, 0, 0, 0, 1, 3, 7]))
    varied = draw(st.sets(st.sampled_from(list(VALID)), max_size=3))
    pairs = [(name, VALID[name]) for name in draw(st.permutations(list(VALID)))[left_out:]]
    for place, (name, _) in enumerate(pairs):
        if name in varied:
            pairs[place] = (name, draw(draw(st.sampled_from([FIELDS[name]] * 7 + [ANYTHING]))))
    odd = draw(st.sampled_from(["none"] * 8 + ["unknown", "twice"]))
    if odd == "unknown":
        pairs.append((draw(UNKNOWN), "1"))
    if odd == "twice" and pairs:
        pairs.append(draw(st.sampled_from(pairs)))
    blank = st.sampled_from(["", "", " ", "\n\t"])
    body = ",".join(f"{draw(blank)}{json.dumps(name)}{draw(blank)}:{draw(blank)}{value}" for name, value in pairs)
    return f"{draw(blank)}{{{body}{draw(blank)}}}{draw(blank)}".encode("utf-8", "surrogatepass")


NO_OBJECTS = st.sampled_from(
    [
        *(b"", b" ", b"{", b"}", b"[]", b"null", b"1", b'"name"', b"{}{}", b"NaN"),
        *(b"{'name': 'abc'}", b'{"price": 1,}', b'{"price": 1 /* one */}'),
        *(b'\xef\xbb\xbf{"price": 1}', '{"price": 1}'.encode("utf-16"), b'{"name": "\xff\xfe"}'),
        *(b'{"name": "\xed\xa0\xbd"}', b'{"name": "\xef\xbf\xbd abc"}'),
        *(b"[" * 100_000, b'{"a":' * 100_000),
    ]
) | st.binary(max_size=40)

MOST_TOLD = cast(
    "int", cast("Json", cast("Json", component("schemas", "ApiError")["properties"])["details"])["maxItems"]
)

bodies = objects() | objects() | objects() | objects() | NO_OBJECTS


@pytest.mark.parametrize(
    ("schema", "read"), [("NewProduct", functions.new_product), ("ProductChanges", functions.product_changes)]
)
@given(body=bodies)
@seed(SEED)
@many
def test_bodies_are_taken_and_refused_as_the_document_says(
    schema: str, read: Callable[[Mapping[str, object]], Json], body: bytes
) -> None:
    blamed = functions.refused(lambda: read(functions.parse_object(body)))
    expected = faults_of_body(schema, body)
    assert bool(blamed) == bool(expected), (blamed, expected)
    if expected != {"body"} and "body" not in blamed:
        told = {re.sub(r"\[\d+\]$", "", field) for field in blamed}
        quoted = {name if len(name) <= 40 else f"{name[:40]}…" for name in expected}
        assert told == quoted or (len(blamed) == MOST_TOLD and told < quoted)


BOUNDS = """
    0 0.00 1 00.5 1.5 1.50 1.500 1.005 1.0005 999999999999 999999999999.1 1000000000000 -1 1e2 .5 1. NaN ٣
""".split()
ID = "6b1f3c9a-0d5e-4e72-b8f4-a27c915d60e3"
QUERY_VALUES: dict[str, SearchStrategy[str]] = {
    "limit": st.sampled_from(["1", "100", "0", "101", "7", "007", "-1", "+5", "1.0", "1e1", "", " 5", "٣", "99999"]),
    "cursor": st.just("AbC-_9"),
    "sortBy": st.sampled_from(["createdAt", "price", "name", "Price", "", "createdat"]),
    "order": st.sampled_from(["asc", "desc", "ASC", "", "descending"]),
    "name": texts(1, 100),
    "minPrice": st.sampled_from(["", *BOUNDS]),
    "maxPrice": st.sampled_from(["", *BOUNDS]),
    "active": st.sampled_from(["true", "false", "True", "1", "", "no"]),
    "billingCycle": st.sampled_from(CYCLES),
    "currency": st.sampled_from(CURRENCIES),
    "changeId": st.sampled_from([ID, ID.upper(), ID[:4], ID.replace("-", ""), ""]),
    "wait": st.sampled_from(["0", "1", "10", "11", "01", "1.5", "-1", "", "٣"]),
    "Limit": st.just("1"),
    "page": st.just("1"),
}


@st.composite
def queries(draw: st.DrawFn, operation_id: str) -> dict[str, list[str]]:
    """Draw every value given for each parameter: few parameters, most of them once."""
    names = draw(st.sets(st.sampled_from([*parameters(operation_id, "query"), "Limit", "page"]), max_size=4))
    most = draw(st.sampled_from([1, 1, 1, 1, 2]))
    return {name: draw(st.lists(QUERY_VALUES[name], min_size=1, max_size=most)) for name in names}


@pytest.mark.parametrize(
    ("operation_id", "read"),
    [("listProducts", functions.read_list_query), ("listChanges", functions.read_history_query)],
)
@given(data=st.data())
@seed(SEED)
@many
def test_queries_are_taken_and_refused_as_the_document_says(
    operation_id: str, read: Callable[[Mapping[str, Sequence[str]]], object], data: st.DataObject
) -> None:
    query = data.draw(queries(operation_id))
    blamed = functions.refused(lambda: read(query))
    expected = faults_of_query(operation_id, query)
    assert bool(blamed) == bool(expected), (blamed, expected)
    if all(len(values) == 1 for values in query.values()):
        assert blamed <= expected


KEYS = st.text([*map(chr, range(0x20, 0x80)), "é"], max_size=5) | st.integers(250, 260).map("k".__mul__)


@given(key=KEYS)
@seed(SEED)
@some
def test_idempotency_keys_are_taken_and_refused_as_the_document_says(key: str) -> None:
    parameter = parameters("createProduct", "header")["Idempotency-Key"]
    request = SimpleNamespace(headers={"idempotency-key": key})
    assert bool(functions.refused(lambda: functions.idempotency_key(request))) == refuses_text(parameter, key)


CONDITIONS = st.lists(
    st.sampled_from(
        ['"3"', 'W/"3"', 'w/"3"', '""', '"a,b"', '"é"', '"\x7f"', '"a b"', "*", "3", "W/", '"', ",", " ", "\t", ", "]
    ),
    max_size=7,
).map("".join)


@pytest.mark.parametrize(
    ("operation_id", "name"),
    [
        ("updateProduct", "If-Match"),
        ("withdrawProduct", "If-Match"),
        ("getProduct", "If-None-Match"),
        ("listProducts", "If-None-Match"),
    ],
)
@given(value=CONDITIONS)
@seed(SEED)
@some
def test_conditions_are_taken_and_refused_as_the_document_says(operation_id: str, name: str, value: str) -> None:
    expected = {name} if refuses_text(parameters(operation_id, "header")[name], value) else set()
    assert functions.refused(lambda: functions.parse_entity_tags(name, value)) == expected


ATTRIBUTIONS = st.lists(
    st.sampled_from(
        [
            *("a", " ", "%20", "%", "%4", "%C3%AB", "%C3", "%e6%97%A5", "%0A", "%C2%85", "%E2%80%A8", "%E2%80%AE"),
            *("%E2%81%A9", "é", "%25", "%00", "%7F", "%EF%BF%BD", "%EF%BF%BF", "%F0%9F%BF%BE", "%E2%80%8B", "%CC%88"),
            *("x" * 99, "%C3%AB" * 250),
        ]
    ),
    max_size=6,
).map("".join)


@pytest.mark.parametrize("header", ["X-Acting-User", "X-Change-Note"])
@given(value=ATTRIBUTIONS)
@seed(SEED)
@many
def test_who_asked_and_why_are_taken_and_refused_as_the_document_says(header: str, value: str) -> None:
    # HTTP itself takes the blanks around a header's value away.
    value = value.strip(" ")
    request = SimpleNamespace(headers={header.lower(): value})
    blamed = functions.refused(lambda: functions.attribution(request))
    assert blamed == ({header} if refuses_text(parameters("updateProduct", "header")[header], value) else set())


IDS = (
    st.uuids().map(str)
    | st.from_regex(r"[0-9A-Fa-fg]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}\n?")
    | st.text("0123456789abcdefABCDEF-", max_size=40)
)


@given(value=IDS)
@seed(SEED)
@some
def test_ids_are_taken_and_refused_as_the_document_says(value: str) -> None:
    parameter = parameters("getProduct", "path")["productId"]
    assert functions.is_product_id(value.lower()) != refuses_text(parameter, value)


@given(query=st.lists(st.text(max_size=5) | st.booleans() | st.none(), max_size=4), position=st.text(max_size=50))
@seed(SEED)
@some
def test_every_cursor_that_is_handed_out_is_one_of_the_document(query: list[object], position: str) -> None:
    parameter = parameters("listProducts", "query")["cursor"]
    assert not refuses_text(parameter, functions.encode_cursor(query, position))


@given(cursor=st.text(max_size=20) | st.from_regex(r"[A-Za-z0-9_=+/-]*"))
@seed(SEED)
@some
def test_what_is_no_cursor_of_the_document_is_refused(cursor: str) -> None:
    parameter = parameters("listProducts", "query")["cursor"]
    if refuses_text(parameter, cursor):
        assert functions.refused(lambda: functions.decode_cursor([], cursor)) == {"cursor"}
