"""scripts/plan.py, release.py and rollback.py: nobody sends what its live receiver is too old to read."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import EndpointConnectionError

import smoke_test
from deployment import deployable, function_name, messages
from deployment.messages import Messages

if TYPE_CHECKING:
    from collections.abc import Callable

    from conftest import Account, Ended, Terraform

CREATE, DELETE, UPDATE = "create-product", "delete-product", "update-product"
CREATOR, LOGGER = "product-creator", "audit-logger"


@pytest.fixture(autouse=True)
def through_api(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the smoke test through the API go well."""
    monkeypatch.setattr(smoke_test, "through_api", lambda environment: True)


@pytest.fixture
def of(dev: Account, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Account]:
    """Return a function that makes this the repository of some function, and returns that function's account."""

    def be(function: str) -> Account:
        monkeypatch.setattr(function_name, "name", lambda: function)
        return beside(dev, function)

    return be


def beside(account: Account, function: str) -> Account:
    """Return an account as another function's."""
    other = copy.copy(account)
    other.name = f"bbws-{function}-{account.environment}"
    return other


def live(account: Account, says: str) -> str:
    """Publish a version that says what it reads and sends, make it live and return its number."""
    version = account.publish(f"code that {says}", says)
    account.make_live(version)
    return version


def failing_through_api(monkeypatch: pytest.MonkeyPatch, meanwhile: Callable[[], object] = lambda: None) -> None:
    """Have the smoke test through the API fail, after something else happened."""

    def fail(environment: str) -> bool:
        meanwhile()
        raise smoke_test.Failed("it got 500")

    monkeypatch.setattr(smoke_test, "through_api", fail)


# What is written in a description


@pytest.mark.parametrize(
    ("known", "text"),
    [
        (Messages(reads={"change": 2}, sends={"record": 1}), "reads change 2, sends record 1"),
        (Messages(sends={"change": 12}), "sends change 12"),
        (Messages(), ""),
    ],
)
def test_a_description_says_what_is_read_and_sent(known: Messages, text: str) -> None:
    assert str(known) == text
    described = messages.described_as("Code of version 3, brought back after version 4", known)
    assert messages.said_in(described) == known
    assert described.startswith("Code of version 3, brought back after version 4")


@pytest.mark.parametrize("description", ["", "Accepts a new product", "reads changes", "sends change x"])
def test_what_a_description_does_not_say_is_of_the_first_version(description: str) -> None:
    said = messages.said_in(description)

    assert (said.newest_read("change"), said.newest_sent("change")) == (1, 1)


# Releases


def test_sender_is_not_released_before_its_receiver(of: Callable[[str], Account], run: Callable[..., Ended]) -> None:
    create = of(CREATE)
    live(beside(create, CREATOR), "reads change 1, sends record 1")
    live(create, "sends change 1")
    newer = create.publish("new", "sends change 2")

    ended = run("release", "dev", "--version", newer)

    assert ended.status == 1
    assert ended.err.strip() == (
        "error: this sends change 2, and bbws-product-creator-dev reads up to 1: deploy 2_1_bbws_product_creator "
        f"first. Version {newer} is published, and nobody gets it"
    )
    assert create.live() == ("1", {})
    assert not create.invocations

    live(beside(create, CREATOR), "reads change 2, sends record 1")

    assert run("release", "dev", "--version", newer).status == 0
    assert create.live() == (newer, {})


@pytest.mark.parametrize("sender", [CREATE, DELETE, UPDATE])
def test_receiver_is_not_released_below_a_sender_of_its_messages(
    of: Callable[[str], Account], run: Callable[..., Ended], sender: str
) -> None:
    creator = of(CREATOR)
    live(creator, "reads change 3")
    live(beside(creator, sender), "sends change 3")
    older = creator.publish("old", "reads change 2")

    ended = run("release", "dev", "--version", older)

    assert ended.status == 1
    assert f"bbws-{sender}-dev would send newer ones: roll back the senders first" in ended.err
    assert creator.live() == ("1", {})


def test_receiver_is_released_before_its_senders(of: Callable[[str], Account], run: Callable[..., Ended]) -> None:
    creator = of(CREATOR)
    live(creator, "reads change 1, sends record 1")
    for sender in (CREATE, DELETE, UPDATE):
        live(beside(creator, sender), "sends change 1")
    live(beside(creator, LOGGER), "reads record 1")
    newer = creator.publish("new", "reads change 2, sends record 1")

    assert run("release", "dev", "--version", newer).status == 0


