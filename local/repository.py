"""Calls a repository's own scripts, the way its people and its workflows do."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING

from local import credentials, programs
from local.environments import WORK
from local.layout import ENVIRONMENT, INFRASTRUCTURE, ROOT, StackFolder, short_name, state_key
from local.terraform_provider import CONFIGURATION

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

# As what its log, its note and Terraform's folder are filed.
BOOTSTRAP = "bootstrap"


def build(folder: StackFolder, repository: str) -> str:
    """Build a function's package for this computer, unless it is there.

    Returns
    -------
    str
        What the script said about it.
    """
    log = folder.logs / f"build-{short_name(repository)}.log"
    # The infrastructure's deployment, which takes longest, goes first.
    command = (*programs.IN_THE_BACKGROUND, WORK.python, "scripts/build.py", "--local")
    programs.run(command, log, ROOT / repository)
    return programs.tail(log, 1).removeprefix("build/function.zip ")


def bootstrap(folder: StackFolder) -> str:
    """Make ready what deployments find in an account, unless it is as it should be.

    Returns
    -------
    str
        What came of it, in a few words.
    """
    fingerprint = _fingerprint(ROOT / INFRASTRUCTURE, ("scripts", "bootstrap"))
    if is_noted(folder.deployed, BOOTSTRAP, fingerprint):
        return "nothing changed"
    (folder.deployed / BOOTSTRAP).unlink(missing_ok=True)
    variables = terraform_variables(folder.terraform_data(BOOTSTRAP)) | credentials.variables(folder)
    command = (WORK.python, "scripts/bootstrap.py", ENVIRONMENT, "--yes")
    programs.run(command, folder.logs / f"{BOOTSTRAP}.log", ROOT / INFRASTRUCTURE, variables)
    _note(folder.deployed, BOOTSTRAP, fingerprint)
    return "applied"


def inputs(folder: StackFolder, repository: str, infrastructure: Mapping[str, object]) -> str:
    """Return the SHA-256 (hex) of everything that a deployment's result depends on.

    Parameters
    ----------
    folder
        The stack.
    repository
        Which repository.
    infrastructure
        The outputs of the infrastructure; empty for the infrastructure itself.
    """
    root = ROOT / repository
    besides = folder.api_keys if repository == INFRASTRUCTURE else root / "build" / "function.zip"
    return _fingerprint(root, ("scripts", "terraform"), besides, json.dumps(infrastructure, sort_keys=True))


def is_noted(notes: Path, repository: str, fingerprint: str) -> bool:
    """Tell whether a repository was deployed, or tried, as it is now.

    Parameters
    ----------
    notes
        The stack's `deployed` or `tried`.
    repository, fingerprint
        Which repository, and its `inputs`.
    """
    try:
        return (notes / repository).read_text(encoding="utf-8") == fingerprint
    except OSError:
        return False


def deploy(folder: StackFolder, repository: str, fingerprint: str) -> str:
    """Deploy a repository to a stack, invoke what was deployed, and note both.

    Returns
    -------
    str
        What came of it, in a few words.
    """
    (folder.deployed / repository).unlink(missing_ok=True)
    log = folder.logs / f"deploy-{short_name(repository)}.log"
    variables = terraform_variables(folder.terraform_data(repository)) | credentials.variables(folder)
    if repository == INFRASTRUCTURE:
        variables["TF_VAR_api_key_values"] = folder.api_keys.read_text(encoding="utf-8")
    command = (WORK.python, "scripts/deploy.py", ENVIRONMENT, "--beside-others")
    programs.run(command, log, ROOT / repository, variables)
    _note(folder.deployed, repository, fingerprint)
    if repository == INFRASTRUCTURE:
        return "applied"
    _note(folder.tried, repository, fingerprint)
    return f"{programs.tail(log, 1).partition(': ')[2]}, answers as expected"


def smoke_test(folder: StackFolder, repository: str, fingerprint: str) -> None:
    """Invoke a deployed function, whose process runs from then on, and note that it was tried."""
    log = folder.logs / f"smoke-test-{short_name(repository)}.log"
    command = (WORK.python, "scripts/smoke_test.py", ENVIRONMENT, "--version", "live")
    programs.run(command, log, ROOT / repository, credentials.variables(folder))
    _note(folder.tried, repository, fingerprint)


def terraform_variables(data: Path) -> dict[str, str]:
    """Return what Terraform needs to find in its environment.

    Parameters
    ----------
    data
        The working folder for one root; two that run at a time must not share it.
    """
    data.mkdir(parents=True, exist_ok=True)
    return {
        "TF_CLI_CONFIG_FILE": str(CONFIGURATION),
        "TF_DATA_DIR": str(data),
        "TF_IN_AUTOMATION": "1",
        # Terraform and its provider collect garbage less often: a fifth less processor time for a seventh more memory.
        "GOGC": "400",
    }


def outputs(folder: StackFolder, repository: str) -> dict[str, object]:
    """Return the outputs in a repository's Terraform state; none if it was never deployed."""
    from local.state_bucket import read

    state = read(folder, state_key(repository))
    return {} if state is None else {name: output["value"] for name, output in json.loads(state)["outputs"].items()}


def _fingerprint(root: Path, folders: tuple[str, ...], besides: Path | None = None, more: str = "") -> str:
    """Return the SHA-256 (hex) of a repository's folders, of a file besides, and of a text."""
    files = [path for name in folders for path in (root / name).rglob("*") if path.is_file()]
    wanted = [path for path in files if not {"__pycache__", ".terraform"} & set(path.relative_to(root).parts)]
    digest = hashlib.sha256()
    for path in sorted([*wanted, *([besides] if besides else [])]):
        for part in (path.relative_to(ROOT).as_posix().encode(), path.read_bytes()):
            digest.update(len(part).to_bytes(8, "big") + part)
    digest.update(more.encode())
    return digest.hexdigest()


def _note(notes: Path, repository: str, fingerprint: str) -> None:
    notes.mkdir(parents=True, exist_ok=True)
    (notes / repository).write_text(fingerprint, encoding="utf-8")
