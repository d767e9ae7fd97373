"""What holds of the products, their records and the claims to names, whatever was delivered in whatever order.

Said here once more and in another way than in ``src``: a fold over the records, where the service goes field by field.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from common.change_record import record_hash
from common.text import fold

if TYPE_CHECKING:
    from common.change_record import ChangeRecord
    from common.head import Head


@dataclass
class Catalogue:
    """All that the table holds.

    Attributes
    ----------
    heads : dict
        By product id.
    records : dict
        Each product's, in the order of their sequence.
    claims : dict
        The product that holds a name, by folded name.
    """

    heads: dict[str, Head] = field(default_factory=dict)
    records: dict[str, list[ChangeRecord]] = field(default_factory=dict)
    claims: dict[str, str] = field(default_factory=dict)

    def shown(self) -> dict[str, dict[str, Any]]:
        """Return the products without what counts changes: what must not depend on the order of delivery."""
        return {
            product_id: {name: value for name, value in head.product.items() if name != "version"}
            for product_id, head in self.heads.items()
            if head.product is not None
        }


def check(catalogue: Catalogue) -> None:
    """Assert what holds at any moment."""
    _check_claims(catalogue)
    for product_id, head in catalogue.heads.items():
        records = catalogue.records[product_id]
        _check_chain(head, records)
        assert head.product == folded(records)
        assert all(record["productId"] == product_id for record in records)
    change_ids = [record["changeId"] for records in catalogue.records.values() for record in records]
    assert len(change_ids) == len(set(change_ids)), "a change has two records"
    assert set(catalogue.records) == set(catalogue.heads)


def check_nothing_went_backwards(before: Catalogue, after: Catalogue) -> None:
    """Assert that time passed in one direction between two looks at the table."""
    for product_id, earlier in before.heads.items():
        later = after.heads[product_id]
        assert later.sequence >= earlier.sequence
        assert later.create_change_id == earlier.create_change_id
        assert after.records[product_id][: earlier.sequence] == before.records[product_id]
        assert all(later.stamps[name] >= stamp for name, stamp in earlier.stamps.items())
        if earlier.product is not None:
            assert later.product is not None
            assert later.product["version"] >= earlier.product["version"]
            assert later.product["dateLastUpdated"] >= earlier.product["dateLastUpdated"]


def folded(records: list[ChangeRecord]) -> dict[str, Any] | None:
    """Return the product that its applied records make: in the order asked for, each over what was before."""
    applied = sorted(
        (record for record in records if record["status"] == "APPLIED"),
        key=lambda record: (record["requestedAt"], record["changeId"]),
    )
    if not applied:
        return None
    product: dict[str, Any] = {}
    for record in applied:
        product |= record["fields"]
    (creation,) = (record for record in applied if record["changeType"] == "CREATE")
    return product | {
        "productId": creation["productId"],
        "version": len(applied),
        "dateCreated": creation["requestedAt"],
        "dateLastUpdated": applied[-1]["requestedAt"],
        "lastUpdatedBy": applied[-1]["requestedBy"],
    }


def _check_claims(catalogue: Catalogue) -> None:
    """A name has a claim exactly when one active product holds it."""
    holders = [
        (fold(head.product["name"]), product_id)
        for product_id, head in catalogue.heads.items()
        if head.product is not None and head.product["active"]
    ]
    assert sorted(catalogue.claims.items()) == sorted(holders)


def _check_chain(head: Head, records: list[ChangeRecord]) -> None:
    assert [record["sequence"] for record in records] == list(range(1, head.sequence + 1))
    assert records[0]["previousHash"] is None
    for earlier, later in pairwise(records):
        assert later["previousHash"] == earlier["hash"]
        assert later["before"] == earlier["after"]
    assert all(record["hash"] == record_hash(record) for record in records)
    assert head.last_hash == records[-1]["hash"]
    assert head.create_change_id == records[0]["changeId"]
    for record in records:
        assert (record["status"] == "APPLIED") == (record["reason"] is None)
        assert record["status"] == "APPLIED" or record["before"] == record["after"]
