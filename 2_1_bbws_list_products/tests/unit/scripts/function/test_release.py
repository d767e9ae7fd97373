"""scripts/release.py: which version callers get, whatever goes wrong in between."""

from __future__ import annotations

import json
import os
import signal
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import EndpointConnectionError

import release
import smoke_test
from deployment import deployable, versions

if TYPE_CHECKING:
    from collections.abc import Callable

    from conftest import Account, Ended

ERRORS_OF_THE_API = "bbws-product-api-{}-errors"


@pytest.fixture(autouse=True)
def through_api(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Let the smoke test through the API go well, and return the environments that it was for."""
    tried: list[str] = []

    def go_well(environment: str) -> bool:
        tried.append(environment)
        return True

    monkeypatch.setattr(smoke_test, "through_api", go_well)
    return tried


@pytest.fixture
def meanwhile(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[int], None]], list[float]]:
    """Return a function that has something happen while time passes; it gets the number of the pause, 1, 2, …"""

    def happen(act: Callable[[int], None]) -> list[float]:
        pauses: list[float] = []

        def pause(seconds: float) -> None:
            pauses.append(seconds)
            act(len(pauses))

        monkeypatch.setattr(release.time, "sleep", pause)
        return pauses

    return happen


def alarmed(account: Account, *firing: str) -> None:
    """Give an account the alarms that are watched, some of them firing."""
    for name in (f"{account.name}-errors", ERRORS_OF_THE_API.format(account.environment)):
        account.raise_alarm(name, "ALARM" if name in firing else "OK")


# At once


@pytest.mark.parametrize("environment", ["dev", "sit"])
def test_version_is_tried_by_its_number_before_it_is_live_at_once(
    account_of: Callable[[str], Account], run: Callable[..., Ended], through_api: list[str], environment: str
) -> None:
    account = account_of(environment)
    account.publish("old")
    version = account.publish("new")

    ended = run("release", environment, "--version", version)

    assert ended.status == 0, ended.err
    assert account.invocations == ["2"]
    assert account.live() == ("2", {})
    assert through_api == [environment]
    assert f"{account.name}: version 2 is live" in ended.out


def test_version_that_answers_wrongly_is_not_made_live(
    dev: Account, run: Callable[..., Ended], through_api: list[str]
) -> None:
    dev.publish("old")
    dev.answers[dev.publish("new")] = {"errorMessage": "it crashed"}

    ended = run("release", "dev", "--version", "2")

    assert ended.status == 1
    assert "version 2, answered" in ended.err
    assert "it crashed" in ended.err
    assert "Version 1 stays live" in ended.err
    assert dev.live() == ("1", {})
    assert not through_api


def test_version_that_is_not_there_is_refused_with_those_that_are(dev: Account, run: Callable[..., Ended]) -> None:
    dev.publish("old")
    dev.publish("new")

    ended = run("release", "dev", "--version", "7")

    assert ended.status == 1
    assert f"{dev.name} has no version 7; it has 1, 2" in ended.err
    assert dev.live() == ("1", {})


def test_version_that_was_tried_and_taken_away_is_noted(
    dev: Account, run: Callable[..., Ended], meanwhile: Callable[[Callable[[int], None]], list[float]]
) -> None:
    dev.publish("old")
    dev.answers[dev.publish("crashes")] = {"errorMessage": "it crashed"}
    dev.publish("slow")
    alarmed(dev)
    meanwhile(lambda _: dev.raise_alarm(f"{dev.name}-errors"))

    run("release", "dev", "--version", "2")
    run("release", "dev", "--version", "3", "--gradually", "60")

    assert dev.keys("deployed/") == [f"deployed/{deployable.NAME}/refused/{number}" for number in (2, 3)]
    assert "it crashed" in dev.get(f"deployed/{deployable.NAME}/refused/2")["reason"]
    assert dev.get(f"deployed/{deployable.NAME}/refused/3")["reason"] == f"{dev.name}-errors fired"


def test_version_that_lacks_a_permission_is_not_made_live_and_not_branded(
    dev: Account, run: Callable[..., Ended], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(smoke_test, "PATIENCE_SECONDS", 0)
    dev.publish("old")
    dev.answers[dev.publish("good")] = {"errorMessage": "it crashed"}
    dev.log = "An error occurred (AccessDenied) when calling the PutObject operation"

    ended = run("release", "dev", "--version", "2")

    assert ended.status == 1
    assert "Version 1 stays live; give it the permission, and release it again" in ended.err
    assert dev.live() == ("1", {})
    # Any other code would lack it as well.
    assert not dev.keys("deployed/")


def test_refusal_that_cannot_be_noted_changes_nothing_else(
    account_of: Callable[[str], Account],
    run: Callable[..., Ended],
    meanwhile: Callable[[Callable[[int], None]], list[float]],
    refused_by_s3: Callable[[Account], None],
) -> None:
    prod = account_of("prod")
    prod.publish("old")
    prod.publish("new")
    alarmed(prod)
    meanwhile(lambda _: prod.raise_alarm(f"{prod.name}-errors"))
    refused_by_s3(prod)

    ended = run("release", "prod", "--version", "2")

    assert "could not note what became of version 2" in ended.out
    assert f"{prod.name}-errors fired: version 1 gets all requests again" in ended.err
    assert prod.live() == ("1", {})


def fail_through_api(monkeypatch: pytest.MonkeyPatch, error: BaseException) -> None:
    """Have the smoke test through the API end with an error."""

    def fail(environment: str) -> bool:
        raise error

    monkeypatch.setattr(smoke_test, "through_api", fail)


def test_version_that_fails_through_the_api_does_not_stay_live(
    dev: Account, run: Callable[..., Ended], monkeypatch: pytest.MonkeyPatch, commit: Callable[[str], str]
) -> None:
    commit("one")
    dev.publish("old")
    dev.publish("new")
    fail_through_api(monkeypatch, smoke_test.Failed("it got 500"))

    ended = run("release", "dev", "--version", "2")

    assert ended.status == 1
    assert ended.err.strip() == (
        "error: it got 500. Version 1 gets all requests again; if the fault is another function's, mend that first"
    )
    assert dev.live() == ("1", {})
    # Not as deployed; and no rollback takes it by itself.
    assert dev.keys("deployed/") == [f"deployed/{deployable.NAME}/refused/2"]


def test_version_that_was_shifted_little_by_little_does_not_stay_live_either(
    account_of: Callable[[str], Account],
    run: Callable[..., Ended],
    meanwhile: Callable[[Callable[[int], None]], list[float]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    prod = account_of("prod")
    prod.publish("old")
    prod.publish("new")
    alarmed(prod)
    meanwhile(lambda _: None)
    fail_through_api(monkeypatch, smoke_test.Failed("it got 500"))

    assert run("release", "prod", "--version", "2").status == 1
    assert prod.live() == ("1", {})


@pytest.mark.parametrize("version", ["1", "2"])
def test_version_that_was_live_before_stays_live_and_the_way_back_is_named(
    dev: Account, run: Callable[..., Ended], monkeypatch: pytest.MonkeyPatch, version: str
) -> None:
    dev.publish("old")
    if version == "2":
        dev.make_live(dev.publish("new"))
    fail_through_api(monkeypatch, smoke_test.Failed("it got 500"))

    ended = run("release", "dev", "--version", version)

    assert ended.status == 1
    assert f"Version {version} is live as it was before; back: scripts/rollback.py dev" in ended.err
    assert dev.live() == (version, {})


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (KeyboardInterrupt(), 130),
        (EndpointConnectionError(endpoint_url="secretsmanager"), 1),
        (SystemExit("error: there is no secret"), 1),
    ],
)
def test_version_that_could_not_be_tried_through_the_api_does_not_stay_live(
    dev: Account, run: Callable[..., Ended], monkeypatch: pytest.MonkeyPatch, error: BaseException, status: int
) -> None:
    dev.publish("old")
    dev.publish("new")
    fail_through_api(monkeypatch, error)

    ended = run("release", "dev", "--version", "2")

    assert ended.status == status
    assert "Version 1 gets all requests again" in ended.out
    assert dev.live() == ("1", {})
    # Nothing is known against it.
    assert not dev.keys("deployed/")


def test_way_back_from_the_api_that_fails_says_what_is_left_to_do(
    dev: Account, run: Callable[..., Ended], monkeypatch: pytest.MonkeyPatch
) -> None:
    dev.publish("old")
    dev.publish("new")
    make_live = versions.Versions.make_live

    def fail_once_live(self: versions.Versions, *arguments: Any) -> versions.Alias:
        def fail(*_: Any) -> versions.Alias:
            raise EndpointConnectionError(endpoint_url="lambda")

        monkeypatch.setattr(versions.Versions, "make_live", fail)
        return make_live(self, *arguments)

    monkeypatch.setattr(versions.Versions, "make_live", fail_once_live)
    fail_through_api(monkeypatch, smoke_test.Failed("it got 500"))

    ended = run("release", "dev", "--version", "2")

    assert ended.status == 1
    assert "it got 500. Version 2 is live all the same, because the alias could not be moved" in ended.err
    assert ended.err.strip().endswith("back: scripts/rollback.py dev")


def test_alias_that_somebody_else_moved_meanwhile_is_left_alone(
    dev: Account, run: Callable[..., Ended], monkeypatch: pytest.MonkeyPatch
) -> None:
    for code in ("old", "new", "newest"):
        dev.publish(code)

    def move_and_fail(environment: str) -> bool:
        dev.make_live("3")
        raise smoke_test.Failed("it got 500")

    monkeypatch.setattr(smoke_test, "through_api", move_and_fail)

    ended = run("release", "dev", "--version", "2")

    assert "it got 500. Version 3 is live: somebody else moved the alias meanwhile" in ended.err
    assert dev.live() == ("3", {})


def test_release_can_be_repeated(dev: Account, run: Callable[..., Ended]) -> None:
    dev.publish("old")
    dev.publish("new")

    assert run("release", "dev", "--version", "2").status == 0
    assert run("release", "dev", "--version", "2").status == 0
    assert dev.live() == ("2", {})


# Notes


def test_content_is_noted_as_deployed_when_everything_was_tried(
    account_of: Callable[[str], Account], run: Callable[..., Ended], commit: Callable[[str], str]
) -> None:
    sit = account_of("sit")
    tree = commit("one")
    sit.publish("one")

    run("release", "sit", "--version", "1")

    note = sit.get(f"deployed/{deployable.NAME}/{tree}.json")
    assert (note["repository"], note["environment"], note["tree"], note["version"]) == (
        deployable.NAME,
        "sit",
        tree,
        "1",
    )
    assert run("was_deployed", "sit").values == {"tree": tree}


@pytest.mark.parametrize("reason", ["a product's life was not tried", "nothing is committed"])
def test_content_is_not_noted_when_it_is_not_known_to_work(
    dev: Account,
    run: Callable[..., Ended],
    commit: Callable[[str], str],
    monkeypatch: pytest.MonkeyPatch,
    reason: str,
) -> None:
    if reason != "nothing is committed":
        commit("one")
        monkeypatch.setattr(smoke_test, "through_api", lambda environment: False)
    dev.publish("one")

    assert run("release", "dev", "--version", "1").status == 0
    assert not dev.keys("deployed/")


# Little by little


def test_prod_gives_a_tenth_for_ten_minutes_before_all(
    account_of: Callable[[str], Account],
    run: Callable[..., Ended],
    meanwhile: Callable[[Callable[[int], None]], list[float]],
) -> None:
    prod = account_of("prod")
    prod.publish("old")
    prod.publish("new")
    alarmed(prod)
    seen = []
    pauses = meanwhile(lambda _: seen.append(prod.live()))

    ended = run("release", "prod", "--version", "2")

    assert ended.status == 0, ended.err
    assert set(map(repr, seen)) == {repr(("1", {"2": 0.1}))}
    assert sum(pauses) == pytest.approx(600)
    assert prod.live() == ("2", {})


@pytest.mark.parametrize(
    "alarm",
    [
        "{function}-errors",
        "bbws-product-api-prod-errors",
        "bbws-product-change-prod-oldest-message",
        "bbws-product-change-dlq-prod-depth",
        "bbws-product-audit-prod-oldest-message",
        "bbws-product-audit-dlq-prod-depth",
    ],
)
def test_alarm_that_fires_meanwhile_puts_the_version_before_back(
    account_of: Callable[[str], Account],
    run: Callable[..., Ended],
    meanwhile: Callable[[Callable[[int], None]], list[float]],
    through_api: list[str],
    alarm: str,
) -> None:
    prod = account_of("prod")
    prod.publish("old")
    prod.publish("new")
    alarmed(prod)
    name = alarm.format(function=prod.name)
    pauses = meanwhile(lambda number: prod.raise_alarm(name) if number == 3 else None)

    ended = run("release", "prod", "--version", "2")

    assert ended.status == 1
    assert f"{name} fired: version 1 gets all requests again" in ended.err
    assert prod.live() == ("1", {})
    assert len(pauses) == 3
    assert not through_api


def test_alarm_that_fires_at_the_very_end_counts_too(
    account_of: Callable[[str], Account],
    run: Callable[..., Ended],
    meanwhile: Callable[[Callable[[int], None]], list[float]],
) -> None:
    prod = account_of("prod")
    prod.publish("old")
    prod.publish("new")
    alarmed(prod)
    name = f"{prod.name}-errors"
    meanwhile(lambda number: prod.raise_alarm(name) if number == release._LOOKS else None)

    assert run("release", "prod", "--version", "2").status == 1
    assert prod.live() == ("1", {})


def test_alarm_that_fired_before_tells_nothing_of_the_new_version(
    account_of: Callable[[str], Account],
    run: Callable[..., Ended],
    meanwhile: Callable[[Callable[[int], None]], list[float]],
) -> None:
    prod = account_of("prod")
    prod.publish("old")
    prod.publish("new")
    alarmed(prod, f"{prod.name}-errors")
    meanwhile(lambda _: None)

    ended = run("release", "prod", "--version", "2")

    assert ended.status == 0
    assert f"already firing, so they can't tell anything of version 2: {prod.name}-errors" in ended.out
    assert prod.live() == ("2", {})


def test_alarm_that_fired_before_counts_once_it_had_stopped(
    account_of: Callable[[str], Account],
    run: Callable[..., Ended],
    meanwhile: Callable[[Callable[[int], None]], list[float]],
) -> None:
    prod = account_of("prod")
    prod.publish("old")
    prod.publish("new")
    name = f"{prod.name}-errors"
    alarmed(prod, name)
    meanwhile(lambda number: prod.raise_alarm(name, {2: "OK", 4: "ALARM"}[number]) if number in {2, 4} else None)

    ended = run("release", "prod", "--version", "2")

    assert ended.status == 1
    assert f"{name} fired" in ended.err
    assert prod.live() == ("1", {})


def test_alarms_of_other_environments_and_functions_are_not_watched(
    account_of: Callable[[str], Account],
    run: Callable[..., Ended],
    meanwhile: Callable[[Callable[[int], None]], list[float]],
) -> None:
    prod = account_of("prod")
    prod.publish("old")
    prod.publish("new")
    alarmed(prod)

    # Some begin like one that is watched.
    others = {
        "somebody-elses",
        f"{prod.name}ion-errors",
        f"{prod.name.removesuffix('-prod')}-of-another-prod-errors",
        "bbws-product-api-sit-errors",
        "bbws-product-apis-prod-errors",
        "bbws-product-backup-prod-failures",
        "bbws-product-creator-prod-errors",
        "bbws-product-creator-prod-throttles",
    }

    def fire(_: int) -> None:
        for name in others:
            if not name.startswith(f"{prod.name}-"):
                prod.raise_alarm(name)

    meanwhile(fire)

    assert run("release", "prod", "--version", "2").status == 0


def test_without_alarms_nothing_is_shifted(account_of: Callable[[str], Account], run: Callable[..., Ended]) -> None:
    prod = account_of("prod")
    prod.publish("old")
    prod.publish("new")

    ended = run("release", "prod", "--version", "2")

    assert ended.status == 1
    assert f"there are no alarms of {prod.name} to watch: version 1 stays live" in ended.err
    assert prod.live() == ("1", {})


def test_the_first_version_needs_no_shift(account_of: Callable[[str], Account], run: Callable[..., Ended]) -> None:
    prod = account_of("prod")
    prod.publish("first")

    assert run("release", "prod", "--version", "1").status == 0


@pytest.mark.parametrize(("sign", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_release_that_is_cancelled_in_the_middle_puts_the_version_before_back(
    account_of: Callable[[str], Account],
    run: Callable[..., Ended],
    meanwhile: Callable[[Callable[[int], None]], list[float]],
    sign: signal.Signals,
    status: int,
) -> None:
    prod = account_of("prod")
    prod.publish("old")
    prod.publish("new")
    alarmed(prod)
    meanwhile(lambda number: os.kill(os.getpid(), sign) if number == 2 else None)

    ended = run("release", "prod", "--version", "2")

    assert ended.status == status
    assert "version 1 gets all requests again" in ended.out
    assert prod.live() == ("1", {})
    assert signal.getsignal(sign) is not signal.SIG_IGN


def test_release_that_cannot_watch_puts_the_version_before_back(
    account_of: Callable[[str], Account],
    run: Callable[..., Ended],
    meanwhile: Callable[[Callable[[int], None]], list[float]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    prod = account_of("prod")
    prod.publish("old")
    prod.publish("new")
    alarmed(prod)

    def fail(*_: Any) -> dict[str, bool]:
        raise EndpointConnectionError(endpoint_url="monitoring")

    meanwhile(lambda number: monkeypatch.setattr(release, "alarms", fail) if number == 2 else None)

    ended = run("release", "prod", "--version", "2")

    assert ended.status == 1
    assert "AWS refused or failed" in ended.err
    assert prod.live() == ("1", {})


def test_way_back_that_fails_says_what_is_left_to_do(
    account_of: Callable[[str], Account],
    run: Callable[..., Ended],
    meanwhile: Callable[[Callable[[int], None]], list[float]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    prod = account_of("prod")
    prod.publish("old")
    prod.publish("new")
    alarmed(prod)

    def fail(*_: Any) -> versions.Alias:
        raise EndpointConnectionError(endpoint_url="lambda")

    def happen(number: int) -> None:
        prod.raise_alarm(f"{prod.name}-errors")
        monkeypatch.setattr(versions.Versions, "make_live", fail)

    meanwhile(happen)

    ended = run("release", "prod", "--version", "2")

    assert ended.status == 1
    assert "version 2 still gets 10% of the requests" in ended.err
    assert "Run scripts/rollback.py prod" in ended.err


def test_shift_that_was_killed_is_ended_by_the_next_release(dev: Account, run: Callable[..., Ended]) -> None:
    dev.publish("old")
    dev.publish("half-way")
    dev.make_live("1", v2=0.1)
    dev.answers[dev.publish("worse")] = {"errorMessage": "it crashed"}

    ended = run("release", "dev", "--version", "3")

    assert "a former release broke off half-way: version 1 gets all requests again" in ended.out
    assert ended.status == 1
    assert dev.live() == ("1", {})


def test_release_stops_where_somebody_else_moved_the_alias(
    dev: Account, run: Callable[..., Ended], monkeypatch: pytest.MonkeyPatch
) -> None:
    dev.publish("old")
    dev.publish("new")
    asked: list[dict[str, object]] = []

    def refuse(params: dict[str, Any], **_: Any) -> None:
        asked.append(params)
        raise dev.lambda_.exceptions.PreconditionFailedException({"Error": {"Code": "412"}}, "UpdateAlias")

    # moto takes any revision: this is what Lambda answers to one that isn't the alias's.
    revision = dev.lambda_.get_alias(FunctionName=dev.name, Name="live")["RevisionId"]
    dev.lambda_.meta.events.register("provide-client-params.lambda.UpdateAlias", refuse)
    try:
        ended = run("release", "dev", "--version", "2")
    finally:
        dev.lambda_.meta.events.unregister("provide-client-params.lambda.UpdateAlias", refuse)

    assert ended.status == 1
    assert f"somebody else moved the alias live of {dev.name} meanwhile" in ended.err
    assert asked[0]["RevisionId"] == revision


@pytest.mark.parametrize("gradually", ["0", "60"])
def test_move_whose_answer_was_lost_counts(
    dev: Account,
    run: Callable[..., Ended],
    meanwhile: Callable[[Callable[[int], None]], list[float]],
    gradually: str,
) -> None:
    dev.publish("old")
    dev.publish("new")
    alarmed(dev)
    meanwhile(lambda _: None)

    def lose(**_: Any) -> None:
        # botocore asks again, and the revision is a former one by then.
        raise dev.lambda_.exceptions.PreconditionFailedException({"Error": {"Code": "412"}}, "UpdateAlias")

    dev.lambda_.meta.events.register("after-call.lambda.UpdateAlias", lose)
    try:
        ended = run("release", "dev", "--version", "2", "--gradually", gradually)
    finally:
        dev.lambda_.meta.events.unregister("after-call.lambda.UpdateAlias", lose)

    assert ended.status == 0, ended.err
    assert dev.live() == ("2", {})


def test_shift_that_nobody_heard_of_is_taken_back(
    dev: Account, run: Callable[..., Ended], monkeypatch: pytest.MonkeyPatch
) -> None:
    dev.publish("old")
    dev.publish("new")
    alarmed(dev)
    make_live = versions.Versions.make_live

    def lose(self: versions.Versions, *arguments: Any) -> versions.Alias:
        monkeypatch.setattr(versions.Versions, "make_live", make_live)
        make_live(self, *arguments)
        raise EndpointConnectionError(endpoint_url="lambda")

    monkeypatch.setattr(versions.Versions, "make_live", lose)

    ended = run("release", "dev", "--version", "2", "--gradually", "60")

    assert ended.status == 1
    assert dev.live() == ("1", {})


# Old versions


def test_old_version_that_cannot_be_removed_keeps_no_content_from_being_noted(
    dev: Account, run: Callable[..., Ended], commit: Callable[[str], str]
) -> None:
    tree = commit("one")
    for number in range(1, 13):
        dev.publish(f"code {number}")

    def refuse(**_: Any) -> None:
        raise EndpointConnectionError(endpoint_url="lambda")

    dev.lambda_.meta.events.register("before-call.lambda.DeleteFunction", refuse)
    try:
        ended = run("release", "dev", "--version", "12")
    finally:
        dev.lambda_.meta.events.unregister("before-call.lambda.DeleteFunction", refuse)

    assert ended.status == 1
    assert dev.live() == ("12", {})
    assert dev.keys("deployed/") == [f"deployed/{deployable.NAME}/{tree}.json"]


def test_versions_beyond_the_last_ten_are_removed_but_none_that_callers_get(
    dev: Account, run: Callable[..., Ended]
) -> None:
    for number in range(1, 14):
        dev.publish(f"code {number}")

    # Back on an old one, as nobody would do by script.
    run("release", "dev", "--version", "2")

    assert dev.published() == ["2", *(str(number) for number in range(4, 14))]
    assert dev.live() == ("2", {})


def test_old_version_that_is_gone_already_is_no_failure(dev: Account, run: Callable[..., Ended]) -> None:
    for number in range(1, 13):
        dev.publish(f"code {number}")

    def lose(**_: Any) -> None:
        # botocore asks again after an answer that was lost, and then the version isn't there.
        raise dev.lambda_.exceptions.ResourceNotFoundException({"Error": {"Code": "404"}}, "DeleteFunction")

    dev.lambda_.meta.events.register("after-call.lambda.DeleteFunction", lose)
    try:
        ended = run("release", "dev", "--version", "12")
    finally:
        dev.lambda_.meta.events.unregister("after-call.lambda.DeleteFunction", lose)

    assert ended.status == 0
    assert dev.published() == [str(number) for number in range(3, 13)]


def test_nothing_is_removed_while_the_release_may_have_to_go_back(
    dev: Account, run: Callable[..., Ended], monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(1, 13):
        dev.publish(f"code {number}")

    def fail(environment: str) -> bool:
        raise smoke_test.Failed("it got 500")

    monkeypatch.setattr(smoke_test, "through_api", fail)

    run("release", "dev", "--version", "12")

    assert len(dev.published()) == 12


def test_values_and_summary_say_which_version_it_is(dev: Account, run: Callable[..., Ended], tmp_path: Any) -> None:
    dev.publish("one")

    run("release", "dev", "--version", "1", "--outputs", str(tmp_path / "o"), "--summary", str(tmp_path / "s"))

    assert (tmp_path / "o").read_text() == "version=1\n"
    assert json.dumps("version 1")[1:-1] in (tmp_path / "s").read_text()
