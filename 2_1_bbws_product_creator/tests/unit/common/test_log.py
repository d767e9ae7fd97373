"""The logger."""

from __future__ import annotations

import importlib
from datetime import datetime, timedelta

import pytest

from common import log
from common.configuration import MissingSetting


def test_entry_is_one_line_of_json_with_what_every_entry_needs(logged):
    log.logger.info("change queued", extra={"change_id": "c-1"})

    (entry,) = logged()
    assert (entry["level"], entry["message"], entry["change_id"]) == ("INFO", "change queued", "c-1")
    assert (entry["service"], entry["environment"]) == ("bbws-product", "local")
    assert datetime.fromisoformat(entry["timestamp"]).utcoffset() == timedelta(0)


def test_what_is_below_the_level_is_left_out(logged):
    log.logger.debug("too much")

    assert logged() == []


@pytest.mark.parametrize("setting", ["LOG_LEVEL", "ENVIRONMENT"])
def test_start_fails_with_the_name_of_a_missing_setting(monkeypatch, setting):
    monkeypatch.delenv(setting)

    with pytest.raises(MissingSetting, match=setting):
        importlib.reload(log)
