"""What failed for good can be brought back: ``scripts/replay_dlq.py`` of the functions that read a queue."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from stack import creation, new_id, update

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stack import Change, Stack

ROOT = Path(__file__).resolve().parent.parent
CREATOR = "2_1_bbws_product_creator"
AUDIT_LOGGER = "2_1_bbws_audit_logger"


@dataclass(frozen=True)
class GivenUp:
    """What lies on the dead-letter queues, because it failed.

    Attributes
    ----------
    early_update
        A change of a product that wasn't there.
    poison
        A body that is no JSON, on both queues.
    listings
        What the script shows of each queue, by repository.
    """

    early_update: Change
    poison: str
    listings: dict[str, str]


def replay(stack: Stack, repository: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(ROOT / repository / "scripts" / "replay_dlq.py"), "local", *arguments],
        env={**os.environ, **stack.variables},
        check=False,
        capture_output=True,
        text=True,
    )


def listing(stack: Stack, repository: str) -> str:
    """Return what the script shows."""
    listed = replay(stack, repository, "show", "--limit", "10000")
    assert (listed.returncode, listed.stderr) == (0, "")
    return listed.stdout


def described(listed: str, words: str) -> tuple[str, str]:
    """Return the id of the message in whose description some words are, and the description."""
    (found,) = [block for block in listed.split("\n\n") if words in block]
    message_id = found.splitlines()[0]
    assert re.fullmatch(r"[0-9a-f-]{36}", message_id)
    return message_id, found


@pytest.fixture(scope="module")
def given_up(stack: Stack) -> Iterator[GivenUp]:
    """All messages of this module, sent at once, so that there is one wait for all of them."""
    early_update = update(new_id(), price="123.45")
    poison = f"no JSON {new_id()}"
    stack.send(stack.change_queue, [json.dumps(early_update), poison])
    stack.send(stack.audit_queue, [poison])
    stack.settle()
    yield GivenUp(
        early_update, poison, {repository: listing(stack, repository) for repository in (CREATOR, AUDIT_LOGGER)}
    )
    stack.take(stack.change_dlq, [json.dumps(early_update), poison])
    stack.take(stack.audit_dlq, [poison])


@pytest.mark.parametrize("repository", [CREATOR, AUDIT_LOGGER])
def test_message_that_can_never_succeed_is_shown_with_the_reason_and_the_version(
    given_up: GivenUp, repository: str
) -> None:
    _, description = described(given_up.listings[repository], given_up.poison)

    assert "no JSON" in description.splitlines()[3]
    assert re.search(r"why +.* \([a-z-]+, version \d+\)$", description, re.MULTILINE)


def test_message_that_failed_five_times_is_shown_with_its_ids(given_up: GivenUp) -> None:
    change = given_up.early_update

    message_id, description = described(given_up.listings[CREATOR], str(change["changeId"]))

    assert "delivered 5 times and failed each time" in description
    assert f"message_id {message_id}" in description
    assert str(change["productId"]) in description
    assert "UPDATE" in description


@pytest.mark.parametrize("repository", [CREATOR, AUDIT_LOGGER])
def test_message_that_can_never_succeed_comes_back_as_another_with_the_same_body(
    stack: Stack, given_up: GivenUp, repository: str
) -> None:
    message_id, _ = described(given_up.listings[repository], given_up.poison)

    moved = replay(stack, repository, "move", "--message", message_id)
    stack.settle()

    assert (moved.returncode, moved.stderr) == (0, "")
    again, _ = described(listing(stack, repository), given_up.poison)
    assert again != message_id


def test_change_that_came_before_its_product_is_applied_after_a_replay(stack: Stack, given_up: GivenUp) -> None:
    change = given_up.early_update
    message_id, _ = described(given_up.listings[CREATOR], str(change["changeId"]))
    stack.apply(creation(str(change["productId"]), ago=3600))

    moved = replay(stack, CREATOR, "move", "--message", message_id)
    stack.settle()

    assert (moved.returncode, moved.stderr) == (0, "")
    assert moved.stdout.startswith("moved 1 message from bbws-product-change-dlq-local to bbws-product-change-local\n")
    assert stack.outcomes(change["productId"]) == [("APPLIED", None), ("APPLIED", None)]
    assert stack.product(change["productId"])["price"] == "123.45"
    assert str(change["changeId"]) not in listing(stack, CREATOR)
