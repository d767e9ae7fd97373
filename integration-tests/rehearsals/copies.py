"""Copies of the infrastructure's repository, in which rehearsals may write and from which they deploy."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3

if TYPE_CHECKING:
    from typing import Self

INFRASTRUCTURE = Path(__file__).resolve().parent.parent.parent / "2_1_bbws_product_infrastructure"


@dataclass(frozen=True)
class Copy:
    """A copy of the repository, for the environment ``local``.

    Attributes
    ----------
    repository
        Where it is.
    state_bucket
        Where its Terraform keeps its state: two copies must not share it.
    """

    repository: Path
    state_bucket: str

    @classmethod
    def make(cls, folder: Path, state_bucket: str) -> Self:
        """Make a copy below a folder, and its state bucket."""
        repository = folder / INFRASTRUCTURE.name
        ignored = shutil.ignore_patterns(".terraform", "__pycache__", "tests")
        for part in ("scripts", "terraform"):
            shutil.copytree(INFRASTRUCTURE / part, repository / part, ignore=ignored)
        shutil.copy(INFRASTRUCTURE / ".gitignore", repository)
        backend = repository / "terraform" / "environments" / "local.s3.tfbackend"
        backend.write_text(backend.read_text().replace("bbws-terraform-state-local", state_bucket))
        boto3.client("s3").create_bucket(
            Bucket=state_bucket, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"}
        )
        copy = cls(repository, state_bucket)
        backends = ("-backend-config=environments/local.s3.tfbackend", f"-backend-config=key={copy.state_key}")
        copy.terraform("init", "-input=false", "-lockfile=readonly", *backends)
        return copy

    @property
    def state_key(self) -> str:
        return f"{INFRASTRUCTURE.name}/terraform.tfstate"

    @property
    def settings_file(self) -> Path:
        return self.repository / "terraform" / "environments" / "local.tfvars"

    @property
    def settings(self) -> str:
        return self.settings_file.read_text()

    def run(self, script: str, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
        """Run one of its scripts, perhaps with other variables in its environment."""
        return subprocess.run(
            [sys.executable, self.repository / "scripts" / script, *arguments],
            check=False,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            env={**os.environ, **variables},
        )

    def terraform(self, *arguments: str, **variables: object) -> str:
        """Run Terraform, with values for some variables, and return what it says."""
        done = subprocess.run(
            ["terraform", f"-chdir={self.repository / 'terraform'}", *arguments],
            check=False,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env={
                **os.environ,
                "TF_DATA_DIR": str(self.repository / ".terraform"),
                **{f"TF_VAR_{name}": json.dumps(value) for name, value in variables.items()},
            },
        )
        assert done.returncode == 0, done.stdout
        return done.stdout

    def apply(self, *targets: str, **variables: object) -> set[tuple[str, str]]:
        """Apply the configuration, as far as some resources need it.

        Returns
        -------
        set
            Address and actions (``create``, ``delete create`` …) of each resource that was changed.
        """
        plan = str(self.repository / "rehearsed.tfplan")
        self.terraform(
            *("plan", "-input=false", "-var-file=environments/local.tfvars", f"-out={plan}"),
            *(f"-target={target}" for target in targets),
            **variables,
        )
        planned = json.loads(self.terraform("show", "-json", plan))
        self.terraform("apply", "-input=false", plan, **variables)
        changes = {change["address"]: change["change"] for change in planned.get("resource_changes", [])}
        return {
            (address, " ".join([*(["import"] if "importing" in change else []), *change["actions"]]))
            for address, change in changes.items()
            if change["actions"] != ["no-op"] or "importing" in change
        }

    def outputs(self) -> dict[str, Any]:
        """Return the outputs in its state."""
        state = boto3.client("s3").get_object(Bucket=self.state_bucket, Key=self.state_key)["Body"].read()
        return {name: output["value"] for name, output in json.loads(state)["outputs"].items()}
