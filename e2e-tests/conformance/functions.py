"""The code of the functions, each taken from its own repository as it is packed: what is held to the document."""

from __future__ import annotations

import importlib
import sys
from typing import TYPE_CHECKING, Protocol, cast

from conformance.contract import ROOT

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from product_api import Json

_SOURCES = [ROOT / f"2_1_bbws_{name}" / "src" for name in ("create_product", "list_products", "get_product")]
sys.path.extend(map(str, _SOURCES))
# Each has those modules of `common` that its own code imports, and no two of one name differ.
importlib.import_module("common").__path__ = [str(source / "common") for source in _SOURCES]

_errors = importlib.import_module("common.errors")
_product_fields = importlib.import_module("common.product_fields")
_cursors = importlib.import_module("common.cursors")


class Refusal(Protocol):
    """A refusal by the code, and the class of such refusals."""

    status: int
    code: str
    details: Sequence[Mapping[str, str]]


ApiError: type[Exception] = _errors.ApiError
parse_object: Callable[[bytes], Json] = importlib.import_module("common.json_body").parse_object
new_product: Callable[[Mapping[str, object]], Json] = _product_fields.new_product
product_changes: Callable[[Mapping[str, object]], Json] = _product_fields.product_changes
read_list_query: Callable[[Mapping[str, Sequence[str]]], object] = importlib.import_module("listing").read
read_history_query: Callable[[Mapping[str, Sequence[str]]], object] = importlib.import_module("history_request").read
parse_entity_tags: Callable[[str, str], object] = importlib.import_module("common.entity_tags").EntityTags.parse
is_product_id: Callable[[str], bool] = importlib.import_module("common.product").is_product_id
attribution: Callable[[object], object] = importlib.import_module("common.attribution").attribution
idempotency_key: Callable[[object], object] = importlib.import_module("idempotency").idempotency_key
encode_cursor: Callable[[Sequence[object], str], str] = _cursors.encode
decode_cursor: Callable[[Sequence[object], str], str] = _cursors.decode
record_hash: Callable[[object], str] = importlib.import_module("common.change_record").record_hash


def error_classes() -> list[Refusal]:
    """Return every error that a function can answer with."""
    return [cast("Refusal", found) for found in vars(_errors).values() if hasattr(found, "code")]


def refused(read: Callable[[], object]) -> set[str]:
    """Return the fields, parameters or headers that the code refuses; none if it takes them."""
    try:
        read()
    except ApiError as refusal:
        return {detail["field"] for detail in cast("Refusal", refusal).details}
    return set()
