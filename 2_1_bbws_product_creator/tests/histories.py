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
# What an amount is in follows from it here, so that one which came to be in the currency of another shows.
CURRENCIES = {"1.00": "ZAR", "2.00": "EUR", "3.00": "USD", "299.99": "ZAR"}
_prices = st.sampled_from(["1.00", "2.00", "3.00"]).map(lambda price: {"price": price, "currency": CURRENCIES[price]})
# Until price and currency were one value, a change could hold one of them.
_one_sided = st.sampled_from([{"price": "1.00"}, {"price": "2.00"}, {"currency": "EUR"}, {"currency": "USD"}])
_clients = st.sampled_from(["admin", "shop"])


def _fields(
    names: st.SearchStrategy[str], prices: st.SearchStrategy[dict[str, str]] = _prices
) -> st.SearchStrategy[dict[str, object]]:
    others = st.fixed_dictionaries({}, optional={"name": names, "active": st.booleans()})
    return st.builds(lambda one, other: {**one, **other}, others, st.just({}) | prices).filter(bool)


@st.composite
def histories(draw: st.DrawFn, *, clashing: bool, one_sided: bool = False) -> list[Change]:
    """Draw changes to some products, each with its CREATE, in no particular order.

    Parameters
    ----------
    clashing : bool
        Whether products may want one another's names, changes may expect versions, and a product may have two
        CREATEs (a reused idempotency key).
    one_sided : bool
        Whether some updates hold a price without its currency or a currency alone, as the first release sent them.
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
                fields = draw(_fields(names, _prices | _one_sided) if one_sided else _fields(names))
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
