"""Versions beside each other: what older code sent and stored serves today's, and the other way round.

The rule is in documentation/decisions/message-versions.md.
"""

from __future__ import annotations

import json
import subprocess
import sys
from decimal import Decimal
from pathlib import Path

import pytest
from evolution import captures, life
from evolution.requests_made import CHANGES, NEW_PRODUCTS
from hypothesis import given, settings
from hypothesis import strategies as st

import audit_record
import change_message
from common import change as change_module
from common import product as product_module
from common import product_fields
from common.attribute_values import from_item, to_item
from common.audit_key import AuditKey
from common.batch import InvalidMessage
from common.canonical import canonical_json
from common.errors import ValidationError
from common.head import Head
from common.index_keys import BY_NAME
from common.product import FIELDS, Field, Money, public
from common.product_table import head_key

READER = Path(__file__).resolve().parent / "frozen_reader.py"
# A field that a later version of this code may bring.
LATER = Field("setupFee", Money(Decimal(0), Decimal("9999.99")), default="0.00", since=3)


def released(version, **given):
    """Return what the sources of a released version make of something."""
    done = subprocess.run(
        [sys.executable, str(READER), str(captures.readers(version))],
        input=json.dumps(given),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


# What was sent and stored, read by today's code


@pytest.mark.parametrize("version", captures.VERSIONS)
def test_messages_of_every_version_lead_where_they_led(version):
    head = None
    for message, item in zip(captures.messages(version), captures.items(version), strict=True):
        change = life.read(message)
        head, _ = life.applied(None if change["changeType"] == "CREATE" else head, change)

        then = Head.from_attributes(item)
        assert public(head.product) == public(then.product)
        assert {name: head.stamps[name] for name in then.stamps} == then.stamps


@pytest.mark.parametrize("version", captures.VERSIONS)
def test_heads_of_every_version_are_stored_again_without_a_loss(version):
    for item in captures.read(version, "items"):
        attributes = Head.from_attributes(from_item(item)).attributes(life.PRODUCT_ID)
        again = to_item({**head_key(life.PRODUCT_ID), **attributes})

        assert {name: again[name] for name in item} == item


@pytest.mark.parametrize("version", captures.VERSIONS)
def test_price_and_currency_of_heads_of_every_version_are_one_value(version):
    """The first release stamped each by itself: what is older than either of them sets neither."""
    seen = set()
    for item in captures.items(version):
        head = Head.from_attributes(item)
        older, newer = sorted(head.stamps[name] for name in ("price", "currency"))
        for at, fields, is_set in [
            (older, {"price": "10.00", "currency": "EUR"}, older == newer),
            (newer, {"price": "10.00", "currency": "EUR"}, True),
            (newer, {"price": "10.00"}, True),
            (newer, {"currency": "EUR"}, True),
        ]:
            message = json.loads(life.sent("UPDATE", fields))
            # A moment later, by its id.
            message |= {"requestedAt": at.partition("#")[0], "changeId": "ffffffff-ffff-4fff-bfff-ffffffffffff"}
            after, record = life.applied(head, life.read(json.dumps(message)))

            assert record["status"] == ("APPLIED" if is_set else "SUPERSEDED")
            expected = {name: head.product[name] for name in ("price", "currency")} | (fields if is_set else {})
            assert {name: after.product[name] for name in expected} == expected
        seen.add(older == newer)
    assert False in seen or version > 1


@pytest.mark.parametrize("version", captures.VERSIONS)
def test_records_of_every_version_become_the_objects_that_they_became(version):
    written = [audit_record.read(record) for record in captures.records(version)]

    assert {AuditKey.of(record).text: canonical_json(record).decode() for record in written} == captures.objects(
        version
    )


# What today's code sends and stores, read by what was released


BODIES = st.lists(
    st.tuples(st.just("CREATE"), NEW_PRODUCTS) | st.tuples(st.just("UPDATE"), CHANGES), min_size=20, max_size=60
)


@pytest.mark.parametrize("version", captures.VERSIONS)
@settings(max_examples=3)
@given(BODIES)
def test_what_uses_no_later_field_is_read_by_every_released_version(version, bodies):
    messages, changes, items, records = [], [], [], []
    for change_type, body in bodies:
        if {field.name for field in FIELDS if field.since > version} & body.keys():
            continue
        try:
            fields = (
                product_fields.new_product(body) if change_type == "CREATE" else product_fields.product_changes(body)
            )
        except ValidationError:
            continue
        message = life.sent(change_type, fields)
        if json.loads(message)["schemaVersion"] > version:
            continue
        messages.append(message)
        changes.append(life.read(messages[-1]))
        if change_type == "CREATE":
            head, record = life.applied(None, changes[-1])
            items.append(to_item({**head_key(life.PRODUCT_ID), **head.attributes(life.PRODUCT_ID)}))
            records.append(record)

    found = released(version, messages=messages, items=items, records=[json.dumps(record) for record in records])

    for change, theirs in zip(changes, found["changes"], strict=True):
        assert isinstance(theirs, dict), f"version {version} doesn't read what today's code sends: {theirs}"
        assert {name: change["fields"][name] for name in theirs["fields"]} == theirs["fields"]
        assert {**change, "fields": None} == {**theirs, "fields": None}
    # How names sort is each version's own, until index_products.py has gone over what another wrote.
    assert [_without_name_key(item) for item in found["items"]] == [_without_name_key(item) for item in items]
    assert found["objects"] == [canonical_json(record).decode() for record in records]


def _without_name_key(item):
    return {name: value for name, value in item.items() if name != BY_NAME.sort_key}


@pytest.mark.parametrize("version", captures.VERSIONS)
def test_released_version_keeps_what_a_later_one_stored(version):
    item = captures.read(version, "items")[0] | {"setupFee": {"S": "99.00"}, "GSI4_SK": {"S": "ZAR#000349.90"}}

    assert released(version, items=[item])["items"] == [item]


@pytest.mark.parametrize("version", captures.VERSIONS)
def test_released_version_refuses_for_its_version_what_it_would_have_to_ignore(version):
    message = json.dumps({**json.loads(captures.messages(version)[0]), "schemaVersion": version + 100})

    (said,) = released(version, messages=[message])["changes"]

    assert said.startswith(f"schemaVersion: {version + 100} is newer than")


def test_who_asked_and_why_are_for_readers_that_know_them_and_what_lacks_them_is_as_it_was():
    plain, stated = (
        life.sent("UPDATE", {"active": True}, attribution=attribution)
        for attribution in ({}, {"actingUser": "Zoë", "changeNote": "Back in stock"})
    )
    head, first = life.applied(None, life.read(life.sent("CREATE", product_fields.new_product(BODY))))
    records = [life.applied(head, life.read(message))[1] for message in (plain, stated)]

    assert list(json.loads(plain)) == list(json.loads(captures.messages(1)[1]))
    assert first.keys() == records[0].keys() == json.loads(captures.records(1)[0]).keys()
    (read, refused) = released(1, messages=[plain, stated])["changes"]
    assert read == life.read(plain)
    assert refused.startswith("schemaVersion: 2 is newer than 1")
    assert [json.loads(life.through_the_audit(record)[1]) for record in records] == records


# What a field that is added will do


@pytest.fixture
def later(monkeypatch):
    """Let today's code have one field more."""
    fields = (*FIELDS, LATER)
    monkeypatch.setattr(change_module, "FIELDS", fields)
    monkeypatch.setattr(change_module, "SCHEMA_VERSION", 3)
    monkeypatch.setattr(change_message, "SCHEMA_VERSION", 3)
    monkeypatch.setattr(change_message, "LATER_DEFAULTS", {"setupFee": "0.00"})
    monkeypatch.setattr(product_module, "LATER_DEFAULTS", {"setupFee": "0.00"})
    monkeypatch.setattr(product_fields, "FIELD_NAMES", tuple(field.name for field in fields))
    monkeypatch.setitem(product_fields._RULES, "setupFee", LATER.rule)
    for adapters, money in ((product_fields._REQUESTED, "_of_number"), (product_fields._QUEUED, "_of_text")):
        read = product_fields._type(LATER.rule, product_fields.normalised, getattr(product_fields, money))
        monkeypatch.setitem(adapters, "setupFee", product_fields.TypeAdapter(read, config=product_fields._STRICT))


BODY = {
    "name": "WordPress Starter",
    "description": "Hosting for one WordPress site",
    "price": Decimal("299.9"),
    "billingCycle": "monthly",
}


def test_creation_that_leaves_a_later_field_open_is_what_it_was_before(later):
    """Ids derive from it, and creators that don't know the field read it."""
    message = json.loads(life.sent("CREATE", product_fields.new_product(BODY)))

    assert "setupFee" not in message["fields"]
    assert message["schemaVersion"] == 1


def test_creation_that_gives_a_later_field_is_for_readers_that_know_it(later):
    message = json.loads(life.sent("CREATE", product_fields.new_product({**BODY, "setupFee": Decimal("-0")})))

    assert message["fields"]["setupFee"] == "0.00"
    assert message["schemaVersion"] == 3


@pytest.mark.parametrize(("given", "stored"), [({}, "0.00"), ({"setupFee": Decimal("99.5")}, "99.50")])
def test_later_field_is_filled_in_by_who_reads_the_creation(later, given, stored):
    change = life.read(life.sent("CREATE", product_fields.new_product({**BODY, **given})))

    head, _ = life.applied(None, change)

    assert (head.product["setupFee"], head.stamps["setupFee"]) == (stored, head.stamps["name"])


def test_product_from_before_shows_the_default(later, monkeypatch):
    monkeypatch.setattr(product_module, "_MONEY", frozenset({"price", "setupFee"}))
    head = Head.from_attributes(captures.items(1)[0])

    assert public(head.product, ("name", "setupFee")) == {"name": head.product["name"], "setupFee": 0.0}


@pytest.mark.parametrize("price", ["12.345", "1000000.00"])
def test_price_that_a_released_reader_cannot_read_is_refused_by_it_for_its_version(price):
    """And so waits in the dead-letter queue until a reader of its version is live."""
    message = life.sent("UPDATE", {"price": price, "currency": "KWD"})

    (said,) = released(1, messages=[message])["changes"]

    assert said.startswith("schemaVersion: 2 is newer than")
    assert life.read(message)["fields"]["price"] == price


@pytest.mark.parametrize("price", ["12.345", "1000000.00"])
def test_head_with_such_a_price_is_kept_by_a_released_version(price):
    fields = product_fields.new_product({**BODY, "price": Decimal(price), "currency": "KWD"})
    head, record = life.applied(None, life.read(life.sent("CREATE", fields)))
    item = to_item({**head_key(life.PRODUCT_ID), **head.attributes(life.PRODUCT_ID)})

    found = released(1, items=[item], records=[json.dumps(record)])

    assert found == {"changes": [], "items": [item], "objects": [canonical_json(record).decode()]}


@pytest.mark.parametrize("version", captures.VERSIONS)
def test_amounts_taken_before_they_were_held_to_their_currencies_are_applied_and_audited(version):
    """In yen with decimals, for one: what was stored and queued then stays, and the chain with it."""
    message = captures.messages(version)[0].replace('"currency": "ZAR"', '"currency": "JPY"')

    head, record = life.applied(None, life.read(message))

    assert (head.product["price"], head.product["currency"]) == ("349.90", "JPY")
    assert life.through_the_table(head) == head
    assert json.loads(life.through_the_audit(record)[1]) == record
    renamed, _ = life.applied(head, life.read(life.sent("UPDATE", {"name": "Another name"}, head)))
    assert (renamed.product["price"], renamed.product["currency"]) == ("349.90", "JPY")


def test_a_message_of_a_newer_version_says_what_to_do():
    message = json.dumps({**json.loads(captures.messages(1)[0]), "schemaVersion": 99})

    with pytest.raises(InvalidMessage, match="deploy one that reads it, then move the message back"):
        life.read(message)


def test_newest_version_is_that_of_the_newest_field():
    newest = max(field.since for field in FIELDS)

    assert newest <= change_module.SCHEMA_VERSION, (
        f"SCHEMA_VERSION in common/change.py must be at least {newest}, as FIELDS in common/product.py says"
    )
