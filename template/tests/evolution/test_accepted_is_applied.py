"""Whatever the API accepts can be applied, stored, listed, recorded, audited and shown: nothing is lost on the way."""

from __future__ import annotations

import json
from decimal import Decimal

from evolution import captures, life
from evolution.requests_made import CHANGES, NEW_PRODUCTS
from hypothesis import assume, given
from hypothesis import strategies as st

from common.errors import ValidationError
from common.head import Head
from common.product import FIELD_NAMES, FIELDS, LISTED_ATTRIBUTES, Money, public
from common.product_fields import new_product, product_changes


def accepted(check, body):
    """Return what a check makes of a body that it accepts."""
    try:
        return check(body)
    except ValidationError:
        assume(False)


def shown(fields):
    """Return fields as an answer must show them."""
    money = {field.name for field in FIELDS if isinstance(field.rule, Money)}
    return {name: Decimal(value) if name in money else value for name, value in fields.items()}


def same(answer, fields):
    """Tell whether an answer shows fields: its numbers mean the amounts that were sent."""
    read = json.loads(json.dumps(answer), parse_float=Decimal, parse_int=Decimal)
    return all(read[name] == value for name, value in shown(fields).items())


def check_everywhere(head, record, fields):
    """Look for some fields in everything that becomes of the change that set them."""
    for name in fields:
        assert head.product[name] == fields[name], f"{name} is lost when the change is applied"
    back = life.through_the_table(head)
    assert back == head, "the table doesn't give back what it was given"
    assert same(public(back.product), fields), "an answer shows other values than were sent"
    listed = {name: value for name, value in fields.items() if name in LISTED_ATTRIBUTES}
    assert same(life.through_an_index(head), listed), "a listing shows other values than were sent"
    _, content = life.through_the_audit(record)
    assert json.loads(content) == record, "the audit trail holds another record than was made"


@given(NEW_PRODUCTS)
def test_every_creation_that_is_accepted_is_applied_whole(body):
    fields = accepted(new_product, body)

    change = life.read(life.sent("CREATE", fields))
    head, record = life.applied(None, change)

    assert set(change["fields"]) == set(FIELD_NAMES)
    check_everywhere(head, record, fields)
    assert {name for name in FIELD_NAMES if name in head.product} == set(FIELD_NAMES) == set(head.stamps)


PRODUCTS = [item for version in captures.VERSIONS for item in captures.items(version)]


@given(st.sampled_from(PRODUCTS), CHANGES)
def test_every_update_that_is_accepted_is_applied_whole_to_products_of_every_version(item, body):
    fields = accepted(product_changes, body)
    head = Head.from_attributes(item)

    change = life.read(life.sent("UPDATE", fields, head))
    after, record = life.applied(head, change)

    assert change["fields"] == fields
    check_everywhere(after, record, fields)
    for name in head.product.keys() - {*fields, "version", "dateLastUpdated", "lastUpdatedBy"}:
        assert after.product[name] == head.product[name], f"{name} is lost when another field changes"
