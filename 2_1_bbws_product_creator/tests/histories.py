"""Random histories of changes to a few products, and random orders in which they are delivered."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from hypothesis import strategies as st
from tests.changes import create, delete, update

if TYPE_CHECKING:
    from common.change import Change

PRODUCTS = [f"{number}" * 8 + "-1111-4111-8111-111111111111" for number in (1, 2, 3)]

# Few moments and few values, so that changes often meet: in one moment, on one field, about one name.
_moments = st.integers(min_value=0, max_value=12)
_prices = st.sampled_from(["1.00", "2.00", "3.00"])
_clients = st.sampled_from(["admin", "shop"])


def _fields(names: st.SearchStrategy[str]) -> st.SearchStrategy[dict[str, object]]:
    return st.fixed_dictionaries(
        {}, optional={"name": names, "price": _prices, "active": st.booleans(), "currency": st.just("EUR")}
    ).filter(bool)


@st.composite
def histories(draw: st.DrawFn, *, clashing: bool) -> list[Change]:
    """Draw changes to some products, each with its CREATE, in no particular order.

    Parameters
    ----------
    clashing : bool
        Whether products may want one another's names, changes may expect versions, and a product may have two
        CREATEs (a reused idempotency key).
    """
    changes: list[Change] = []
    for number, product_id in enumerate(PRODUCTS[: draw(st.integers(1, len(PRODUCTS)))]):
        own = ["alpha", "ALPHA", "beta"] if clashing else [f"alpha {number}", f"ALPHA {number}", f"beta {number}"]
        names = st.sampled_from(own)
        versions = st.none() | st.integers(1, 4) if clashing else st.none()
        for _ in range(draw(st.integers(1, 2)) if clashing else 1):
            changes.append(
                create(
                    draw(_moments),
                    product_id=product_id,
                    **draw(st.one_of(st.just({}), _fields(names))) | {"name": draw(names)},
                )
            )
        for _ in range(draw(st.integers(0, 5))):
            at, version = draw(_moments), draw(versions)
            if draw(st.integers(0, 3)) == 0:
                changes.append(delete(at, product_id=product_id, expected_version=version))
            else:
                fields = draw(_fields(names))
                changes.append(update(at, product_id=product_id, expected_version=version, **fields))
    # Ids in random order too: they decide between changes of one moment.
    ids = draw(st.permutations(range(len(changes))))
    return [
        {**change, "changeId": str(uuid.UUID(int=number, version=4)), "requestedBy": draw(_clients)}
        for change, number in zip(changes, ids, strict=True)
    ]


def deliveries(history: list[Change]) -> st.SearchStrategy[list[Change]]:
    """Draw an order of delivery: each change at least once, some again."""
    repeats = st.lists(st.sampled_from(history), max_size=6)
    return repeats.flatmap(lambda again: st.permutations([*history, *again]))
