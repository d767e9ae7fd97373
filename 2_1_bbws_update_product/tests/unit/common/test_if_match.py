"""Changes to the version that the caller has seen."""

from __future__ import annotations

import pytest

from common.api import Request
from common.errors import ValidationError, VersionMismatch
from common.if_match import expected_version, if_match

PRODUCT = {"version": 3}


@pytest.fixture
def expected(api_event):
    """Return a function that gives the version that a request with such a condition expects of version 3."""

    def of(value):
        request = Request.from_event(api_event("PUT", headers={"If-Match": value}))
        return expected_version(if_match(request), PRODUCT)

    return of


def test_no_condition_expects_no_version(expected):
    assert expected(None) is None


def test_asterisk_expects_no_version_of_a_product_that_is_there(expected):
    assert expected("*") is None


@pytest.mark.parametrize("value", ['"3"', '"2", "3"', ['W/"3"', '"2"', '"3"']])
def test_current_version_is_expected_to_stay(expected, value):
    assert expected(value) == 3


@pytest.mark.parametrize("value", ['"2"', '"4"', '"2", "4"', 'W/"3"', '"abc"', ['"2"', '"4"']])
def test_other_versions_are_a_mismatch_that_tells_the_current_one(expected, value):
    with pytest.raises(VersionMismatch, match='"3"'):
        expected(value)


@pytest.mark.parametrize("value", ["", "3", '*, "3"', ["*", '"3"'], ["", ","]])
def test_malformed_condition_is_refused_whatever_the_version(expected, value):
    with pytest.raises(ValidationError, match="If-Match"):
        expected(value)
