"""What the function asks of AWS while the integration tests run, and what its role allows (``terraform/needs.tf``).

A call is the function's if of its callers ``src/handler.py`` is nearer than any test, or no test is among them: then it
comes from a thread that the function started. What fixtures and tests themselves ask of AWS, even while the function
runs, is theirs.

Resources are called what the infrastructure's outputs call them: ``table`` is the table whose name the function gets
from ``table_name`` and whose ARN its role names as ``table_arn``.
"""

from __future__ import annotations

import ast
import os
import re
import sys
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import hcl2
import pytest

from common import aws

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

REPOSITORY = Path(__file__).resolve().parent.parent
HANDLER = str(REPOSITORY / "src" / "handler.py")

# Read here and not when it is first asked for: calls come from several threads, and the parser is made for one.
NEEDS: dict[str, Any] = hcl2.loads((REPOSITORY / "terraform" / "needs.tf").read_text(encoding="utf-8"))["locals"][0]
SOURCE = str(REPOSITORY / "src") + os.sep
TESTS = str(REPOSITORY / "tests") + os.sep
INTEGRATION_TESTS = REPOSITORY / "tests" / "integration"
# Its tests are about all the others.
LAST = INTEGRATION_TESTS / "test_permissions.py"

# What a function may call, and the action that each call takes on its one resource.
# Source: "Actions, resources, and condition keys" of each service in AWS's Service Authorization Reference.
ACTIONS = {
    "BatchGetItem": "dynamodb:BatchGetItem",
    "DeleteItem": "dynamodb:DeleteItem",
    "GetItem": "dynamodb:GetItem",
    "PutItem": "dynamodb:PutItem",
    "Query": "dynamodb:Query",
    "Scan": "dynamodb:Scan",
    "UpdateItem": "dynamodb:UpdateItem",
    "ChangeMessageVisibility": "sqs:ChangeMessageVisibility",
    "DeleteMessage": "sqs:DeleteMessage",
    "GetQueueAttributes": "sqs:GetQueueAttributes",
    "ReceiveMessage": "sqs:ReceiveMessage",
    "SendMessage": "sqs:SendMessage",
    "SendMessageBatch": "sqs:SendMessage",
    "DeleteObject": "s3:DeleteObject",
    "GetObject": "s3:GetObject",
    "HeadObject": "s3:GetObject",
    "ListObjectsV2": "s3:ListBucket",
    "PutObject": "s3:PutObject",
}
# A transaction takes the actions of its parts.
PARTS = {
    "ConditionCheck": "dynamodb:ConditionCheckItem",
    "Delete": "dynamodb:DeleteItem",
    "Get": "dynamodb:GetItem",
    "Put": "dynamodb:PutItem",
    "Update": "dynamodb:UpdateItem",
}

_INFRASTRUCTURE = re.compile(r"\$\{local\.infrastructure\.(\w+)_(?:arn|name|url)\}(.*)", re.DOTALL)


class Permission(NamedTuple):
    """An action on a resource, such as ``dynamodb:Query`` on ``table/index/ProductsByNameIndex``."""

    action: str
    resource: str

    def covers(self, needed: Permission) -> bool:
        """Tell whether a role that holds this may do what is needed."""
        return self.action == needed.action and fnmatchcase(needed.resource, self.resource)


class Call(NamedTuple):
    """Where the code calls AWS: a file of ``src`` and a line."""

    file: str
    line: int


@dataclass
class Record:
    """What the function asked of AWS.

    Attributes
    ----------
    whole : bool
        Whether every integration test was to run.
    """

    whole: bool = False
    noting: bool = False
    needed: set[Permission] = field(default_factory=set)
    calls: set[Call] = field(default_factory=set)

    def note(self, params: dict[str, Any], model: Any, **_: object) -> None:
        """Note a call that botocore is about to make, if the function makes it."""
        if self.noting and (call := _call_by_the_function()):
            self.needed |= set(needs_of(model.name, params))
            self.calls.add(call)


RECORD = Record()
# Each client copies the session's handlers when it is made, and the function's are made when it is imported.
aws._SESSION.register("provide-client-params", RECORD.note)


