from __future__ import annotations

import re
from typing import TYPE_CHECKING

import hcl2
import pytest

from local.checks import VALIDATED, root_name
from local.layout import FUNCTIONS, ROOT
from local.parts import ROOTS

if TYPE_CHECKING:
    from pathlib import Path


def test_every_terraform_root_of_the_repositories_is_tested() -> None:
    roots = {path.parent for path in ROOT.glob("2_1_bbws_*/*/.terraform.lock.hcl")}

    assert set(ROOTS) == roots


def test_every_root_has_the_same_provider() -> None:
    assert len({(root / ".terraform.lock.hcl").read_bytes() for root in ROOTS}) == 1


@pytest.mark.parametrize("variable", ["account_id", "region"])
@pytest.mark.parametrize("environment", ["local", "dev", "sit", "prod"])
def test_an_environment_is_the_same_account_and_region_in_every_root(environment: str, variable: str) -> None:
    settings = [(root / "environments" / f"{environment}.tfvars").read_text(encoding="utf-8") for root in ROOTS]

    assert len({match for text in settings for match in re.findall(rf'^{variable} *= (".+")$', text, re.M)}) == 1
    assert all(re.search(rf"^{variable} *=", text, re.MULTILINE) for text in settings)


def test_what_is_special_about_a_function_is_no_resource() -> None:
    # checkov and most tests look at one function's root for all.
    special = {repository: ROOT / repository / "terraform" / "needs.tf" for repository in FUNCTIONS}

    blocks = {repository: re.findall(r"^\w+", path.read_text(), re.MULTILINE) for repository, path in special.items()}

    assert blocks == {repository: ["locals"] for repository in FUNCTIONS}


def test_functions_roots_differ_in_what_is_special_alone() -> None:
    files = {
        repository: {path.name for path in (ROOT / repository / "terraform").glob("*.tf")} for repository in FUNCTIONS
    }

    assert len({frozenset(names) for names in files.values()}) == 1


def test_one_function_stands_for_all() -> None:
    assert sum(root.parent.name in FUNCTIONS for root in VALIDATED) == 1


@pytest.mark.parametrize("root", ROOTS, ids=root_name)
def test_every_variable_is_described_typed_and_validated(root: Path) -> None:
    declared = {
        name.strip('"'): variable
        for block in hcl2.loads((root / "variables.tf").read_text(encoding="utf-8"))["variable"]
        for name, variable in block.items()
    }

    assert declared
    assert {
        name for name, variable in declared.items() if not {"description", "type", "validation"} <= variable.keys()
    } == set()
