"""``python -m local COMMAND``: prepares what a command needs and runs it.

Imports the standard library alone, because it runs before anything is installed.
"""

from __future__ import annotations

import contextlib
import importlib
import os
import signal
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from local import environments, programs, terraform_provider
from local.failure import Failure
from local.layout import ROOT
from local.parallel import tasks_at_a_time

if TYPE_CHECKING:
    from types import FrameType

# When the command was typed, in seconds since 1970, handed on to the interpreter that carries it out.
STARTED = "LOCAL_COMMAND_STARTED"
# In seconds: how long a signal can go unnoticed.
WAKES_EVERY = 0.5


@dataclass(frozen=True)
class Command:
    """What a command runs and what has to be there before.

    Parameters
    ----------
    function
        Module and name of a function that takes nothing and returns an exit status.
    packages
        Whether it needs the virtual environments.
    terraform
        Whether it needs Terraform; a missing one is told before anything else is done.
    """

    function: str
    packages: bool = True
    terraform: bool = False


COMMANDS = {
    "setup": Command("local.command_line:setup", terraform=True),
    "up": Command("local.stack:up", terraform=True),
    "down": Command("local.teardown:down", packages=False),
    "clean": Command("local.teardown:clean", packages=False),
    "status": Command("local.status:status"),
    "logs": Command("local.logs:logs"),
    "demo": Command("local.demo:demo"),
    "test": Command("local.suites:test", terraform=True),
    "lint": Command("local.suites:lint", terraform=True),
    "check": Command("local.suites:check"),
    "terraform": Command("local.suites:terraform", terraform=True),
    "rehearse": Command("local.suites:rehearse", terraform=True),
    "unit": Command("local.suites:unit"),
    "integration": Command("local.suites:integration", terraform=True),
    "e2e": Command("local.suites:e2e", terraform=not os.environ.get("API_URL")),
    "conformance": Command("local.suites:conformance", terraform=not os.environ.get("API_URL")),
    "bench": Command("local.bench:bench"),
    "docs": Command("local.reference_page:docs"),
    "examples": Command("local.openapi_examples:examples"),
    "format": Command("local.checks:reformat", terraform=True),
}


def since_typed() -> float:
    """Return how many seconds ago the command was typed."""
    return time.time() - float(os.environ.get(STARTED) or time.time())


def setup() -> int:
    """Fetch what the virtual environments don't hold: Terraform's provider."""
    print(terraform_provider.prepare())
    return 0


def main() -> int:
    """Run the command on the command line and return its exit status."""
    name = sys.argv[1] if len(sys.argv) == 2 else ""
    if name not in COMMANDS:
        print(f"say what: one of {', '.join(COMMANDS)}", file=sys.stderr)
        return 2
    _listen()
    # Hundreds of programs would otherwise compile all that they import, each for itself.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    os.environ[programs.COMMAND] = str(os.getpid())
    try:
        return _run(name, COMMANDS[name])
    except Failure as failure:
        if failure.details:
            print(failure.details, file=sys.stderr)
        print(f"{name}: {failure}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print(f"{name}: interrupted", file=sys.stderr)
        return 130
    finally:
        # Once the interpreter is ending, the alarm would end it otherwise.
        signal.setitimer(signal.ITIMER_REAL, 0)


def _run(name: str, command: Command) -> int:
    if STARTED not in os.environ:
        os.environ[STARTED] = str(time.time())
        if command.terraform:
            terraform_provider.check_terraform()
    if command.packages:
        _prepare(command)
        if Path(sys.prefix).resolve() != environments.WORK.folder.resolve():
            python = str(environments.WORK.python)
            os.chdir(ROOT)
            signal.setitimer(signal.ITIMER_REAL, 0)
            os.execv(python, [python, "-m", "local", name])  # noqa: S606
    module, _, function = command.function.partition(":")
    return int(getattr(importlib.import_module(module), function)())


def _prepare(command: Command) -> None:
    """Make the virtual environments and, meanwhile, fetch Terraform's provider."""
    if environments.are_current():
        return
    with tasks_at_a_time(1) as meanwhile:
        if command.terraform:
            meanwhile.submit(_fetch_provider)
        environments.prepare()


def _fetch_provider() -> None:
    # The step that needs the provider tries again, and tells.
    with contextlib.suppress(Failure):
        terraform_provider.prepare()


def _listen() -> None:
    """Have signals interrupt this command, also where whoever started it ignores Ctrl-C, as background jobs do.

    What it starts inherits that. After ``nohup`` SIGHUP stays ignored.
    """
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        if number != signal.SIGHUP or signal.getsignal(number) != signal.SIG_IGN:
            signal.signal(number, _interrupt)
    # A signal that comes just before a wait, or to another thread, is noticed only once this thread wakes: see to that.
    signal.signal(signal.SIGALRM, lambda number, frame: None)
    signal.setitimer(signal.ITIMER_REAL, WAKES_EVERY, WAKES_EVERY)


def _interrupt(number: int, frame: FrameType | None) -> None:
    """Interrupt the command. From then on nothing interrupts it any more: it puts things in order and ends."""
    for each in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(each, signal.SIG_IGN)
    raise KeyboardInterrupt
