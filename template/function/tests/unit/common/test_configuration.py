"""Settings."""

from __future__ import annotations

import pytest

from common.configuration import MissingSetting, required, required_list


def test_setting_comes_from_the_environment(monkeypatch):
    monkeypatch.setenv("SOME_SETTING", "value")

    assert required("SOME_SETTING") == "value"


@pytest.mark.parametrize("read", [required, required_list])
@pytest.mark.parametrize("value", [None, ""])
def test_missing_setting_is_named(monkeypatch, read, value):
    monkeypatch.delenv("SOME_SETTING", raising=False)
    if value is not None:
        monkeypatch.setenv("SOME_SETTING", value)

    with pytest.raises(MissingSetting, match="SOME_SETTING"):
        read("SOME_SETTING")


@pytest.mark.parametrize(
    ("value", "values"), [("a", ("a",)), ("a,b", ("a", "b")), (" a , b ", ("a", "b")), ("*", ("*",))]
)
def test_list_is_separated_by_commas(monkeypatch, value, values):
    monkeypatch.setenv("SOME_SETTING", value)

    assert required_list("SOME_SETTING") == values
