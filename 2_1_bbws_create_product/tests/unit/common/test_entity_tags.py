"""Entity tags, and the conditions that name them (RFC 9110, sections 8.8.3, 13.1.1 and 13.1.2)."""

from __future__ import annotations

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.entity_tags import EntityTags, content_tag, entity_tag
from common.errors import ValidationError

OPAQUE = st.text(st.characters(min_codepoint=0x21, exclude_characters='"\x7f', exclude_categories=["Cs"]), max_size=5)
BLANKS = st.text(" \t", max_size=2)
EMPTY_MEMBERS = st.lists(BLANKS, max_size=2).map(lambda members: ",".join(["", *members]))


def strongly(value, version=3):
    return EntityTags.parse("If-Match", value).match(entity_tag(version), weakly=False)


def weakly(value, version=3):
    return EntityTags.parse("If-None-Match", value).match(entity_tag(version), weakly=True)


def test_tag_of_a_version_is_the_version_in_quotes():
    assert entity_tag(3) == '"3"'
    assert entity_tag(1234567890) == '"1234567890"'


@pytest.mark.parametrize("version", [1, 2, 10, 2**63])
def test_tag_matches_its_own_version_and_no_other(version):
    assert strongly(entity_tag(version), version)
    assert weakly(entity_tag(version), version)
    assert not strongly(entity_tag(version), version + 1)
    assert not weakly(entity_tag(version), version + 1)


# What an answer without a version is tagged with

BODY = {"products": [{"name": "Größe 日本", "price": 299.9, "features": [], "active": True}], "nextCursor": None}


def test_tag_of_a_content_is_a_weak_one_that_stays_the_same():
    tag = content_tag(BODY)

    assert tag == content_tag(json.loads(json.dumps(BODY)))
    assert re.fullmatch(r'W/"[A-Za-z0-9_-]{22}"', tag)


def test_order_of_the_attributes_is_no_content():
    assert content_tag(dict(reversed(BODY.items()))) == content_tag(BODY)


@pytest.mark.parametrize(
    "other",
    [
        {},
        {**BODY, "nextCursor": "abc"},
        {**BODY, "products": []},
        {**BODY, "products": BODY["products"] * 2},
        {**BODY, "products": [{**BODY["products"][0], "price": 299.91}]},
        {**BODY, "products": [{**BODY["products"][0], "active": 1}]},
        {**BODY, "more": None},
    ],
)
def test_other_content_has_another_tag(other):
    assert content_tag(other) != content_tag(BODY)


def test_tag_of_a_content_matches_itself_as_it_is_and_made_strong_on_the_way():
    tag = content_tag(BODY)

    assert EntityTags.parse("If-None-Match", f'"3", {tag}').match(tag, weakly=True)
    # Some gateways and proxies drop the W/.
    assert EntityTags.parse("If-None-Match", tag.removeprefix("W/")).match(tag, weakly=True)
    assert not EntityTags.parse("If-None-Match", content_tag({})).match(tag, weakly=True)


def test_weak_tag_is_never_matched_strongly():
    tag = content_tag(BODY)

    assert not EntityTags.parse("If-Match", tag).match(tag, weakly=False)
    assert not EntityTags.parse("If-Match", tag.removeprefix("W/")).match(tag, weakly=False)


# Conditions


@pytest.mark.parametrize("value", ["*", " *", "*\t"])
def test_asterisk_matches_every_version(value):
    assert strongly(value, 1)
    assert weakly(value, 99)


@pytest.mark.parametrize(
    "value",
    [
        '"2", "3"',
        '"3","2"',
        '"2" ,\t"3"\t, "4"',
        '  "3"  ',
        ',"3"',
        '"3",',
        ', ,\t,"2",,"3", ,',
        '"a,b", "3"',
        '"W/", "3"',
        '"\\", "3"',
        'W/"2", "3"',
    ],
)
def test_list_matches_if_one_of_its_members_does(value):
    assert strongly(value)
    assert weakly(value)
    assert not strongly(value, 5)
    assert not weakly(value, 5)


@pytest.mark.parametrize("value", ['W/"3"', '"2", W/"3"', 'W/"3",'])
def test_weak_tag_matches_weakly_alone(value):
    assert weakly(value)
    assert not strongly(value)
    assert not weakly(value, 4)


@pytest.mark.parametrize(
    "value",
    ['"abc"', '""', '"03"', '"+3"', '"3.0"', '"٣"', '"*"', '"3,"', '"W/3"', '"é"', '"\U0010ffff"', '"2,3"', "\"'3'\""],
)
def test_tag_that_is_not_ours_is_no_mistake_and_matches_nothing(value):
    assert not strongly(value)
    assert not weakly(value)


@pytest.mark.parametrize(
    "value",
    [
        "",
        " ",
        ",",
        " , ,\t",
        "3",
        "'3'",
        '"3',
        '3"',
        '"',
        '"""',
        '"3""4"',
        '"3" "4"',
        '"3"; "4"',
        '"3", 4',
        '"3", "4',
        '"a b"',
        '"3\x7f"',
        '"3\x00"',
        '"3"\n',
        '"3",\n"4"',
        '\u00a0"3"',
        '\\"3\\"',
        'w/"3"',
        'W/ "3"',
        'W /"3"',
        "W/3",
        "W/",
        'W/W/"3"',
        "W/*",
        "**",
        '*, "3"',
        '"3", *',
        "*,",
        ",*",
        "null",
    ],
)
@pytest.mark.parametrize("field", ["If-Match", "If-None-Match"])
def test_malformed_condition_is_refused_by_its_name(field, value):
    with pytest.raises(ValidationError) as refusal:
        EntityTags.parse(field, value)

    (detail,) = refusal.value.details
    assert detail["field"] == field
    assert 'such as "3"' in detail["message"]


@given(st.lists(st.tuples(st.booleans(), OPAQUE, BLANKS, EMPTY_MEMBERS), min_size=1, max_size=4))
def test_every_list_is_read_whatever_its_tags_hold(members):
    value = ",".join(
        f'{blanks}{"W/" if weak else ""}"{opaque}"{blanks}{empty}' for weak, opaque, blanks, empty in members
    )

    tags = EntityTags.parse("If-Match", value)

    assert not tags.any_version
    assert list(tags.strong) == [opaque for weak, opaque, *_ in members if not weak]
    assert list(tags.weak) == [opaque for weak, opaque, *_ in members if weak]


# A pattern that goes back over what it has read would not come to an end with these.


@pytest.mark.parametrize("part", ['"3",', " ", ",", '"2" ,'])
def test_condition_of_any_length_is_read(part):
    assert strongly(part * 100_000 + '"3"')


@pytest.mark.parametrize("part", ['"', 'W/"', '"3" ', " x"])
def test_malformed_condition_of_any_length_is_refused(part):
    with pytest.raises(ValidationError, match="If-Match"):
        strongly(part * 100_000)
