"""Requests that are meant for what the caller has seen, or hasn't."""

from __future__ import annotations

import pytest

from common.api import Request, Response
from common.conditions import Conditions
from common.errors import ValidationError, VersionMismatch

PRODUCT = {"version": 3}
BODY = {"product": PRODUCT}
MALFORMED = ["", "3", '*, "3"', ["*", '"3"'], ["", ","]]


@pytest.fixture
def conditions(api_event):
    """Return a function that gives the conditions of a request: ``conditions(if_match='"3"')``."""

    def of(**headers):
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        return Conditions.of(Request.from_event(api_event("PUT", headers=sent)))

    return of


# Reads


@pytest.mark.parametrize("given", [{}, {"if_modified_since": "Sun, 22 Nov 2026 08:00:00 GMT"}])
def test_no_condition_gets_it_all(conditions, given):
    assert conditions(**given).read('"3"', BODY) == Response(200, BODY, {"ETag": '"3"'})


@pytest.mark.parametrize("value", ['"3"', 'W/"3"', "*", '"2", "3"', ['"2"', 'W/"3"']])
@pytest.mark.parametrize("tag", ['"3"', 'W/"3"'])
def test_what_the_caller_has_is_not_sent_again(conditions, value, tag):
    assert conditions(if_none_match=value).read(tag, BODY) == Response(304, None, {"ETag": tag})


@pytest.mark.parametrize("value", ['"2"', 'W/"4"', '"*"', ['"2"', '"4"'], '""'])
@pytest.mark.parametrize("tag", ['"3"', 'W/"3"'])
def test_what_the_caller_does_not_have_is_sent(conditions, value, tag):
    assert conditions(if_none_match=value).read(tag, BODY) == Response(200, BODY, {"ETag": tag})


@pytest.mark.parametrize(("value", "tag"), [('"3"', '"3"'), ("*", '"3"'), ("*", 'W/"3"'), (['"2"', '"3"'], '"3"')])
def test_what_the_caller_means_is_read(conditions, value, tag):
    assert conditions(if_match=value).read(tag, BODY).status == 200
    assert conditions(if_match=value, if_none_match='"3"').read(tag, BODY).status == 304


@pytest.mark.parametrize(("value", "tag"), [('"2"', '"3"'), ('W/"3"', '"3"'), ('"3"', 'W/"3"'), ('W/"3"', 'W/"3"')])
def test_what_the_caller_does_not_mean_is_not_read(conditions, value, tag):
    for given in ({}, {"if_none_match": '"3"'}):
        with pytest.raises(VersionMismatch, match="If-Match must "):
            conditions(if_match=value, **given).read(tag, BODY)


# Changes


def test_no_condition_expects_no_version(conditions):
    assert conditions().expected_version(PRODUCT) is None


def test_asterisk_expects_no_version_of_a_product_that_is_there(conditions):
    assert conditions(if_match="*").expected_version(PRODUCT) is None


@pytest.mark.parametrize("value", ['"3"', '"2", "3"', ['W/"3"', '"2"', '"3"']])
def test_current_version_is_expected_to_stay(conditions, value):
    assert conditions(if_match=value).expected_version(PRODUCT) == 3


@pytest.mark.parametrize("value", ['"2"', '"4"', '"2", "4"', 'W/"3"', '"abc"', ['"2"', '"4"']])
def test_other_versions_are_a_mismatch_that_tells_the_current_one_and_what_to_do(conditions, value):
    with pytest.raises(VersionMismatch, match=r'^If-Match must name the current version, "3"; read the product again'):
        conditions(if_match=value).expected_version(PRODUCT)


@pytest.mark.parametrize("value", ["*", '"3"', 'W/"3"', '"2", "3"'])
@pytest.mark.parametrize("given", [{}, {"if_match": "*"}, {"if_match": '"3"'}])
def test_what_must_not_be_there_but_is_stops_the_change(conditions, value, given):
    with pytest.raises(VersionMismatch, match='If-None-Match must not name the current version, "3"'):
        conditions(if_none_match=value, **given).expected_version(PRODUCT)


@pytest.mark.parametrize("given", [{}, {"if_match": "*"}, {"if_match": '"3"'}])
def test_version_that_is_not_among_those_that_must_not_be_there_is_expected_to_stay(conditions, given):
    assert conditions(if_none_match='"2", W/"4"', **given).expected_version(PRODUCT) == 3


def test_list_as_a_whole_is_always_there_and_has_no_version(conditions):
    conditions().check_list()
    conditions(if_match="*").check_list()
    for given in ({"if_match": '"3"'}, {"if_none_match": "*"}, {"if_none_match": '"3"'}):
        with pytest.raises(VersionMismatch, match="the list of products"):
            conditions(**given).check_list()


# What can't be understood


@pytest.mark.parametrize("value", MALFORMED)
@pytest.mark.parametrize("field", ["If-Match", "If-None-Match"])
def test_malformed_condition_is_refused_by_its_name(conditions, field, value):
    with pytest.raises(ValidationError, match=f"^{field} must be"):
        conditions(**{field: value})


@pytest.mark.parametrize("value", ["Sun, 22 Nov 2026 08:00:00 GMT", "yesterday"])
def test_date_that_no_change_may_be_younger_than_is_refused_unless_a_version_says_it_better(conditions, value):
    with pytest.raises(ValidationError, match=r"^If-Unmodified-Since .* If-Match"):
        conditions(if_unmodified_since=value)
    assert conditions(if_unmodified_since=value, if_match='"3"').expected_version(PRODUCT) == 3
