#!/usr/bin/env python3
"""Keeps what today's code sends and stores, and the sources that read it, as a released version.

    .venv/bin/python template/tests/evolution/capture.py 2

For a release that adds to what is sent or stored. What was kept once is refused to be kept anew.
"""

from __future__ import annotations

import itertools
import json
import sys
import uuid
import zipfile
from decimal import Decimal
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[3]))

from local.layout import ROOT
from template.tests.evolution.conftest import SOURCES

# isort: split
# Found where the import before has said.
from evolution import life
from evolution.captures import RELEASED

from common.attribute_values import to_item
from common.product import PRICE
from common.product_fields import new_product, product_changes
from common.product_table import head_key

WHOLE = {
    "name": "Wörd 'Press' \U0001f680",
    "description": 'Hosting for a "busy" WordPress site.',
    "price": Decimal("349.9"),
    "currency": "USD",
    "billingCycle": "one-time",
    "features": ["10 GB of storage", "Größe Ω"],
    "active": False,
}
LEAST = {name: WHOLE[name] for name in ("name", "description", "price", "billingCycle")}
# What is asked of a product, in this order.
LIVES = (
    [
        ("CREATE", LEAST),
        *(("UPDATE", {name: WHOLE[name] for name in (PRICE if name in PRICE else (name,))}) for name in WHOLE),
        ("DELETE", None),
    ],
    [("CREATE", WHOLE), ("UPDATE", {"active": True}), ("UPDATE", {"price": Decimal("0.01"), "currency": "ZAR"})],
)


def main() -> None:
    """Keep everything in a folder of the version's own."""
    folder = RELEASED / str(int(sys.argv[1]))
    folder.mkdir(parents=True)
    messages, items, records, objects = [], [], [], {}
    numbers = itertools.count(1)
    for life_ in LIVES:
        head = None
        for change_type, body in life_:
            number = next(numbers)
            fields = {"active": False} if body is None else (new_product if head is None else product_changes)(body)
            message = json.loads(life.sent(change_type, fields))
            message |= {
                "changeId": str(uuid.UUID(int=number, version=4)),
                "requestedAt": f"2026-11-01T07:{number:02d}:00.000000Z",
            }
            messages.append(json.dumps(message, ensure_ascii=False))
            head, record = life.applied(head, life.read(messages[-1]))
            items.append(to_item({**head_key(life.PRODUCT_ID), **head.attributes(life.PRODUCT_ID)}))
            records.append(json.dumps(record))
            key, content = life.through_the_audit(record)
            objects[key] = content.decode()
    for name, content in {"messages": messages, "items": items, "records": records, "objects": objects}.items():
        text = json.dumps(content, ensure_ascii=False, indent=1) + "\n"
        (folder / f"{name}.json").write_text(text, encoding="utf-8")
    with zipfile.ZipFile(folder / "readers.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for source in SOURCES:
            for file in sorted((ROOT / source / "src").rglob("*.py")):
                name = file.relative_to(ROOT / source / "src").as_posix()
                if name not in archive.namelist() and file.name != "handler.py":
                    # Without a date, so that the same sources make the same archive.
                    archive.writestr(zipfile.ZipInfo(name), file.read_bytes(), zipfile.ZIP_DEFLATED)


if __name__ == "__main__":
    main()
