"""Reads of what the caller may have already."""

from __future__ import annotations

import pytest

from common.api import Request, Response
from common.errors import ValidationError
from common.if_none_match import if_none_match, unless_known

BODY = {"product": {"version": 3}}


@pytest.fixture
def answer(api_event):
    """Return a function that gives the answer to a request with such a condition, of something with such a tag."""

    def to(value, tag='"3"'):
        request = Request.from_event(api_event("GET", headers={"If-None-Match": value}))
        return unless_known(if_none_match(request), tag, BODY)

    return to


def test_no_condition_gets_it_all(answer):
    assert answer(None) == Response(200, BODY, {"ETag": '"3"'})


@pytest.mark.parametrize("value", ['"3"', 'W/"3"', "*", '"2", "3"', ['"2"', 'W/"3"']])
@pytest.mark.parametrize("tag", ['"3"', 'W/"3"'])
def test_what_the_caller_has_is_not_sent_again(answer, value, tag):
    assert answer(value, tag) == Response(304, None, {"ETag": tag})


@pytest.mark.parametrize("value", ['"2"', 'W/"4"', '"*"', ['"2"', '"4"'], '""'])
@pytest.mark.parametrize("tag", ['"3"', 'W/"3"'])
def test_what_the_caller_does_not_have_is_sent(answer, value, tag):
    assert answer(value, tag) == Response(200, BODY, {"ETag": tag})


@pytest.mark.parametrize("value", ["", "3", '*, "3"', ["*", '"3"'], ["", ","]])
def test_malformed_condition_is_refused_by_its_name(answer, value):
    with pytest.raises(ValidationError, match="If-None-Match"):
        answer(value)
