"""Who sends whom which messages: what releases and rollbacks go by is what the functions' Terraform gives them."""

from __future__ import annotations

import json
import re
import subprocess
import sys

import pytest

from local.layout import FUNCTIONS, ROOT, short_name

SCRIPTS = ROOT / FUNCTIONS[0] / "scripts"
QUEUES = {"change": "change", "record": "audit"}


def flows() -> dict[str, tuple[list[str], str]]:
    """Return senders and receiver of each kind of message, as the scripts know them."""
    say = "import json; from deployment.order import FLOWS; print(json.dumps([vars(flow) for flow in FLOWS]))"
    printed = subprocess.run([sys.executable, "-c", say], cwd=SCRIPTS, check=True, stdout=subprocess.PIPE).stdout
    return {flow["kind"]: (flow["senders"], flow["receiver"]) for flow in json.loads(printed)}


def who_says(sign: str) -> list[str]:
    """Return the functions in whose terraform/needs.tf something stands."""
    return sorted(
        short_name(repository).replace("_", "-")
        for repository in FUNCTIONS
        if re.search(sign, (ROOT / repository / "terraform" / "needs.tf").read_text(encoding="utf-8"))
    )


def test_every_queue_s_messages_are_known() -> None:
    used = "".join((ROOT / repository / "terraform" / "needs.tf").read_text() for repository in FUNCTIONS)

    assert sorted(QUEUES.values()) == sorted(set(re.findall(r"infrastructure\.(\w+)_queue_arn", used)))
    assert flows().keys() == QUEUES.keys()


@pytest.mark.parametrize("kind", QUEUES)
def test_senders_and_receiver_are_those_that_terraform_connects_to_the_queue(kind: str) -> None:
    queue = QUEUES[kind]

    senders, receiver = flows()[kind]

    assert sorted(senders) == who_says(rf"infrastructure\.{queue}_queue_url\b")
    assert [receiver] == who_says(rf"source_queue_arn *= *local\.infrastructure\.{queue}_queue_arn\b")
