"""A product's history: what became of each change, for writers, newest first."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from typing import TYPE_CHECKING, TypeAlias, cast

import pytest
from product_api import assert_refused, eventually, is_uuid, json_of

if TYPE_CHECKING:
    import requests
    from product_api import Json, Product, ProductApi, Products

Record: TypeAlias = "dict[str, object]"

UNKNOWN = "00000000-0000-4000-8000-000000000000"
# Each may need a function's process of its own, and starting those takes its time on a small computer.
AT_ONCE = 4


def page_of(response: requests.Response) -> tuple[list[Record], str | None]:
    """Return the records on a page, and the cursor to the next."""
    assert response.status_code == 200, response.text
    page = json_of(response)
    assert page.keys() == {"changes", "count", "nextCursor", "archivedThrough"}
    records = cast("list[Record]", page["changes"])
    assert page["count"] == len(records)
    # Nothing that these tests make is old enough to have left the table.
    assert page["archivedThrough"] is None
    return records, cast("str | None", page["nextCursor"])


def walk(api: ProductApi, product_id: object, **query: object) -> list[list[Record]]:
    """Return all pages of a history."""
    records, cursor = page_of(api.history(product_id, **query))
    pages = [records]
    while cursor is not None:
        assert len(pages) < 100, "a history of a few changes does not end"
        records, cursor = page_of(api.history(product_id, **query, cursor=cursor))
        pages.append(records)
    return pages


def decided(api: ProductApi, product_id: object, change_id: object) -> Record:
    """Return the record of a change once it has been decided; until then there is none."""

    def probe() -> Record | None:
        response = api.history(product_id, changeId=change_id)
        if response.status_code == 404:
            assert "pending" in str(assert_refused(response, 404, "NotFound")["message"])
            return None
        ((record,), cursor) = page_of(response)
        assert cursor is None
        assert record["changeId"] == change_id
        return record

    return eventually(probe, f"change {change_id} is decided")


def outcome(record: Record) -> tuple[object, object, object]:
    return record["changeType"], record["status"], record["reason"]


@pytest.fixture(scope="module")
def changed(writer: ProductApi, products: Products) -> Product:
    """A product of seven changes."""
    product = products.make(price=1)
    for price in range(2, 8):
        product = products.update(product["productId"], price=price)
    return product


# What became of a change


def test_client_learns_what_became_of_its_creation(writer: ProductApi, products: Products) -> None:
    fields = products.fields(price=299.99, features=["Größe 日本"])
    accepted = json_of(products.request(**fields))
    record = decided(writer, accepted["productId"], accepted["changeId"])
    assert outcome(record) == ("CREATE", "APPLIED", None)
    assert (record["sequence"], record["version"], record["productId"]) == (1, 1, accepted["productId"])
    kept = cast("Record", record["fields"])
    assert kept.items() >= {**fields, "price": Decimal("299.99"), "currency": "ZAR", "active": True}.items()
    assert record["before"] is None
    assert record["after"] == writer.product(accepted["productId"])


def test_client_learns_what_became_of_its_update(writer: ProductApi, products: Products) -> None:
    before = products.make(price=10)
    product_id = before["productId"]
    accepted = json_of(writer.update(product_id, {"price": 12.5}))
    record = decided(writer, product_id, accepted["changeId"])
    assert outcome(record) == ("UPDATE", "APPLIED", None)
    assert record["fields"] == {"price": Decimal("12.5"), "currency": "ZAR"}
    assert (record["before"], record["after"]) == (before, writer.product(product_id))
    assert record["changed"] == ["price"]
    assert (record["sequence"], record["version"]) == (2, 2)
    assert record["requestedBy"] == before["lastUpdatedBy"]


def test_client_learns_what_became_of_its_withdrawal_from_a_history_that_stays_readable(
    writer: ProductApi, products: Products
) -> None:
    product_id = products.make()["productId"]
    change_id = writer.withdraw(product_id).headers["X-Change-Id"]
    record = decided(writer, product_id, change_id)
    assert outcome(record) == ("DELETE", "APPLIED", None)
    assert record["fields"] == {"active": False}
    assert cast("Product", record["after"])["active"] is False
    assert_refused(writer.get(product_id), 404, "ProductNotFound")
    ((latest, first),) = walk(writer, product_id)
    assert latest == record
    assert outcome(first) == ("CREATE", "APPLIED", None)


def test_clients_that_wanted_one_name_at_once_learn_which_of_them_has_it(
    writer: ProductApi, products: Products
) -> None:
    def race() -> tuple[str, list[Json]] | None:
        name = products.name("wanted by many")
        with ThreadPoolExecutor(AT_ONCE) as pool:
            responses = list(pool.map(lambda _: products.request(name=name, price=5), range(2 * AT_ONCE)))
        accepted = [json_of(response) for response in responses if response.status_code == 202]
        # The rest was refused at once, because the name was taken by then.
        return (name, accepted) if len(accepted) > 1 else None

    name, accepted = eventually(race, "several are accepted")
    records = [decided(writer, answer["productId"], answer["changeId"]) for answer in accepted]
    applied = [record for record in records if record["status"] == "APPLIED"]
    rejected = [record for record in records if record["status"] != "APPLIED"]
    assert len(applied) == 1
    for record in rejected:
        assert outcome(record) == ("CREATE", "REJECTED", "NameTaken")
        assert (record["version"], record["before"], record["after"]) == (0, None, None)
        assert cast("Json", record["fields"])["name"] == name
        assert_refused(writer.get(record["productId"]), 404, "ProductNotFound")
        assert walk(writer, record["productId"]) == [[record]]


def test_change_that_was_never_asked_for_is_not_found(writer: ProductApi, changed: Product) -> None:
    answer = assert_refused(writer.history(changed["productId"], changeId=UNKNOWN), 404, "NotFound")
    assert UNKNOWN in str(answer["message"])


def test_change_of_another_product_is_not_found(writer: ProductApi, products: Products, changed: Product) -> None:
    accepted = json_of(products.request())
    decided(writer, accepted["productId"], accepted["changeId"])
    assert_refused(writer.history(changed["productId"], changeId=accepted["changeId"]), 404, "NotFound")


def test_ids_may_be_written_in_capitals(writer: ProductApi, changed: Product) -> None:
    product_id = str(changed["productId"])
    ((first, *_),) = walk(writer, product_id.upper())
    ((record,), _) = page_of(writer.history(product_id.upper(), changeId=str(first["changeId"]).upper()))
    assert record == first


# Pages


def test_history_is_a_chain_of_records_newest_first(writer: ProductApi, changed: Product) -> None:
    (records,) = walk(writer, changed["productId"])
    assert [record["sequence"] for record in records] == list(range(7, 0, -1))
    assert [cast("Json", record["fields"])["price"] for record in records] == list(range(7, 0, -1))
    assert [record["after"] for record in records[1:]] == [record["before"] for record in records[:-1]]
    assert [record["hash"] for record in records[1:]] == [record["previousHash"] for record in records[:-1]]
    assert records[0]["after"] == changed
    assert records[-1]["previousHash"] is None
    assert all(is_uuid(record["changeId"]) for record in records)
    assert all(len(record) == 19 for record in records)


@pytest.mark.parametrize("limit", [1, 2, 3, 6, 7, 100])
def test_pages_hold_each_change_once_in_order(writer: ProductApi, changed: Product, limit: int) -> None:
    pages = walk(writer, changed["productId"], limit=limit)
    assert [record["sequence"] for page in pages for record in page] == list(range(7, 0, -1))
    assert {len(page) for page in pages[:-1]} <= {limit}
    assert 0 < len(pages[-1]) <= limit


def test_next_page_may_have_another_limit(writer: ProductApi, changed: Product) -> None:
    _, cursor = page_of(writer.history(changed["productId"], limit=2))
    rest, _ = page_of(writer.history(changed["productId"], limit=50, cursor=cursor))
    assert [record["sequence"] for record in rest] == [5, 4, 3, 2, 1]


def test_change_between_two_pages_moves_nothing(writer: ProductApi, products: Products) -> None:
    product_id = products.make()["productId"]
    for price in (2, 3):
        products.update(product_id, price=price)
    _, cursor = page_of(writer.history(product_id, limit=1))
    products.update(product_id, price=4)
    rest, _ = page_of(writer.history(product_id, cursor=cursor))
    assert [record["sequence"] for record in rest] == [2, 1]


# Refusals


def test_readers_may_see_no_history(reader: ProductApi, changed: Product) -> None:
    assert_refused(reader.history(changed["productId"]), 403, "Forbidden")
    assert_refused(reader.history("no-uuid", limit=0), 403, "Forbidden")
    assert_refused(reader.history(UNKNOWN, changeId=UNKNOWN), 403, "Forbidden")


def test_history_of_an_unknown_product_is_not_found(writer: ProductApi) -> None:
    assert_refused(writer.history(UNKNOWN), 404, "ProductNotFound")


def test_id_that_is_no_uuid_is_refused(writer: ProductApi) -> None:
    assert_refused(writer.history("no-uuid"), 400, "ValidationError", field="productId", allowed="UUID")


@pytest.mark.parametrize(
    ("query", "field", "allowed"),
    [
        *(({"limit": limit}, "limit", "whole number from 1 to 100") for limit in ("0", "101", "-1", "x", "1.5", "")),
        *(({"changeId": value}, "changeId", "UUID") for value in ("", "x", f"{UNKNOWN}0", "日本")),
        ({"limit": ["1", "2"]}, "limit", "once"),
        ({"changeId": [UNKNOWN, UNKNOWN]}, "changeId", "once"),
        ({"changeId": UNKNOWN, "limit": "1"}, "changeId", "cannot be combined"),
        ({"changeId": UNKNOWN, "cursor": "x"}, "changeId", "cannot be combined"),
        ({"order": "asc"}, "order", "not a parameter"),
        ({"Limit": "1"}, "Limit", "not a parameter"),
    ],
    ids=ascii,
)
def test_bad_parameter_is_refused(
    writer: ProductApi, changed: Product, query: dict[str, object], field: str, allowed: str
) -> None:
    response = writer.history(changed["productId"], **query)
    assert_refused(response, 400, "ValidationError", field=field, allowed=allowed)


def test_every_parameter_at_fault_is_named(writer: ProductApi, changed: Product) -> None:
    response = writer.history(changed["productId"], limit=0, changeId="x", colour="red")
    details = assert_refused(response, 400, "ValidationError")["details"]
    assert isinstance(details, list)
    assert {detail["field"] for detail in details} == {"limit", "changeId", "colour"}


@pytest.mark.parametrize("made_up", ["", "x", "5", "AAAAAAAAAAAAAAAA", "%%%%", " ", "ёжик", "A" * 4000])
def test_cursor_that_was_not_handed_out_is_refused(writer: ProductApi, changed: Product, made_up: str) -> None:
    response = writer.history(changed["productId"], cursor=made_up)
    assert_refused(response, 400, "InvalidCursor", field="cursor")


def test_altered_cursor_is_refused(writer: ProductApi, changed: Product) -> None:
    _, cursor = page_of(writer.history(changed["productId"], limit=2))
    assert cursor is not None
    for altered in (cursor[:-1], cursor[1:], cursor.swapcase(), f"{cursor}A", f"{cursor}="):
        response = writer.history(changed["productId"], cursor=altered)
        assert_refused(response, 400, "InvalidCursor", field="cursor")


def test_cursor_of_another_products_history_is_refused(
    writer: ProductApi, products: Products, changed: Product
) -> None:
    _, cursor = page_of(writer.history(changed["productId"], limit=2))
    other = products.make()
    response = writer.history(other["productId"], cursor=cursor)
    assert_refused(response, 400, "InvalidCursor", field="cursor")


# Who asked, and why


def test_history_tells_who_asked_and_why_where_the_caller_said_so(writer: ProductApi, products: Products) -> None:
    product_id = products.make()["productId"]
    headers = {"X-Acting-User": "Zo%C3%AB%20Smith", "X-Change-Note": "%F0%9F%9A%80 back in stock"}
    stated = writer.record(writer.update(product_id, {"price": 2}, headers))
    assert (stated["recordVersion"], stated["actingUser"]) == (2, "Zoë Smith")
    assert stated["changeNote"] == "🚀 back in stock"

    plain = writer.record(writer.update(product_id, {"price": 3}))
    assert (plain["recordVersion"], plain["previousHash"]) == (1, stated["hash"])
    assert not plain.keys() & {"actingUser", "changeNote"}


@pytest.mark.parametrize("header", ["X-Acting-User", "X-Change-Note"])
@pytest.mark.parametrize("value", ["%", "%FF", "%0A", "%E2%80%AE", "%20", "x" * 501])
def test_what_can_not_be_who_asked_or_why_is_refused(writer: ProductApi, header: str, value: str) -> None:
    for response in (
        writer.create({}, {header: value}),
        writer.update(UNKNOWN, {"price": 2}, {header: value}),
        writer.withdraw(UNKNOWN, {header: value}),
    ):
        assert_refused(response, 400, "ValidationError", field=header, allowed="percent-encoded UTF-8")
