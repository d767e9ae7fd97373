"""Request bodies of every kind that the description of a product allows, for property tests."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from hypothesis import strategies as st

from common.currencies import CURRENCIES
from common.product import FIELDS, Choice, CurrencyCode, Flag, Money, Text, Texts

if TYPE_CHECKING:
    from common.product import Rule

# Letters, blanks, marks, digits and quotes in several scripts, some of which change when they are composed.
_CHARACTERS = "abcXYZ09 -'\"\\é日🚀ßİΣς\u0301\u0345\u00a0\u3000\u200f\u1112\u1161\u11ab"


def values(rule: Rule) -> st.SearchStrategy[object]:
    """Return values as a caller may write them, most of which the rule allows."""
    match rule:
        case Text():
            return st.text(st.sampled_from(_CHARACTERS), min_size=rule.shortest, max_size=min(rule.longest, 40)).map(
                lambda text: text.ljust(rule.shortest, "x")
            )
        case Texts():
            return st.lists(values(rule.each), max_size=4)
        case Money():
            # Whole ones, and those in cents and in mills; up to what was the highest once, and up to what is.
            amounts = st.builds(
                lambda decimals, number: min(max(Decimal(number).scaleb(-decimals), rule.lowest), rule.highest),
                st.sampled_from([0, 2, 2, 3]),
                st.integers(0, 99_999_999) | st.integers(0, int(rule.highest) * 1000),
            )
            # The same amount with fewer digits, and a zero with a sign.
            return amounts | amounts.map(Decimal.normalize) | amounts.map(lambda amount: amount or -amount)
        case Choice():
            return st.sampled_from(rule.words)
        case CurrencyCode():
            return st.sampled_from(["ZAR", "USD", "JPY", "KWD"]) | st.sampled_from(sorted(CURRENCIES))
        case Flag():
            return st.booleans()


NEW_PRODUCTS = st.fixed_dictionaries(
    {field.name: values(field.rule) for field in FIELDS if field.default is None},
    optional={field.name: values(field.rule) for field in FIELDS if field.default is not None},
)
CHANGES = st.fixed_dictionaries({}, optional={field.name: values(field.rule) for field in FIELDS}).filter(bool)
