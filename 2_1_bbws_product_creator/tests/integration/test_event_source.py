"""What scripts/event_source.py does to the creator's event source, and what it waits for."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING, Any, NamedTuple

import boto3
import hcl2
import pytest
from tests.drill import RESTORED, deploy_creator

import event_source
from deployment import terraform

if TYPE_CHECKING:
    from collections.abc import Callable

ACCOUNT = "123456789012"
TAKES = "bbws-product-creator-local takes changes off bbws-product-change-local; its live version 1 writes to "
PAUSED = TAKES.replace("takes changes off", "is paused and leaves changes on")


class Outcome(NamedTuple):
    """What a run of the script came to."""

    status: object
    output: list[str]


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """For how many seconds the script waited each time; the clock goes on by that, and nobody really waits."""
    waited: list[float] = []
    # Real time doesn't count: a busy computer would shorten the waits.
    began = time.monotonic()

    def sleep(seconds: float) -> None:
        waited.append(seconds)

    monkeypatch.setattr("time.sleep", sleep)
    monkeypatch.setattr("time.monotonic", lambda: began + sum(waited))
    return waited


@pytest.fixture
def run(
    empty_aws: None, pauses: list[float], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., Outcome]:
    """Return what runs the script on ``local``, which is moto's account here."""
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)
    monkeypatch.setattr(terraform, "account_id", lambda _: ACCOUNT)

    def run(*arguments: str) -> Outcome:
        monkeypatch.setattr(sys, "argv", ["event_source.py", "local", *arguments])
        status: object = 0
        try:
            event_source.main()
        except SystemExit as ended:
            status = ended.code
        return Outcome(status, capsys.readouterr().out.splitlines())

    return run


def state(uuid: str) -> str:
    return str(boto3.client("lambda").get_event_source_mapping(UUID=uuid)["State"])


def put_on(queue: str) -> str:
    """Put a message on a queue and return the queue's URL."""
    sqs = boto3.client("sqs")
    url = str(sqs.get_queue_url(QueueName=queue)["QueueUrl"])
    sqs.send_message(QueueUrl=url, MessageBody="{}")
    return url


def test_status_says_whether_it_is_at_work_and_where_and_changes_nothing(run: Callable[..., Outcome]) -> None:
    uuid = deploy_creator(table="bbws-products-local")
    assert run("status") == (0, [TAKES + "bbws-products-local"])
    assert state(uuid) == "Enabled"


def test_pause_stops_it_and_waits_for_its_last_invocation_and_the_audit_trail(
    run: Callable[..., Outcome], pauses: list[float]
) -> None:
    uuid = deploy_creator(table="bbws-products-local")
    status, output = run("pause")
    assert (status, state(uuid)) == (0, "Disabled")
    assert (output[0], output[-1]) == (PAUSED + "bbws-products-local", "all that it decided is in the audit trail")
    # The function's timeout, then a minute.
    assert pauses[0] == 5
    assert 60 <= sum(pauses[1:]) < 65
    assert run("pause").status == 0
    assert run("status").output == [PAUSED + "bbws-products-local"]


@pytest.mark.parametrize("received", [False, True])
def test_pause_returns_only_when_every_record_is_off_the_audit_queue(
    run: Callable[..., Outcome], pauses: list[float], monkeypatch: pytest.MonkeyPatch, received: bool
) -> None:
    deploy_creator()
    sqs = boto3.client("sqs")
    url = put_on("bbws-product-audit-local")
    (message,) = sqs.receive_message(QueueUrl=url, VisibilityTimeout=0 if not received else 600)["Messages"]
    at_first = time.sleep

    def sleep(seconds: float) -> None:
        at_first(seconds)
        if len(pauses) == 4:
            sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])

    monkeypatch.setattr("time.sleep", sleep)
    status, output = run("pause", "--empty-for", "10")
    assert status == 0
    assert output[1:] == [
        "messages on bbws-product-audit-local, on their way to the audit trail: 1",
        "messages on bbws-product-audit-local, on their way to the audit trail: 0",
        "all that it decided is in the audit trail",
    ]
    assert sum(pauses[4:]) >= 10


def test_pause_tells_of_records_that_were_given_up_and_leaves_the_creator_paused(run: Callable[..., Outcome]) -> None:
    uuid = deploy_creator()
    put_on("bbws-product-audit-dlq-local")
    status, _ = run("pause")
    assert str(status).startswith("error: messages on bbws-product-audit-dlq-local, of which the audit trail has no re")
    assert state(uuid) == "Disabled"


def test_resume_lets_it_go_on(run: Callable[..., Outcome]) -> None:
    uuid = deploy_creator(table=RESTORED, enabled=False)
    assert run("resume", "--table", RESTORED) == (0, [TAKES + RESTORED])
    assert state(uuid) == "Enabled"
    assert run("resume") == (0, [TAKES + RESTORED])


def test_resume_refuses_while_the_live_version_writes_to_another_table(run: Callable[..., Outcome]) -> None:
    uuid = deploy_creator(table="bbws-products-local", enabled=False)
    status, output = run("resume", "--table", RESTORED)
    assert str(status).startswith(
        "error: version 1 of bbws-product-creator-local is live and writes to bbws-products-local, not to " + RESTORED
    )
    assert (state(uuid), output) == ("Disabled", [])


@pytest.mark.parametrize(
    ("command", "first", "last"), [("pause", "Enabling", "Disabling"), ("resume", "Disabling", "Enabling")]
)
def test_change_of_state_on_its_way_is_waited_for(
    run: Callable[..., Outcome], monkeypatch: pytest.MonkeyPatch, command: str, first: str, last: str
) -> None:
    uuid = deploy_creator(enabled=command == "pause")
    look, wanted = event_source.of, {"pause": "Disabled", "resume": "Enabled"}[command]
    seen: list[str] = []

    def of(*arguments: Any) -> event_source.EventSource:
        source = look(*arguments)
        on_its_way = last if source.state == wanted else first
        state = on_its_way if seen.count(on_its_way) < 2 else source.state
        seen.append(state)
        return event_source.EventSource(source.uuid, state, source.version, source.table, source.timeout)

    monkeypatch.setattr(event_source, "of", of)
    assert run(command, *(["--empty-for", "0"] if command == "pause" else [])).status == 0
    assert seen == [first, first, "Enabled" if command == "pause" else "Disabled", last, last, wanted]
    assert state(uuid) == wanted


def test_deployment_leaves_a_paused_creator_paused() -> None:
    triggers = hcl2.loads((terraform.ROOT / "triggers.tf").read_text(encoding="utf-8"))
    (mapping,) = (
        resource[kind]
        for resource in triggers["resource"]
        for kind in resource
        if kind.strip('"') == "aws_lambda_event_source_mapping"
    )
    (settings,) = mapping.values()
    assert settings["lifecycle"][0]["ignore_changes"] == ["enabled"]


def test_creator_that_is_not_deployed_is_told(run: Callable[..., Outcome]) -> None:
    status, _ = run("status")
    assert status == (
        "error: bbws-product-change-local has 0 event source mappings, not the one of bbws-product-creator-local: "
        "deploy this first"
    )


@pytest.mark.parametrize("seconds", ["-1", "soon", "3601"])
def test_time_that_is_none_is_refused(run: Callable[..., Outcome], seconds: str) -> None:
    uuid = deploy_creator()
    assert run("pause", "--empty-for", seconds).status == 2
    assert state(uuid) == "Enabled"
