"""Where things are in this tree, and what a stack keeps on disk."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from local.failure import Failure

ROOT = Path(__file__).resolve().parent.parent

# Everything that the local run makes, except the virtual environments and the packages.
STATE = ROOT / ".local"

# The page that shows the OpenAPI document; every stack serves the same.
REFERENCE_PAGE = STATE / "docs"

PREFIX = "2_1_bbws_"
INFRASTRUCTURE = "2_1_bbws_product_infrastructure"
# Those whose packages take longest to build come first.
FUNCTIONS = (
    "2_1_bbws_create_product",
    "2_1_bbws_update_product",
    "2_1_bbws_product_creator",
    "2_1_bbws_audit_logger",
    "2_1_bbws_list_products",
    "2_1_bbws_get_product",
    "2_1_bbws_delete_product",
)
REPOSITORIES = (INFRASTRUCTURE, *FUNCTIONS)

ENVIRONMENT = "local"
ACCOUNT_ID = "000000000000"
REGION: Final = "eu-west-1"
STATE_BUCKET = f"bbws-terraform-state-{ENVIRONMENT}"
DEFAULT_PORT = 4566


def short_name(repository: str) -> str:
    """Return a repository's name without the prefix that all share, such as ``get_product``."""
    return repository.removeprefix(PREFIX)


def function_name(repository: str) -> str:
    """Return the name of a repository's function in Lambda."""
    return f"bbws-{short_name(repository).replace('_', '-')}-{ENVIRONMENT}"


# As scripts/bootstrap.py of the infrastructure has it.
BOOTSTRAP_STATE_KEY = f"{INFRASTRUCTURE}/bootstrap.tfstate"


def state_key(repository: str) -> str:
    """Return the key of a repository's Terraform state in the state bucket."""
    return f"{repository}/terraform.tfstate"


def run_folder() -> Path:
    """Return where this process, if it runs tests, keeps what it is done with at its end."""
    return STATE / "test" / str(os.getpid())


@dataclass(frozen=True)
class StackFolder:
    """The files of the stack on one port.

    Parameters
    ----------
    port
        The port on which its MiniStack listens.
    """

    port: int

    @property
    def path(self) -> Path:
        """The folder itself."""
        return STATE / str(self.port)

    @property
    def endpoint_url(self) -> str:
        """Address of every AWS service in this stack."""
        return f"http://localhost:{self.port}"

    @property
    def description(self) -> Path:
        """Addresses, names and keys, as JSON: there once everything is deployed."""
        return self.path / "stack.json"

    @property
    def shell_variables(self) -> Path:
        """What points a shell's programs at this stack, to be read by it: there once everything is deployed."""
        return self.path / "environment.sh"

    @property
    def api_keys(self) -> Path:
        """The API keys' values by client (the first) or client/number, as JSON."""
        return self.path / "api-keys.json"

    @property
    def root_token(self) -> Path:
        """The session token of the account's root, as JSON; without it nobody is taken for that."""
        return self.path / "root-token.json"

    @property
    def deployed(self) -> Path:
        """One file for each repository: what was deployed last."""
        return self.path / "deployed"

    @property
    def tried(self) -> Path:
        """One file for each function that answered since MiniStack was started."""
        return self.path / "tried"

    @property
    def logs(self) -> Path:
        """What each step printed."""
        return self.path / "logs"

    @property
    def ministack(self) -> Path:
        """What MiniStack keeps."""
        return self.path / "ministack"

    @property
    def ministack_log(self) -> Path:
        """What MiniStack prints, and with it the functions."""
        return self.path / "ministack.log"

    @property
    def ministack_process(self) -> Path:
        """Which process is this stack's MiniStack, as JSON; there while it runs."""
        return self.path / "ministack.json"

    @property
    def page_log(self) -> Path:
        """What serving the reference page prints."""
        return self.path / "reference-page.log"

    @property
    def page_process(self) -> Path:
        """Which process serves the reference page, and on which port, as JSON; there while it runs."""
        return self.path / "reference-page.json"

    @property
    def generation(self) -> Path:
        """The token of MiniStack's last start, as JSON."""
        return self.path / "generation.json"

    @property
    def lock(self) -> Path:
        """Held by whoever changes this stack."""
        return STATE / f"{self.port}.lock"

    def terraform_data(self, repository: str) -> Path:
        """Terraform's working folder for one repository."""
        return self.path / "terraform" / repository


def chosen_stack() -> StackFolder:
    """Return the stack on the port that ``PORT`` names, or on the usual one.

    Raises
    ------
    Failure
        If it names none.
    """
    text = os.environ.get("PORT") or str(DEFAULT_PORT)
    if not (text.isascii() and text.isdigit() and 1024 <= int(text) <= 65535):
        raise Failure(f"PORT={text} is no port: choose one from 1024 to 65535")
    return StackFolder(int(text))