def test_creator_is_a_sender_too(of: Callable[[str], Account], run: Callable[..., Ended]) -> None:
    creator = of(CREATOR)
    live(creator, "reads change 1, sends record 1")
    live(beside(creator, LOGGER), "reads record 1")
    newer = creator.publish("new", "reads change 1, sends record 2")

    ended = run("release", "dev", "--version", newer)

    assert ended.status == 1
    assert "bbws-audit-logger-dev reads up to 1: deploy 2_1_bbws_audit_logger first" in ended.err


def test_functions_that_are_not_there_are_in_nobodys_way(
    of: Callable[[str], Account], run: Callable[..., Ended]
) -> None:
    create = of(CREATE)

    first = create.publish("first", "sends change 7")

    assert run("release", "dev", "--version", first).status == 0


def test_function_that_sends_and_reads_nothing_goes_before_and_after_any(
    of: Callable[[str], Account], run: Callable[..., Ended]
) -> None:
    get = of("get-product")
    live(beside(get, CREATOR), "reads change 9, sends record 9")

    assert run("release", "dev", "--version", get.publish("first")).status == 0


@pytest.mark.parametrize("older_gets", [0.9, 0.1])
def test_receiver_counts_as_the_oldest_version_that_gets_messages(
    of: Callable[[str], Account], run: Callable[..., Ended], older_gets: float
) -> None:
    create = of(CREATE)
    creator = beside(create, CREATOR)
    older, newer = live(creator, "reads change 1"), live(creator, "reads change 2")
    most, least = (older, newer) if older_gets > 0.5 else (newer, older)
    creator.make_live(most, **{f"v{least}": 0.1})
    create.publish("old", "sends change 1")

    assert run("release", "dev", "--version", create.publish("new", "sends change 2")).status == 1


def test_sender_counts_as_the_newest_version_that_gets_requests(
    of: Callable[[str], Account], run: Callable[..., Ended]
) -> None:
    creator = of(CREATOR)
    update = beside(creator, UPDATE)
    live(update, "sends change 1")
    newer = update.publish("new", "sends change 2")
    update.make_live("1", **{f"v{newer}": 0.1})
    live(creator, "reads change 1")
    live(creator, "reads change 2")

    ended = run("rollback", "dev")

    assert ended.status == 1
    assert "roll back the senders first: 2_1_bbws_update_product" in ended.err


def test_what_is_live_and_cannot_be_asked_stops_a_release_before_anything(
    of: Callable[[str], Account], run: Callable[..., Ended]
) -> None:
    create = of(CREATE)
    live(create, "sends change 1")
    newer = create.publish("new", "sends change 1")

    def refuse(params: dict[str, Any], **_: Any) -> None:
        if params["FunctionName"] == f"bbws-{CREATOR}-dev":
            raise EndpointConnectionError(endpoint_url="lambda")

    create.lambda_.meta.events.register("provide-client-params.lambda.GetAlias", refuse)
    try:
        ended = run("release", "dev", "--version", newer)
    finally:
        create.lambda_.meta.events.unregister("provide-client-params.lambda.GetAlias", refuse)

    assert ended.status == 1
    assert "AWS refused or failed" in ended.err
    assert create.live() == ("1", {})
    assert not create.invocations


def test_what_the_deployed_content_reads_and_sends_is_noted(
    of: Callable[[str], Account], run: Callable[..., Ended], commit: Callable[[str], str]
) -> None:
    creator = of(CREATOR)
    tree = commit("one")
    creator.publish("one", "reads change 1, sends record 1")

    assert run("release", "dev", "--version", "1").status == 0

    note = creator.get(f"deployed/{deployable.NAME}/{tree}.json")
    assert (note["version"], note["reads"], note["sends"]) == ("1", {"change": 1}, {"record": 1})


# Plans


@pytest.mark.usefixtures("terraform_program")
def test_plan_of_a_sender_waits_for_its_receiver(
    of: Callable[[str], Account], run: Callable[..., Ended], built: Callable[..., bytes], terraform_program: Terraform
) -> None:
    create = of(CREATE)
    live(beside(create, CREATOR), "reads change 1")
    built("new", sends={"change": 2})

    ended = run("plan", "dev")

    assert ended.status == 1
    assert "deploy 2_1_bbws_product_creator first. Nothing was changed" in ended.err
    assert not terraform_program.calls("plan")
    assert not create.keys("plans/")

    live(beside(create, CREATOR), "reads change 2")

    assert run("plan", "dev").status == 0


