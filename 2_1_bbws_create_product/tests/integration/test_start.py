"""The function's start: it wants every setting that Terraform gives it, and says which one is missing."""

import runpy

import pytest
from tests.permissions import HANDLER, NEEDS

from common.configuration import MissingSetting


@pytest.mark.parametrize("setting", sorted(NEEDS["environment_variables"]))
def test_start_fails_with_the_name_of_a_missing_setting(monkeypatch, setting):
    monkeypatch.delenv(setting)

    with pytest.raises(MissingSetting, match=setting):
        runpy.run_path(HANDLER)