def _call_by_the_function() -> Call | None:
    """Return where in ``src`` the running call was made; ``None`` if it is a test's."""
    call = None
    frame = sys._getframe(2)
    while frame is not None:
        file = frame.f_code.co_filename
        if call is None and file.startswith(SOURCE):
            call = Call(file, frame.f_lineno)
        if file.startswith(TESTS):
            return None
        if file == HANDLER:
            return call
        frame = frame.f_back  # type: ignore[assignment]
    return call


# What the code needs


def needs_of(operation: str, params: dict[str, Any]) -> Iterator[Permission]:
    """Yield the permissions that a call takes.

    Raises
    ------
    LookupError
        The operation is new here.
    """
    if operation in ("TransactWriteItems", "TransactGetItems"):
        for item in params["TransactItems"]:
            for part, values in item.items():
                yield Permission(PARTS[part], resource_of(values))
    elif operation == "BatchGetItem":
        for table in params["RequestItems"]:
            yield Permission(ACTIONS[operation], resource_of({"TableName": table}))
    elif operation in ACTIONS:
        yield Permission(ACTIONS[operation], resource_of(params))
    else:
        raise LookupError(f"say in tests/permissions.py which action {operation} takes")


def resource_of(params: dict[str, Any]) -> str:
    """Return what a call is about, by the setting that holds its name or URL."""
    for parameter, more, joint in (
        ("TableName", "IndexName", "/index/"),
        ("QueueUrl", None, ""),
        ("Bucket", "Key", "/"),
    ):
        if parameter in params:
            setting = next((name for name in settings() if os.environ.get(name) == params[parameter]), None)
            if setting is None:
                raise LookupError(f"no setting in terraform/needs.tf holds {params[parameter]}")
            return settings()[setting] + (f"{joint}{params[more]}" if more in params else "")
    raise LookupError(f"nothing of {', '.join(params)} names a resource")


def calls_in_source() -> set[Call]:
    """Return where the function's own modules call AWS: methods named as operations are, on whatever object."""
    methods = {re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower() for name in (*ACTIONS, "TransactWriteItems")}
    return {
        Call(str(module), node.lineno)
        for module in (REPOSITORY / "src").glob("*.py")
        for node in ast.walk(ast.parse(module.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in methods
    }


# What the role allows


@cache
def settings() -> dict[str, str]:
    """Return what each of the function's settings names, such as ``table`` for ``TABLE_NAME``."""
    given = {name: _INFRASTRUCTURE.fullmatch(value) for name, value in NEEDS["environment_variables"].items()}
    return {name: found[1] for name, found in given.items() if found}


def allowed(*, formerly: bool = True) -> set[Permission]:
    """Return what the function's own statements allow.

    Parameters
    ----------
    formerly : bool
        Whether to count what only the version before does, which may be live again: statements named ``Formerly…``.

    Raises
    ------
    ValueError
        A statement's resources aren't spelled out one by one.
    """
    permissions = set()
    for sid, statement in NEEDS["statements"].items():
        if sid.startswith("Formerly") and not formerly:
            continue
        if not isinstance(statement["resources"], list):
            raise ValueError(f"terraform/needs.tf: spell the resources of {sid} out, one by one")
        for resource in map(_text, statement["resources"]):
            found = _INFRASTRUCTURE.fullmatch(resource)
            if not found or "${" in found[2]:
                raise ValueError(f"terraform/needs.tf: {sid} names {resource}, which is none of the infrastructure's")
            permissions |= {Permission(_text(action), found[1] + found[2]) for action in statement["actions"]}
    return permissions


def _text(parsed: str) -> str:
    """Return a text without the quotation marks that the parser leaves on it."""
    return parsed.strip('"')


# When to note


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Put the tests about all calls last, and find out whether all calls will be made."""
    items.sort(key=lambda item: item.path == LAST)
    chosen = any(config.getoption(name, None) for name in ("keyword", "markexpr", "deselect", "lf"))
    some = chosen or any("::" in argument for argument in config.args)
    RECORD.whole = not some and {item.path for item in items} >= set(INTEGRATION_TESTS.glob("test_*.py"))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, object, object]:
    """Note the calls of a test, not of its fixtures."""
    RECORD.noting = INTEGRATION_TESTS in item.path.parents
    try:
        return (yield)
    finally:
        RECORD.noting = False
