"""What scripts/replay_records.py does and says, where the creator is paused and where it isn't."""

from __future__ import annotations

import contextlib
import os
from datetime import timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

import boto3
import pytest
from tests.changes import OTHER_PRODUCT, PRODUCT, create, update
from tests.drill import RESTORED, Drill, deploy_creator
from tests.faults import between, refusal, to_moto
from tests.interruptions import interrupt

import replay_records
from common import timestamps
from common.product_table import head_key
from deployment import terraform
from restoration import restoration

if TYPE_CHECKING:
    from collections.abc import Callable

    from botocore.awsrequest import AWSPreparedRequest, AWSResponse

    from common.product_table import ProductTable

ACCOUNT = "123456789012"


class Outcome(NamedTuple):
    """What a run of the script came to."""

    status: int
    output: list[str]
    errors: list[str]


@pytest.fixture
def drill(
    table: ProductTable,
    audit_queue_url: str,
    audit_bucket: str,
    s3: Any,
    queued: Callable[..., Any],
    monkeypatch: pytest.MonkeyPatch,
) -> Drill:
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)
    monkeypatch.setattr(terraform, "account_id", lambda _: ACCOUNT)
    return Drill(table, s3, audit_bucket, lambda: queued(audit_queue_url))


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Callable[..., Outcome]:
    """Return what runs the script for the restored table, or with other arguments."""

    def run(*arguments: str, since: timedelta | None = timedelta(hours=1)) -> Outcome:
        capsys.readouterr()
        given = [*(arguments or ("local", RESTORED)), "--workers", "2"]
        if since is not None:
            given += ["--since", (timestamps.now() - since).isoformat()]
        try:
            status = replay_records.main(given)
        except SystemExit as ended:
            status = ended.code if isinstance(ended.code, int) else 1
            extra = [] if isinstance(ended.code, int) else [str(ended.code)]
        else:
            extra = []
        output, errors = capsys.readouterr()
        return Outcome(status, output.splitlines(), [*errors.splitlines(), *extra])

    return run


def test_paused_creator_s_records_are_replayed(drill: Drill, run: Callable[..., Outcome]) -> None:
    deploy_creator(enabled=False)
    drill.apply(create(), create(product_id=OTHER_PRODUCT, name="Other"))
    drill.restore()
    drill.apply(update(1, name="Another"), update(2, name="WordPress Professional Plan", product_id=OTHER_PRODUCT))

    status, output, errors = run()

    assert (status, errors) == (0, [])
    assert output[0].endswith("the audit trail has 4 records of 2 products")
    assert output[1].startswith("stored 2 records in ")
    assert output[2:] == [f"{RESTORED} has all that the audit trail has"]
    assert drill.items(RESTORED) == drill.items(drill.original.name)
    assert run().output[1].startswith("stored 0 records in ")


def test_table_becomes_what_it_was_at_any_later_moment(drill: Drill, run: Callable[..., Outcome]) -> None:
    deploy_creator(enabled=False)
    drill.apply(create())
    drill.restore()
    drill.apply(update(1, name="Another"), create(product_id=OTHER_PRODUCT, name="Other"))
    moment = timestamps.now()
    then = drill.items(drill.original.name)
    drill.apply(update(2, name="Later"), update(2, name="Another", product_id=OTHER_PRODUCT))

    status, output, errors = run("local", RESTORED, "--until", moment.isoformat())

    assert (status, errors) == (0, [])
    assert drill.items(RESTORED) == then
    assert "has 3 records of 2 products" in output[0]
    assert output[-1] == f"{RESTORED} has all that the audit trail has until {timestamps.to_text(moment)}"


def test_creator_at_work_adds_nothing_to_a_moment_that_is_over(drill: Drill, run: Callable[..., Outcome]) -> None:
    deploy_creator()
    drill.restore()

    outcome = run("local", RESTORED, "--until", (timestamps.now() - timedelta(minutes=30)).isoformat())

    assert outcome.status == 0
    assert "pause it" not in "".join(outcome.output)


def test_moment_before_that_of_the_table_is_refused(drill: Drill, run: Callable[..., Outcome]) -> None:
    deploy_creator(enabled=False)
    drill.apply(create())
    drill.restore()

    outcome = run("local", RESTORED, "--until", (timestamps.now() - timedelta(hours=2)).isoformat())

    assert outcome.status == 1
    assert "restore an earlier copy" in outcome.errors[-1]


