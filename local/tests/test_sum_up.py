from __future__ import annotations

import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest

from local.layout import ROOT

if TYPE_CHECKING:
    from pathlib import Path

SCRIPT = ROOT / "2_1_bbws_get_product" / "scripts" / "sum_up.py"


@pytest.mark.parametrize(
    ("values", "rows"),
    [
        (["version=7", "api-url="], ["| version | 7 |"]),
        (
            ["version=", "api-url=https://api.bbws.example/v1.0?a=b"],
            ["| api-url | https://api.bbws.example/v1.0?a=b |"],
        ),
        (["version=", "api-url="], []),
    ],
)
def test_a_deployment_is_summed_up_beside_what_the_steps_said(
    tmp_path: Path, values: list[str], rows: list[str]
) -> None:
    summary = tmp_path / "summary"
    summary.write_text("before\n")
    given = [argument for value in values for argument in ("--value", value)]
    started = f"--started={int(time.time()) - 3 * 60}"

    done = subprocess.run(
        [sys.executable, str(SCRIPT), "sit", "failure", started, *given, f"--summary={summary}"],
        check=True,
        capture_output=True,
        text=True,
    )

    assert summary.read_text() == f"before\n{done.stdout}"
    title, *table = done.stdout.splitlines()
    assert title == "## 2_1_bbws_get_product in sit"
    assert table[:-1] == ["", "| | |", "|---|---|", "| outcome | failure |", *rows]
    assert table[-1].startswith("| duration | 3 min ")
