"""Reading the change queue: a message is a valid change, or it says why not."""

from __future__ import annotations

import json
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Annotated, NotRequired, cast

from pydantic import AfterValidator, ConfigDict, Field, StringConstraints, TypeAdapter, with_config
from pydantic import ValidationError as PydanticError

# pydantic asks for this one below Python 3.12.
from typing_extensions import TypedDict

from common import timestamps
from common.batch import InvalidMessage, check_version
from common.change import SCHEMA_VERSION, ChangeType
from common.change_record import LONGEST_ACTING_USER, LONGEST_CHANGE_NOTE, attributed
from common.errors import ValidationError
from common.product import FIELD_NAMES, LATER_DEFAULTS, UUID_PATTERN
from common.product_fields import queued_fields

if TYPE_CHECKING:
    from datetime import datetime

    from common.change import Change
    from common.product import Fields

# A stamp too far ahead would outlive every later change; one too old may be a repeat whose marker has gone.
MOST_AHEAD = timedelta(minutes=5)
OLDEST = timedelta(days=30)


def _moment(text: str) -> str:
    timestamps.from_text(text)
    return text


# Ample for what API Gateway and the clients' names have.
_LONGEST_ID = 256
_Uuid = Annotated[str, StringConstraints(pattern=f"^{UUID_PATTERN}$")]


@with_config(ConfigDict(extra="forbid", strict=True))
class _Message(TypedDict):
    schemaVersion: int
    changeId: _Uuid
    changeType: ChangeType
    productId: _Uuid
    requestedAt: Annotated[str, AfterValidator(_moment)]
    requestedBy: Annotated[str, StringConstraints(min_length=1, max_length=_LONGEST_ID)]
    requestId: Annotated[str, StringConstraints(max_length=_LONGEST_ID)]
    expectedVersion: Annotated[int, Field(ge=1)] | None
    fields: dict[str, object]
    actingUser: NotRequired[Annotated[str, AfterValidator(partial(attributed, longest=LONGEST_ACTING_USER))]]
    changeNote: NotRequired[Annotated[str, AfterValidator(partial(attributed, longest=LONGEST_CHANGE_NOTE))]]


_MESSAGE = TypeAdapter(_Message)


def read(body: str, now: datetime) -> Change:
    """Return the change that a message holds.

    Parameters
    ----------
    body : str
        The message's body.
    now : datetime
        The clock, in UTC.

    Raises
    ------
    InvalidMessage
        The body is no JSON, of another schema version, lacks a field or has a wrong one, or was asked for more than
        five minutes ahead of the clock or more than thirty days ago.
    """
    try:
        message = json.loads(body)
        # Half of a surrogate pair, which JSON can escape, has no UTF-8 and so no hash.
        json.dumps(message, ensure_ascii=False).encode()
    except (ValueError, RecursionError) as error:
        raise InvalidMessage(f"the body is no JSON: {error}") from None
    if not isinstance(message, dict):
        raise InvalidMessage("the body is no JSON object")
    # Before the rest: the shape of another version's messages is not for this one to judge.
    check_version("schemaVersion", message.get("schemaVersion"), SCHEMA_VERSION)
    try:
        change = cast("Change", _MESSAGE.validate_python(message))
        change["fields"] = _read_fields(change)
    except PydanticError as error:
        problems = error.errors(include_url=False, include_input=False, include_context=False)
        raise InvalidMessage(
            "; ".join(f"{'.'.join(map(str, problem['loc'])) or 'body'}: {problem['msg']}" for problem in problems)
        ) from None
    except ValidationError as error:
        raise InvalidMessage(f"fields: {error.message}") from None
    _check_fields_for_type(change)
    _check_age(change, now)
    return change


def _read_fields(change: Change) -> Fields:
    """Return the fields of a change; a creation has all, those that were added later by their default."""
    fields = queued_fields(change["fields"])
    return cast("Fields", {**LATER_DEFAULTS, **fields}) if change["changeType"] == "CREATE" else fields


def _check_fields_for_type(change: Change) -> None:
    fields = change["fields"]
    missing = [name for name in FIELD_NAMES if name not in fields]
    if change["changeType"] == "CREATE" and missing:
        raise InvalidMessage(f"fields: a CREATE must hold {', '.join(missing)}")
    if change["changeType"] == "CREATE" and change["expectedVersion"] is not None:
        raise InvalidMessage("expectedVersion: must be null in a CREATE")
    if change["changeType"] == "UPDATE" and not fields:
        raise InvalidMessage("fields: an UPDATE must hold at least one")
    if change["changeType"] == "DELETE" and fields != {"active": False}:
        raise InvalidMessage("fields: a DELETE must hold active, false, and nothing else")


def _check_age(change: Change, now: datetime) -> None:
    requested_at = timestamps.from_text(change["requestedAt"])
    if requested_at > now + MOST_AHEAD:
        raise InvalidMessage(f"requestedAt: is more than {MOST_AHEAD} ahead of the clock")
    if requested_at < now - OLDEST:
        raise InvalidMessage(f"requestedAt: is more than {OLDEST.days} days ago")
