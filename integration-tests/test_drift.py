"""What is deployed is what Terraform says: a plan right after a deployment changes nothing."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from stack import Stack

ROOT = Path(__file__).resolve().parent.parent
INFRASTRUCTURE = "2_1_bbws_product_infrastructure"
REPOSITORIES = sorted(path.name for path in ROOT.glob("2_1_bbws_*"))

# MiniStack reads an alarm back without most of its attributes.
NOT_READ_BACK = {"aws_cloudwatch_metric_alarm"}


def variables(repository: str, stack: Stack) -> dict[str, str]:
    """Return the Terraform variables that its deployment sets beside the environment's file."""
    if repository == INFRASTRUCTURE:
        return {"TF_VAR_api_key_values": json.dumps(stack.api_keys)}
    package = json.loads((ROOT / repository / "build" / "package.json").read_text(encoding="utf-8"))
    return {"TF_VAR_architecture": package["architecture"]}


def variables_of_package(repository: str) -> dict[str, str]:
    """Return the Terraform variables that a deployment takes from the package, as the repository's own script says."""
    asked = "import json; from deployment import deployable; print(json.dumps(deployable.variables()))"
    command = [sys.executable, "-c", asked]
    said = subprocess.run(command, cwd=ROOT / repository / "scripts", check=True, capture_output=True, text=True).stdout
    return dict(json.loads(said))


@pytest.mark.parametrize("repository", REPOSITORIES)
def test_second_plan_changes_nothing(repository: str, stack: Stack, tmp_path: Path) -> None:
    environment = {
        **os.environ,
        **stack.variables,
        **variables(repository, stack),
        "TF_CLI_CONFIG_FILE": str(ROOT / ".local" / "terraform" / "terraform.rc"),
        "TF_DATA_DIR": str(tmp_path / "terraform"),
    }

    def terraform(*arguments: str) -> str:
        ended = subprocess.run(
            ["terraform", f"-chdir={ROOT / repository / 'terraform'}", *arguments],
            env=environment,
            check=False,
            capture_output=True,
            text=True,
        )
        assert ended.returncode == 0, ended.stdout + ended.stderr
        return ended.stdout

    backend = ("-backend-config=environments/local.s3.tfbackend", f"-backend-config=key={repository}/terraform.tfstate")
    terraform("init", "-input=false", "-lockfile=readonly", *backend)
    plan = str(tmp_path / "plan")
    given = [f"-var={name}={value}" for name, value in variables_of_package(repository).items()]
    terraform("plan", "-input=false", "-lock=false", "-var-file=environments/local.tfvars", *given, f"-out={plan}")
    planned = json.loads(terraform("show", "-json", plan))

    changes = {
        (change["type"], *change["change"]["actions"])
        for change in planned["resource_changes"]
        if change["change"]["actions"] not in (["no-op"], ["read"])
    }
    assert changes <= {(kind, "update") for kind in NOT_READ_BACK}
    outputs = planned.get("output_changes", {}).items()
    assert [name for name, change in outputs if change["actions"] != ["no-op"]] == []
