"""What tflint and terraform-docs would say: tables in the READMEs are those of the Terraform, and nothing is unused."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, Any

import hcl2
import pytest

from local.checks import root_name
from local.layout import INFRASTRUCTURE, ROOT
from local.parts import ROOTS

if TYPE_CHECKING:
    from pathlib import Path

README = ROOT / INFRASTRUCTURE / "README.md"
TERRAFORM = ROOT / INFRASTRUCTURE / "terraform"


@cache
def parsed(text: str) -> dict[str, Any]:
    """Return what some Terraform says; the functions' roots share most of theirs."""
    return hcl2.loads(text)


def blocks(root: Path, kind: str) -> dict[str, dict[str, object]]:
    """Return the blocks of a kind in a root, by the names that follow it, joined by dots."""
    found: dict[str, dict[str, object]] = {}
    for file in sorted(root.glob("*.tf")):
        for block in parsed(file.read_text(encoding="utf-8")).get(kind, []):
            ((name, content),) = ((key, value) for key, value in block.items() if not key.startswith("__"))
            if kind in ("data", "resource"):
                ((second, content),) = ((key, value) for key, value in content.items() if not key.startswith("__"))
                name = f"{name}.{second}"
            found[name.replace('"', "")] = content
    return found


def column(heading: str) -> list[str]:
    """Return the names between backticks in the first column of the README's table that begins so."""
    _, _, table = README.read_text(encoding="utf-8").partition(f"| {heading} |")
    rows = table.split("\n\n")[0].splitlines()[2:]
    return [name for row in rows for name in re.findall(r"`([^`]+)`", row.split("|")[1])]


def test_table_of_outputs_is_whole() -> None:
    assert sorted(column("output")) == sorted(blocks(TERRAFORM, "output"))


def test_table_of_variables_has_what_differs_between_environments() -> None:
    def values(environment: str) -> dict[str, object]:
        return parsed((TERRAFORM / "environments" / f"{environment}.tfvars").read_text(encoding="utf-8"))

    environments = {name: values(name) for name in ("local", "dev", "sit", "prod")}
    names = set().union(*environments.values())
    differing = {name for name in names if len({repr(each.get(name)) for each in environments.values()}) > 1}

    listed = set(column("variable"))
    assert differing - listed - {"environment"} == set(), "the README's table of variables lacks these"
    assert listed - set(blocks(TERRAFORM, "variable")) == set(), "the README's table has variables that there aren't"


def test_table_of_files_is_whole() -> None:
    files = {path.name for path in TERRAFORM.glob("*.tf")} - {
        # They make nothing.
        *("variables.tf", "outputs.tf", "provider.tf", "versions.tf", "names.tf")
    }

    assert set(column("file in `terraform/`")) == files


@pytest.mark.parametrize("root", ROOTS, ids=root_name)
@pytest.mark.parametrize("kind", ["variable", "data", "locals"])
def test_nothing_is_declared_that_is_not_used(root: Path, kind: str) -> None:
    text = "".join(path.read_text(encoding="utf-8") for path in root.glob("*.tf"))
    if kind == "locals":
        names = {
            f"local.{name}"
            for file in root.glob("*.tf")
            for block in parsed(file.read_text(encoding="utf-8")).get("locals", [])
            for name in block
            if not name.startswith("__")
        }
    else:
        prefix = {"variable": "var", "data": "data"}[kind]
        names = {f"{prefix}.{name}" for name in blocks(root, kind)}

    unused = {name for name in names if not re.search(rf"\b{re.escape(name)}\b", text)}

    assert unused == set()


@pytest.mark.parametrize("root", ROOTS, ids=root_name)
def test_every_output_is_described(root: Path) -> None:
    assert [name for name, output in blocks(root, "output").items() if "description" not in output] == []
