"""Query parameters, each checked and everything that is wrong said at once."""

from __future__ import annotations

import pytest

from common.errors import ValidationError
from common.query_parameters import DEFAULT_LIMIT, QueryParameters, one_of, page_limit, refuse_all

ALLOWED = {
    "limit": "must be a whole number from 1 to 100",
    "order": "must be asc or desc",
    "name": "must be a name",
}


def refused(query, read=()):
    """Return the message for each parameter that is refused, those of `read` having been read."""
    parameters = QueryParameters(query, ALLOWED)
    for name, parse in dict(read).items():
        parameters.read(name, parse, None)
    with pytest.raises(ValidationError) as caught:
        parameters.raise_refusals()
    return {detail["field"]: detail["message"] for detail in caught.value.details}


def test_parameter_is_parsed():
    parameters = QueryParameters({"limit": ["7"], "name": [""]}, ALLOWED)

    assert parameters.read("limit", page_limit, DEFAULT_LIMIT) == 7
    assert parameters.read("name", str, None) == ""
    parameters.raise_refusals()


def test_parameter_that_is_not_given_has_its_default():
    parameters = QueryParameters({}, ALLOWED)

    assert parameters.read("limit", page_limit, DEFAULT_LIMIT) == 20
    assert parameters.read("name", str, None) is None
    parameters.raise_refusals()


@pytest.mark.parametrize("limit", ["1", "20", "99", "100", "007"])
def test_limit_is_a_whole_number_from_1_to_100(limit):
    assert page_limit(limit) == int(limit)


@pytest.mark.parametrize(
    "limit", ["0", "101", "-1", "x", "", " 5", "5 ", "5\n", "+5", "1.0", "1e1", "9" * 5000, "５", "0x5"]
)
def test_other_limits_are_refused(limit):
    assert refused({"limit": [limit]}, {"limit": page_limit}) == {"limit": "must be a whole number from 1 to 100"}


def test_choice_is_one_of_those_that_are_allowed():
    assert one_of("asc", "desc")("desc") == "desc"


@pytest.mark.parametrize("value", ["", "ASC", "asc ", "up"])
def test_other_choices_are_refused_with_those_that_are_allowed(value):
    assert refused({"order": [value]}, {"order": one_of("asc", "desc")}) == {"order": "must be asc or desc"}


@pytest.mark.parametrize("name", ["search", "Limit", "nextCursor", ""])
def test_unknown_parameter_is_refused_with_those_that_are_known(name):
    assert refused({name: ["x"]}) == {name: "is not a parameter; these are: limit, order, name"}


def test_where_there_are_no_parameters_each_one_is_refused():
    refuse_all({})
    with pytest.raises(ValidationError) as caught:
        refuse_all({"limit": ["1"], "x": ["1", "2"]})

    message = "is not a parameter; there are none"
    assert caught.value.details == [{"field": "limit", "message": message}, {"field": "x", "message": message}]


def test_long_name_of_an_unknown_parameter_is_quoted_in_part():
    assert list(refused({"x" * 5000: ["1"]})) == ["x" * 40 + "…"]


def test_half_of_a_surrogate_pair_in_a_name_is_quoted_as_something_that_can_be_sent():
    assert list(refused({"\ud83d": ["1"]})) == ["?"]


def test_parameter_given_twice_is_refused():
    assert refused({"order": ["asc", "asc"]}, {"order": one_of("asc", "desc")}) == {"order": "must be given once"}


def test_every_parameter_at_fault_is_named_at_once():
    query = {"limit": ["0"], "order": ["up"], "name": ["a", "b"], "colour": ["red"]}

    assert set(refused(query, {"limit": page_limit, "order": one_of("asc", "desc"), "name": str})) == set(query)


def test_what_only_the_caller_knows_to_be_wrong_is_said_too():
    parameters = QueryParameters({"limit": ["0"]}, ALLOWED)
    parameters.read("limit", page_limit, DEFAULT_LIMIT)
    parameters.refuse("name", "cannot be combined with limit")

    with pytest.raises(ValidationError) as caught:
        parameters.raise_refusals()

    assert [detail["field"] for detail in caught.value.details] == ["limit", "name"]
    assert caught.value.details[1]["message"] == "cannot be combined with limit"
