"""What the command lines of the deployment scripts have in common."""

from __future__ import annotations

import argparse
import signal
import sys
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError, NoCredentialsError

from deployment import signals, terraform

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from types import FrameType


@dataclass(frozen=True)
class Report:
    """Where a workflow reads what came of a script; nowhere, when a person runs it.

    Attributes
    ----------
    outputs : Path or None
        Gets lines ``name=value``.
    summary : Path or None
        Gets Markdown.
    """

    outputs: Path | None = None
    summary: Path | None = None

    def output(self, values: Mapping[str, str]) -> None:
        """Hand values on."""
        self._append(self.outputs, "".join(f"{name}={value}\n" for name, value in values.items()))

    def summarise(self, markdown: str) -> None:
        """Say in the summary what was done."""
        self._append(self.summary, markdown.rstrip() + "\n\n")

    @staticmethod
    def _append(file: Path | None, text: str) -> None:
        if file is not None:
            with file.open("a", encoding="utf-8") as opened:
                opened.write(text)


def parser(description: str | None) -> argparse.ArgumentParser:
    """Return a parser that wants an environment first.

    Parameters
    ----------
    description
        The script's docstring.
    """
    made = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    made.add_argument("environment", choices=terraform.environments())
    return made


def add_report(to: argparse.ArgumentParser) -> None:
    """Have a parser take ``--outputs`` and ``--summary``."""
    to.add_argument("--outputs", type=Path, metavar="FILE", help="append name=value lines to this file")
    to.add_argument("--summary", type=Path, metavar="FILE", help="append what was done, as Markdown, to this file")


def report(arguments: argparse.Namespace) -> Report:
    """Return where a command line that `add_report` extended wants its report."""
    return Report(arguments.outputs, arguments.summary)


@contextmanager
def orderly_end() -> Iterator[None]:
    """End the script with one line where AWS refuses or can't be reached, and without a traceback when it is cancelled.

    Both SIGINT and SIGTERM become a KeyboardInterrupt inside the block.
    """
    came: int = signal.SIGINT

    def interrupt(number: int, frame: FrameType | None) -> None:
        nonlocal came
        came = number
        raise KeyboardInterrupt

    try:
        with signals.handled_by(interrupt):
            yield
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        sys.exit(128 + came)
    except NoCredentialsError:
        terraform.fail("no AWS credentials in the environment")
    except (BotoCoreError, ClientError) as error:
        terraform.fail(f"AWS refused or failed: {error}")