def test_some_products_alone_are_replayed_if_asked_for(drill: Drill, run: Callable[..., Outcome]) -> None:
    deploy_creator(enabled=False)
    third = "33333333-3333-4333-8333-333333333333"
    drill.restore()
    drill.apply(create(), create(product_id=OTHER_PRODUCT, name="Other"), create(product_id=third, name="Third"))

    status, output, _ = run("local", RESTORED, "--product", OTHER_PRODUCT, third)

    assert (status, output[0].rpartition("has ")[2]) == (0, "2 records of 2 products")
    wanted = [item for item in drill.items(drill.original.name) if item[2]["productId"] != PRODUCT]
    assert drill.items(RESTORED) == wanted


def test_records_of_before_the_restore_point_and_its_margin_are_not_read(
    drill: Drill, run: Callable[..., Outcome]
) -> None:
    deploy_creator(enabled=False)
    drill.apply(create())
    drill.restore()
    assert run(since=timedelta(minutes=-4)).output[0].endswith("has 1 record of 1 product")
    assert run(since=timedelta(minutes=-6)).output[0].endswith("has 0 records of 0 products")


def test_moment_of_restoring_is_dynamodb_s_own_if_none_is_given(
    drill: Drill, run: Callable[..., Outcome], monkeypatch: pytest.MonkeyPatch
) -> None:
    deploy_creator(enabled=False)
    drill.apply(create())
    drill.restore()
    assert run(since=None).errors == [
        f"error: DynamoDB doesn't know to which moment {RESTORED} was restored: say it with --since"
    ]
    summarized(monkeypatch, RestoreDateTime=timestamps.now() - timedelta(minutes=3), RestoreInProgress=False)
    assert run(since=None).output[0].endswith("has 1 record of 1 product")


def test_table_that_is_not_ready_is_left_alone(
    drill: Drill, run: Callable[..., Outcome], monkeypatch: pytest.MonkeyPatch
) -> None:
    deploy_creator(enabled=False)
    drill.restore()
    drill.apply(create())
    summarized(monkeypatch, RestoreDateTime=timestamps.now(), RestoreInProgress=True)
    status, _, errors = run()
    assert (status, errors[0].partition(":")[2]) == (
        1,
        f" {RESTORED} is not ready: its status is ACTIVE; wait until it is ACTIVE",
    )
    assert drill.items(RESTORED) == []


def summarized(monkeypatch: pytest.MonkeyPatch, **summary: object) -> None:
    """Let tables say to which moment they were restored; moto doesn't."""

    def summarize(client: Any) -> None:
        if client.meta.service_model.service_name == "dynamodb":
            describe = client.describe_table
            client.describe_table = lambda **asked: {"Table": {**describe(**asked)["Table"], "RestoreSummary": summary}}

    every_client(monkeypatch, summarize)


def every_client(monkeypatch: pytest.MonkeyPatch, change: Callable[[Any], object]) -> None:
    """Change every client that the script makes."""
    make_client = boto3.client

    def client(service: str, **options: Any) -> Any:
        made = make_client(service, **options)
        change(made)
        return made

    monkeypatch.setattr(boto3, "client", client)


def test_table_that_the_creator_is_at_work_on_is_left_alone(drill: Drill, run: Callable[..., Outcome]) -> None:
    deploy_creator(table=RESTORED)
    drill.restore()
    drill.apply(create())
    status, _, errors = run()
    assert status == 1
    (error,) = errors
    assert error.startswith("error: bbws-product-creator-local takes changes off bbws-product-change-local; its live ")
    assert error.endswith(f"version 1 writes to {RESTORED}: pause it first, with scripts/event_source.py")
    assert drill.items(RESTORED) == []


def test_creator_at_work_on_another_table_is_told(drill: Drill, run: Callable[..., Outcome]) -> None:
    deploy_creator()
    drill.restore()
    drill.apply(create())
    status, output, _ = run()
    assert status == 0
    assert output[0].endswith(f"writes to {os.environ['TABLE_NAME']}: pause it, and run this again then")
    assert drill.items(RESTORED) == drill.items(drill.original.name)


def test_missing_record_of_one_product_stops_all(drill: Drill, run: Callable[..., Outcome]) -> None:
    deploy_creator(enabled=False)
    drill.restore()
    first, _, _ = drill.apply(create(), update(1, price="1.00"), create(product_id=OTHER_PRODUCT, name="Other"))
    drill.erase(first)
    status, output, errors = run()
    assert (status, output[1].partition(" in ")[0]) == (1, "stored 0 records")
    assert errors[0].startswith(
        f"error: product {PRODUCT}: sequence 1 is missing in the audit trail, which goes on with "
    )
    assert errors[1:] == [f"error: {RESTORED} isn't complete for 1 product"]
    assert drill.items(RESTORED) == []


