"""The product table restored to a moment, and the audit trail replayed into it: nothing that came after is lost.

MiniStack restores a table to what it is now, whichever moment is asked for. So it is restored first, and what follows
happens to the other table, as if that had come after the moment. The service isn't pointed at the restored table,
because other tests use it.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, cast

import pytest
from stack import creation, moment, new_id, new_name, update, withdrawal

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stack import Change, Item, Stack

ROOT = Path(__file__).resolve().parent.parent
CREATOR = ROOT / "2_1_bbws_product_creator" / "scripts"
INFRASTRUCTURE = ROOT / "2_1_bbws_product_infrastructure" / "scripts"
AUDIT_LOGGER = ROOT / "2_1_bbws_audit_logger" / "scripts"


@dataclass
class Drill:
    """A restoration, and the scripts that it takes.

    Attributes
    ----------
    restored
        What the restored table is called.
    """

    stack: Stack
    restored: str
    product_ids: set[str]

    def run(self, script: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, script, *arguments],
            env={**os.environ, **self.stack.variables, "AWS_REGION": "eu-west-1"},
            check=False,
            capture_output=True,
            text=True,
        )

    def apply(self, *changes: Change) -> None:
        """Have changes applied one after the other, and audited."""
        self.product_ids |= {str(change["productId"]) for change in changes}
        self.stack.apply(*changes)

    def replay(self) -> int:
        """Replay the audit trail of the drill's products and return how many records were stored."""
        done = self.run(
            CREATOR / "replay_records.py",
            *("local", self.restored, "--since", moment(timedelta(hours=1)), "--workers", "4"),
            *("--product", *self.product_ids),
        )
        assert (done.returncode, done.stderr) == (0, "")
        found = re.search(r"^stored ([\d,]+) records? in ", done.stdout, re.MULTILINE)
        assert found
        return int(found[1].replace(",", ""))

    def items(self, table: str) -> list[Item]:
        """Return all that a table holds of the drill's products, in the order of the keys."""
        resource = self.stack.table.meta.client
        pages = resource.get_paginator("scan").paginate(TableName=table, ConsistentRead=True)
        items = [cast("Item", item) for page in pages for item in page["Items"]]
        mine = [item for item in items if item.get("productId") in self.product_ids]
        return sorted(mine, key=lambda item: (str(item["PK"]), str(item["SK"])))


@pytest.fixture
def drill(stack: Stack) -> Iterator[Drill]:
    """Return a drill whose table is not restored yet; the creator is at work afterwards, and the table is gone."""
    drill = Drill(stack, f"{stack.table.name}-drill-{new_id()[:8]}", set())
    yield drill
    assert drill.run(CREATOR / "event_source.py", "local", "resume").returncode == 0
    client = stack.table.meta.client
    if drill.restored in client.list_tables()["TableNames"]:
        client.delete_table(TableName=drill.restored)
    stack.settle()


def test_what_came_after_the_restore_point_is_replayed_from_the_audit_trail(stack: Stack, drill: Drill) -> None:
    one, other, withdrawn = creation(), creation(name=new_name("größe 漢字 🚀")), creation()
    drill.apply(one, other, withdrawn, update(one["productId"], ago=50, price="1.00"))

    restored = drill.run(INFRASTRUCTURE / "restore_table.py", "local", drill.restored, "--at", "latest")
    assert (restored.returncode, restored.stderr) == (0, "")

    late, refused = creation(), creation()
    ids = {name: change["productId"] for name, change in (("one", one), ("other", other), ("withdrawn", withdrawn))}
    names = {name: change["fields"]["name"] for name, change in (("one", one), ("other", other))}  # type: ignore[index]
    drill.apply(
        late,
        {**refused, "fields": late["fields"]},
        update(ids["one"], ago=40, name=new_name()),
        update(ids["other"], ago=39, name=names["one"]),
        update(ids["one"], ago=38, name=names["other"]),
        update(ids["one"], ago=45, price="4.00", currency="EUR", name=new_name()),
        update(ids["one"], ago=50, price="2.00"),
        {**update(ids["other"], ago=30, price="3.00"), "expectedVersion": 1},
        withdrawal(ids["withdrawn"], ago=20),
    )
    paused = drill.run(CREATOR / "event_source.py", "local", "pause", "--empty-for", "1")
    assert (paused.returncode, paused.stderr) == (0, "")
    waiting = update(ids["one"], ago=10, price="4.00")
    stack.submit(waiting)

    assert drill.items(drill.restored) != drill.items(stack.table.name)
    assert drill.replay() == 9
    assert drill.items(drill.restored) == drill.items(stack.table.name)
    assert drill.replay() == 0

    for product_id in sorted(drill.product_ids):
        verified = drill.run(
            AUDIT_LOGGER / "verify_audit.py", stack.audit_bucket, "--table", drill.restored, "--product", product_id
        )
        assert (verified.returncode, verified.stdout.splitlines()[-1]) == (0, "nothing found")

    wrong = drill.run(CREATOR / "event_source.py", "local", "resume", "--table", drill.restored)
    assert (wrong.returncode, stack.marker(waiting)) == (1, None)
    assert f"writes to {stack.table.name}, not to {drill.restored}" in wrong.stderr
    resumed = drill.run(CREATOR / "event_source.py", "local", "resume", "--table", stack.table.name)
    assert (resumed.returncode, resumed.stderr) == (0, "")
    stack.settle()
    assert stack.product(ids["one"])["price"] == "4.00"
    assert drill.replay() == 1
    assert drill.items(drill.restored) == drill.items(stack.table.name)
