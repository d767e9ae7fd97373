"""``make examples``: brings the OpenAPI document's examples in line with the description of a product.

The document is written by hand and stays as it is, but for lines in its examples: a product there gets the fields that
it lacks, by their defaults, and loses those that there aren't, the error that lists the fields lists them all, and the
chained hashes of change records follow.
"""

from __future__ import annotations

import json
import re
import sys
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from ruamel.yaml import YAML

from local.layout import INFRASTRUCTURE, ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ruamel.yaml.comments import CommentedMap

sys.path.append(str(ROOT / "template" / "function" / "src"))

from common.change_record import record_hash
from common.prices import price_text
from common.product import FIELD_NAMES, FIELDS, PRODUCT_ATTRIBUTES, Money

DOCUMENT = ROOT / INFRASTRUCTURE / "openapi" / "product-api.yaml"

# The fields, where an error says which there are.
_LISTED = re.compile(r"(?<=these can: )\w+(?:, \w+)*")
_MONEY = {field.name: field.rule for field in FIELDS if isinstance(field.rule, Money)}


def examples() -> int:
    """Rewrite the document, say what changed and return the exit status."""
    before = DOCUMENT.read_text(encoding="utf-8")
    after = with_hashes(with_fields(before))
    DOCUMENT.write_text(after, encoding="utf-8")
    changed = len(set(after.splitlines()) ^ set(before.splitlines()))
    print(f"{DOCUMENT.relative_to(ROOT)}: {f'{changed} lines changed' if changed else 'all examples are right'}")
    return 0


def with_fields(text: str) -> str:
    """Return the document with all fields in each product of its examples, and no other."""
    lines: list[str | None] = list(text.splitlines())
    added: dict[int, list[str]] = {}
    for product in _products(YAML().load(text)["components"]["examples"]):
        known = PRODUCT_ATTRIBUTES if "lastUpdatedBy" in product else FIELD_NAMES
        for name in product.keys() - set(known):
            lines[product.lc.key(name)[0]] = None
        last = product.lc.key(next(iter(product)))
        for field in FIELDS:
            if field.name in product:
                last = product.lc.key(field.name)
            else:
                value = float(str(field.default)) if field.name in _MONEY else field.default
                added.setdefault(last[0], []).append(f"{' ' * last[1]}{field.name}: {json.dumps(value)}")
    kept = ([line, *added.get(number, ())] for number, line in enumerate(lines))
    document = "".join(f"{line}\n" for group in kept for line in group if line is not None)
    return _LISTED.sub(", ".join(FIELD_NAMES), document)


def with_hashes(text: str) -> str:
    """Return the document with the hashes that its change records must bear, each linked to the one before."""
    loaded = YAML(typ="safe").load(text)["components"]["examples"]
    records = [record for example in loaded.values() for record in _records(example["value"])]
    hashes: dict[str, str] = {}
    for record in sorted(records, key=lambda record: record["sequence"]):
        stored = {name: _stored(value) for name, value in record.items() if name != "changed"}
        stored["previousHash"] = hashes.get(record["previousHash"], record["previousHash"])
        hashes[record["hash"]] = record_hash(stored)
    for old, new in hashes.items():
        text = text.replace(old, new)
    return text


def _products(value: Any) -> Iterator[CommentedMap]:
    """Yield every product in a value, and the fields of every creation."""
    if isinstance(value, dict):
        if {"name", "description", "price", "active"} <= value.keys():
            yield value  # type: ignore[misc]
        for part in value.values():
            yield from _products(part)
    elif isinstance(value, list):
        for part in value:
            yield from _products(part)


def _records(value: Any) -> list[dict[str, Any]]:
    """Return the change records in an example."""
    return value["changes"] if isinstance(value, dict) and "changes" in value else []


def _stored(value: Any, name: str = "") -> Any:
    """Return a value as the table holds it: amounts are text."""
    if isinstance(value, dict):
        return {key: _stored(part, key) for key, part in value.items()}
    if name in _MONEY:
        return price_text(Decimal(str(value)), _MONEY[name].lowest, _MONEY[name].highest)
    return value
