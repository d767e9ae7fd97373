"""What a function's package says of the messages that it reads and sends, as scripts/build.py writes it down."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from local.layout import ROOT

if TYPE_CHECKING:
    from pathlib import Path

COMMON = ROOT / "template" / "function" / "src" / "common"


@pytest.mark.parametrize(
    ("name", "reads", "sends"),
    [
        ("audit_logger", ["record"], []),
        ("create_product", [], ["change"]),
        ("delete_product", [], ["change"]),
        ("get_product", [], []),
        ("list_products", [], []),
        ("product_creator", ["change"], ["record"]),
        ("update_product", [], ["change"]),
    ],
)
def test_the_manifest_says_which_messages_a_function_reads_and_sends(
    tmp_path: Path, name: str, reads: list[str], sends: list[str]
) -> None:
    real = ROOT / f"2_1_bbws_{name}"
    for folder in ("scripts", "src", "terraform"):
        (tmp_path / folder).mkdir()
    shutil.copy(real / "scripts" / "build.py", tmp_path / "scripts")
    shutil.copy(real / "terraform" / "needs.tf", tmp_path / "terraform")
    shutil.copytree(real / "src" / "common", tmp_path / "src" / "common")
    (tmp_path / "src" / "handler.py").touch()
    (tmp_path / "requirements.txt").touch()
    newest = {
        kind: int(re.search(rf"^{constant} = (\d+)$", (COMMON / file).read_text(), re.MULTILINE)[1])  # type: ignore[index]
        for kind, file, constant in (
            ("change", "change.py", "SCHEMA_VERSION"),
            ("record", "change_record.py", "RECORD_VERSION"),
        )
    }

    subprocess.run([sys.executable, str(tmp_path / "scripts" / "build.py")], check=True, capture_output=True)

    manifest = json.loads((tmp_path / "build" / "package.json").read_text())
    assert manifest["reads"] == {kind: newest[kind] for kind in reads}
    assert manifest["sends"] == {kind: newest[kind] for kind in sends}
