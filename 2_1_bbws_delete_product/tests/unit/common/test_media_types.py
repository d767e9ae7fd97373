"""What a request says of the media types that it sends and takes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.media_types import accepts_json, is_json


@pytest.mark.parametrize(
    "content_type",
    [
        "application/json",
        "Application/JSON",
        " application/json ",
        "application/json; charset=utf-8",
        "application/json;charset=UTF-8",
        'application/json; charset="utf-8"',
        "application/json; charset=utf8",
        "application/json; charset=utf-8; foo=bar",
        "application/json ;v=1",
        "application/json;",
        "application/json; charset",
        "application/json; charset = utf-8",
    ],
)
def test_json_in_utf_8_is_json_whatever_else_is_said_of_it(content_type):
    assert is_json(content_type)


@pytest.mark.parametrize(
    "content_type",
    [
        "",
        "json",
        "*/*",
        "application/*",
        "text/json",
        "text/plain",
        "application/xml",
        "application/jsonp",
        "application/json-patch+json",
        "application/merge-patch+json",
        "application/vnd.api+json",
        "application/json, application/json",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=application/json",
    ],
)
def test_other_media_types_are_not(content_type):
    assert not is_json(content_type)


@pytest.mark.parametrize(
    "parameters",
    [
        "charset=iso-8859-1",
        "charset=utf-16",
        'charset="utf-16"',
        "CHARSET=latin-1",
        "charset=",
        "v=1;charset=latin-1",
        "charset=utf-8;charset=utf-16",
    ],
)
def test_json_in_another_charset_is_not(parameters):
    assert not is_json(f"application/json; {parameters}")


@pytest.mark.parametrize(
    "accept",
    [
        "",
        " ",
        "application/json",
        "Application/JSON",
        "*/*",
        "application/*",
        "application/json; charset=utf-8",
        "application/json;q=0.1",
        "application/json;q=0.001",
        "application/json;v=1;q=0.5",
        "text/html, application/json",
        "text/html, */*;q=0.1",
        "text/html,application/xhtml+xml,application/xml;q=0.9,image/webp,*/*;q=0.8",
        "text/html;q=0, application/*",
        "*/*;q=0, application/json",
        "*/*;q=0, application/*;q=0.2",
        "application/*;q=0, application/json;q=0.2",
        "application/json, */*;q=0",
        "application/json;q=0, application/json",
        "application/json, application/json;q=0",
        "application/json,,",
        "application/json\t;\tq=1",
    ],
)
def test_answer_in_json_is_acceptable(accept):
    assert accepts_json(accept)


@pytest.mark.parametrize(
    "accept",
    [
        "text/html",
        "text/*",
        "text/json",
        "application/xml",
        "application/jsonp",
        "application/problem+json",
        "application/vnd.api+json, text/html;q=0.9",
        "image/*, text/plain",
        "application/json;q=0",
        "application/json; Q=0.000",
        "application/json ; q = 0",
        "application/json;q=.0",
        "*/*;q=0",
        "*/*;q=0.0",
        "application/*;q=0",
        "application/json;q=0, */*",
        "application/json;q=0, application/*;q=1",
        "application/*;q=0, */*;q=1",
        "*/*, application/*;q=0",
        "text/html, application/json;v=1;q=0",
    ],
)
def test_answer_in_json_is_excluded(accept):
    assert not accepts_json(accept)


@pytest.mark.parametrize(
    "accept",
    [
        "*",
        "text/html, image/gif, *; q=.2, */*; q=.2",
        "application/json;q=high",
        "application/json;q=2",
        "application/json;q=-1",
        "application/json;q=",
        "application/json;q",
        "json",
        "/",
        "text/",
        ";q=0",
        ",",
        "application",
        "*/json",
        "text/html/x",
    ],
)
def test_what_is_malformed_excludes_nothing(accept):
    assert accepts_json(accept)


def test_what_is_malformed_does_not_hide_what_is_not():
    assert not accepts_json("text/html, nonsense, ;;, =")
    assert accepts_json("nonsense, application/json")


@given(st.text(), st.text('aplictonjsxm/*+;,=q01." '))
def test_whatever_is_said_it_is_understood_one_way_or_the_other(anything, nearly):
    assert {type(check(text)) for check in (accepts_json, is_json) for text in (anything, nearly)} == {bool}
