"""``Idempotency-Key``: a request that is sent again asks for the same product, however late it comes.

Nothing is kept for that beside what is kept anyway. The product's id follows from the client and its key, the
change's from the fields too, and the product's head says which change brought it into being.
"""

from __future__ import annotations

import re
import uuid
from typing import TYPE_CHECKING, NamedTuple

from common.canonical import canonical_hash, canonical_json
from common.errors import ValidationError

if TYPE_CHECKING:
    from common.api import Request
    from common.product import Fields

# HTTP itself takes the blanks around a header's value away.
_KEY = re.compile(r"[!-~](?:[ -~]{0,253}[!-~])?")

# Never to be changed, like all that the ids are derived by: a retry would make a second product.
_NAMESPACE = uuid.UUID("45e2079f-2f0b-407f-a3b2-eee8f231b561")


def idempotency_key(request: Request) -> str | None:
    """Return the key that a request carries, or ``None`` where it carries none.

    A key that is repeated is the list of its values, like every header: the same requests then have the same key.

    Raises
    ------
    ValidationError
        The key is empty, too long, or not printable ASCII.
    """
    key = request.headers.get("idempotency-key")
    if key is not None and not _KEY.fullmatch(key):
        raise ValidationError.of("Idempotency-Key", "must have 1 to 255 printable ASCII characters")
    return key


class CreationIds(NamedTuple):
    """The ids of a product and of the change that creates it."""

    product_id: str
    change_id: str

    @classmethod
    def random(cls) -> CreationIds:
        """Return ids that nothing else has."""
        return cls(str(uuid.uuid4()), str(uuid.uuid4()))

    @classmethod
    def derived(cls, client: str, key: str, fields: Fields) -> CreationIds:
        """Return the ids that follow from a request.

        Parameters
        ----------
        client : str
            The API client's name; each has keys of its own.
        key : str
            The `idempotency_key`.
        fields : Fields
            What is asked for, normalised: ways of writing the same have the same ids.
        """
        return cls(
            _uuid("product", client, key),
            _uuid("change", client, key, canonical_hash(fields)),
        )


def _uuid(*parts: str) -> str:
    # A list in JSON, because parts that merely follow each other could be divided in another way.
    return str(uuid.uuid5(_NAMESPACE, canonical_json(parts).decode()))