def test_altered_record_stops_its_product_and_no_other(drill: Drill, run: Callable[..., Outcome]) -> None:
    deploy_creator(enabled=False)
    drill.restore()
    _, altered, _ = drill.apply(create(), update(1, price="1.00"), create(product_id=OTHER_PRODUCT, name="Other"))
    drill.keep(altered, b"{}")
    status, output, errors = run()
    assert (status, output[1].partition(" in ")[0]) == (1, "stored 2 records")
    assert errors[0].startswith(f"error: product {PRODUCT}: ")
    assert f"{RESTORED} has all that the audit trail has" not in output

    drill.keep(altered)
    assert run().status == 0
    assert drill.items(RESTORED) == drill.items(drill.original.name)


def test_failure_of_aws_is_one_line_and_the_next_run_goes_on(
    drill: Drill, run: Callable[..., Outcome], monkeypatch: pytest.MonkeyPatch
) -> None:
    deploy_creator(enabled=False)
    drill.restore()
    drill.apply(*(create(product_id=PRODUCT[:-1] + digit, name=f"Product {digit}") for digit in "123456789"))
    monkeypatch.setattr("time.sleep", lambda _: None)
    left = iter(range(3))

    def send(operation: str, request: AWSPreparedRequest) -> AWSResponse | None:
        if operation == "dynamodb.TransactWriteItems" and next(left, None) is None:
            return refusal(operation, request, 400, "AccessDeniedException")
        return to_moto(operation, request)

    with monkeypatch.context() as patched, contextlib.ExitStack() as until_it_ends:
        every_client(patched, lambda made: until_it_ends.enter_context(between([made], send)))
        status, _, errors = run()
    assert (status, len(errors)) == (1, 2)
    assert errors[0].startswith("error: An error occurred (AccessDeniedException)")
    assert errors[1] == "what was replayed stays: run it again"
    assert 0 < len(heads(drill)) < 9

    assert run().status == 0
    assert drill.items(RESTORED) == drill.items(drill.original.name)


def heads(drill: Drill) -> list[str]:
    return [partition_key for partition_key, sort_key, _ in drill.items(RESTORED) if sort_key == head_key("")["SK"]]


def test_interrupted_run_says_so_and_the_next_goes_on(
    drill: Drill, run: Callable[..., Outcome], monkeypatch: pytest.MonkeyPatch
) -> None:
    deploy_creator(enabled=False)
    drill.restore()
    drill.apply(create(), *(update(at, price=f"{at}.00") for at in range(1, 9)))
    store = restoration.Restoration._store

    def interrupted(self: Any, head: Any, record: Any) -> Any:
        if record["sequence"] == 4:
            interrupt()
        return store(self, head, record)

    with monkeypatch.context() as patched:
        patched.setattr(restoration.Restoration, "_store", interrupted)
        status, output, errors = run()
    assert (status, errors[-1]) == (130, "interrupted: what was stored stays; run it again")
    assert f"{RESTORED} has all that the audit trail has" not in output
    assert drill.head(PRODUCT).sequence < 9

    assert run().status == 0
    assert drill.items(RESTORED) == drill.items(drill.original.name)


def test_table_that_is_not_there_and_credentials_of_another_account_are_told(
    drill: Drill, run: Callable[..., Outcome], monkeypatch: pytest.MonkeyPatch
) -> None:
    deploy_creator(enabled=False)
    assert run().errors == [f"error: local has no table {RESTORED}: restore it first"]
    monkeypatch.undo()
    assert run().errors == ["error: these credentials are for account 123456789012, which is not that of local"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["local", "bbws-products-dev-restored"], "TABLE: must be bbws-products-local, or that and a suffix"),
        (["local", RESTORED, "--since", "yesterday"], "--since: must be a moment in the form 2026-11-22T08:00:00Z"),
        (["local", RESTORED, "--since", "2026-11-22T08:00:00"], "--since: must be a moment in the form"),
        (["local", RESTORED, "--product", "x"], "--product: must be a UUID in lower case"),
        (["local", RESTORED, "--workers", "0"], "--workers: must be a whole number from 1 to 256"),
        (["nowhere", RESTORED], "invalid choice: 'nowhere'"),
    ],
)
def test_wrong_command_line_names_the_argument(
    arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit, match="2"):
        replay_records.main(arguments)
    assert said in capsys.readouterr().err
