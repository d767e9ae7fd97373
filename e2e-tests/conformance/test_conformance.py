"""The API does what its document says, whoever calls and whatever is sent: schemathesis against a running API.

Every operation is called as a writer, as a reader and without a key, with requests that the document allows and with
others, and each answer is held to the document by all of schemathesis' checks but two. Those two expect a write to show
at once, while this API applies changes a moment later: tests that wait stand in for them (``test_product_life.py``).

Of the ids, cursors and tags that are sent most are those of real products and pages.
"""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

import pytest
import schemathesis
from conformance.budget import EXAMPLES, SEED
from conformance.contract import closed_document, operations
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.errors import Flaky
from hypothesis.stateful import run_state_machine_as_test
from product_api import assert_refused

if TYPE_CHECKING:
    from conformance.caller import Caller
    from conformance.real_things import Case
    from product_api import ProductApi

# Below what the usage plans allow (50 and 100 requests a second), so that no 429 hides what else would be wrong.
WRITERS_RATE, OTHERS_RATE = "45/s", "90/s"


def described(rate: str) -> schemathesis.BaseSchema:
    configuration = {
        "seed": SEED,
        "rate-limit": rate,
        "generation": {"max-examples": EXAMPLES, "database": "none"},
        "checks": {"use_after_free": {"enabled": False}, "ensure_resource_availability": {"enabled": False}},
    }
    return schemathesis.openapi.from_dict(closed_document(), config=schemathesis.Config.from_dict(configuration))


WALKS_AT_A_TIME = 10
walks = settings(
    max_examples=WALKS_AT_A_TIME,
    stateful_step_count=6,
    phases=[Phase.generate],
    deadline=None,
    database=None,
    suppress_health_check=list(HealthCheck),
)

to_writers, to_readers, to_strangers = described(WRITERS_RATE), described(OTHERS_RATE), described(OTHERS_RATE)


@to_writers.parametrize()
def test_writers_are_answered_as_documented(case: Case, writers: Caller) -> None:
    writers.send(case)


@to_readers.parametrize()
def test_readers_are_answered_as_documented(case: Case, readers: Caller) -> None:
    readers.send(case)


@to_strangers.parametrize()
def test_strangers_are_answered_as_documented(case: Case, strangers: Caller) -> None:
    strangers.send(case)


def test_what_follows_from_an_answer_is_answered_as_documented(writers: Caller) -> None:
    """Walk along the document's links, such as from a 202 to the product and to what became of the change."""
    failures: list[BaseException] = []

    class Walk(to_writers.as_state_machine()):  # type: ignore[misc]
        def get_call_kwargs(self, case: Case) -> dict[str, object]:
            return {"base_url": writers.url, "headers": writers.headers}

        def validate_response(self, response: schemathesis.Response, case: Case, **kwargs: object) -> None:
            try:
                writers.check(case, response)
            except BaseException as failure:
                failures.append(failure)
                raise

    for number in range(0, EXAMPLES, WALKS_AT_A_TIME):
        try:
            run_state_machine_as_test(seed(SEED + number)(Walk), settings=walks)
        except Flaky:
            # Hypothesis wants the same steps to lead to the same place. Here a step may find a change applied or not
            # yet, so that a walk can break off; the next ones go on.
            if failures:
                raise failures[0] from None


@pytest.mark.parametrize("path", sorted({path for _, path, _ in operations()}))
def test_each_path_has_the_methods_of_the_document(writer: ProductApi, path: str) -> None:
    """Of HEAD and OPTIONS, schemathesis doesn't mind if the document leaves them out."""
    response = writer.send("PATCH", path.removeprefix("/").replace("{productId}", str(uuid.uuid4())))
    assert_refused(response, 405, "MethodNotAllowed")
    assert set(response.headers["Allow"].split(", ")) == {
        method.upper() for method, documented, _ in operations() if documented == path
    }