def test_terraform_gets_what_the_version_is_to_say(
    of: Callable[[str], Account], run: Callable[..., Ended], built: Callable[..., bytes], terraform_program: Terraform
) -> None:
    of(CREATOR)
    built("new", reads={"change": 2}, sends={"record": 1})

    assert run("plan", "dev").status == 0

    assert "-var=messages=reads change 2, sends record 1" in terraform_program.calls("plan")[0]


def test_functions_that_are_deployed_beside_each_other_do_not_wait(
    of: Callable[[str], Account], run: Callable[..., Ended], built: Callable[..., bytes], terraform_program: Terraform
) -> None:
    create = of(CREATE)
    live(beside(create, CREATOR), "reads change 1")
    create.publish("old", "sends change 1")
    built("new", sends={"change": 2})
    create.state(deployable.NAME, version=create.publish("new", "sends change 2"))

    assert run("deploy", "dev").status == 1
    assert create.live() == ("1", {})

    assert run("deploy", "dev", "--beside-others").status == 0
    assert create.live() == ("2", {})


# Rollbacks


def test_receiver_is_not_rolled_back_before_its_senders(
    of: Callable[[str], Account], run: Callable[..., Ended]
) -> None:
    creator = of(CREATOR)
    live(creator, "reads change 1")
    live(creator, "reads change 2")
    for sender in (CREATE, UPDATE):
        live(beside(creator, sender), "sends change 1")
        live(beside(creator, sender), "sends change 2")
    live(beside(creator, DELETE), "sends change 1")

    ended = run("rollback", "dev")

    assert ended.status == 1
    assert ended.err.strip() == (
        "error: the code of version 1 can't be live: this reads change up to 1, and bbws-create-product-dev, "
        "bbws-update-product-dev would send newer ones: roll back the senders first: 2_1_bbws_create_product, "
        "2_1_bbws_update_product. Nothing was changed"
    )
    assert creator.published() == ["1", "2"]
    assert creator.live() == ("2", {})


def test_all_are_rolled_back_senders_first(of: Callable[[str], Account], run: Callable[..., Ended]) -> None:
    said = {LOGGER: "reads record {}", CREATOR: "reads change {0}, sends record {0}", CREATE: "sends change {}"}
    for function, says in said.items():
        account = of(function)
        for version in (1, 2):
            live(account, says.format(version))

    def rolled_back(function: str) -> bool:
        of(function)
        return run("rollback", "dev").status == 0

    assert [rolled_back(function) for function in (LOGGER, CREATOR, CREATE)] == [False, False, True]
    assert [rolled_back(function) for function in (CREATOR, LOGGER)] == [True, True]


def test_code_from_before_versions_were_written_down_is_of_the_first(
    of: Callable[[str], Account], run: Callable[..., Ended]
) -> None:
    creator = of(CREATOR)
    live(creator, "Applies changes")
    live(creator, "reads change 2")
    live(beside(creator, CREATE), "sends change 2")

    assert run("rollback", "dev").status == 1


def test_code_that_comes_back_still_says_what_it_reads_and_sends(
    of: Callable[[str], Account], run: Callable[..., Ended]
) -> None:
    creator = of(CREATOR)
    live(creator, "reads change 2, sends record 1")
    live(creator, "reads change 3, sends record 1")
    live(beside(creator, CREATE), "sends change 2")

    assert run("rollback", "dev").status == 0

    assert "reads change 2, sends record 1" in described(creator, "3")
    # Known from there, too.
    live(beside(creator, CREATE), "sends change 3")
    live(creator, "reads change 4")
    assert run("rollback", "dev", "--to", "3").status == 1


def described(account: Account, version: str) -> str:
    return account.lambda_.get_function_configuration(FunctionName=account.name, Qualifier=version)["Description"]


# Back after a smoke test that failed


def test_version_before_stays_away_where_a_sender_meanwhile_relies_on_the_new_one(
    of: Callable[[str], Account], run: Callable[..., Ended], monkeypatch: pytest.MonkeyPatch
) -> None:
    creator = of(CREATOR)
    live(creator, "reads change 1")
    newer = creator.publish("new", "reads change 2")
    failing_through_api(monkeypatch, lambda: live(beside(creator, CREATE), "sends change 2"))

    ended = run("release", "dev", "--version", newer)

    assert ended.status == 1
    assert f"it got 500. Version {newer} stays live, because with version 1 this reads change up to 1" in ended.err
    assert creator.live() == (newer, {})
