"""scripts/rollback.py: earlier code with today's configuration."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

import smoke_test

if TYPE_CHECKING:
    from collections.abc import Callable

    from conftest import Account, Ended


@pytest.fixture(autouse=True)
def through_api(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Let the smoke test through the API go well, and return the environments that it was for."""
    tried: list[str] = []
    monkeypatch.setattr(smoke_test, "through_api", lambda environment: bool(tried.append(environment)) or True)
    return tried


def test_code_of_the_version_before_comes_back_with_todays_configuration(
    dev: Account, run: Callable[..., Ended], through_api: list[str]
) -> None:
    dev.publish("good", KEY="old")
    dev.publish("bad", KEY="new")
    dev.make_live("2")

    ended = run("rollback", "dev")

    assert ended.status == 0, ended.err
    assert dev.live() == ("3", {})
    assert dev.code_sha256("3") == dev.code_sha256("1")
    assert dev.settings("3") == {"KEY": "new"}
    assert dev.invocations == ["3"]
    assert through_api == ["dev"]
    assert f"{dev.name}: version 3 is live, with the code of version 1" in ended.out


def test_named_version_comes_back(dev: Account, run: Callable[..., Ended]) -> None:
    for code in ("one", "two", "three"):
        dev.publish(code)
    dev.make_live("3")

    assert run("rollback", "dev", "--to", "1").status == 0
    assert dev.code_sha256(dev.live()[0]) == dev.code_sha256("1")


def test_versions_with_the_same_code_are_passed_over(dev: Account, run: Callable[..., Ended]) -> None:
    dev.publish("good", KEY="1")
    dev.publish("bad", KEY="1")
    dev.publish("bad", KEY="2")
    dev.make_live("3")

    run("rollback", "dev", "--to", "")

    assert dev.code_sha256(dev.live()[0]) == dev.code_sha256("1")


def test_version_that_a_release_refused_is_passed_over(dev: Account, run: Callable[..., Ended]) -> None:
    for code in ("good", "crashes", "bad"):
        dev.publish(code)
    dev.answers["2"] = {"errorMessage": "it crashed"}
    run("release", "dev", "--version", "2")
    dev.make_live("3")

    assert run("rollback", "dev").status == 0
    assert dev.code_sha256(dev.live()[0]) == dev.code_sha256("1")


def test_version_that_a_later_release_took_is_not_passed_over(dev: Account, run: Callable[..., Ended]) -> None:
    for code in ("oldest", "good after all", "bad"):
        dev.publish(code)
    dev.answers["2"] = [{"errorMessage": "somebody else's fault"}]
    refused = run("release", "dev", "--version", "2")
    taken = run("release", "dev", "--version", "2")
    run("release", "dev", "--version", "3")

    assert (refused.status, taken.status) == (1, 0)
    assert run("rollback", "dev").status == 0
    assert dev.code_sha256(dev.live()[0]) == dev.code_sha256("2")


def test_refusals_that_cannot_be_read_stop_no_rollback(
    dev: Account, run: Callable[..., Ended], refused_by_s3: Callable[[Account], None]
) -> None:
    dev.publish("good")
    dev.publish("bad")
    dev.make_live("2")
    refused_by_s3(dev)

    ended = run("rollback", "dev")

    assert ended.status == 0
    assert "could not see whether version 1 was refused" in ended.out
    assert dev.code_sha256(dev.live()[0]) == dev.code_sha256("1")


def test_rolling_back_twice_goes_further_back_and_not_forth(dev: Account, run: Callable[..., Ended]) -> None:
    for code in ("oldest", "bad too", "bad"):
        dev.publish(code)
    dev.make_live("3")

    run("rollback", "dev")
    first = dev.code_sha256(dev.live()[0])
    run("rollback", "dev")
    second = dev.code_sha256(dev.live()[0])
    ended = run("rollback", "dev")

    assert (first, second) == (dev.code_sha256("2"), dev.code_sha256("1"))
    assert ended.status == 1
    assert f"{dev.name} has no other code from before version 1" in ended.err


def test_version_that_is_not_there_is_refused_with_those_that_are(
    dev: Account, run: Callable[..., Ended], through_api: list[str]
) -> None:
    dev.publish("one")
    dev.publish("two")

    ended = run("rollback", "dev", "--to", "7")

    assert ended.status == 1
    assert f"{dev.name} has no version 7; it has 1, 2. Nothing was changed" in ended.err
    assert dev.published() == ["1", "2"]
    assert not through_api


@pytest.mark.parametrize("number", ["$LATEST", "0", "-1", "live", "1.0"])
def test_what_is_no_version_is_refused(dev: Account, run: Callable[..., Ended], number: str) -> None:
    assert run("rollback", "dev", f"--to={number}").status == 2


def test_credentials_of_another_account_stop_it_before_anything(
    dev: Account, sign_in: Callable[[str], None], run: Callable[..., Ended]
) -> None:
    dev.publish("one")
    sign_in("sit")

    ended = run("rollback", "dev")

    assert ended.status == 1
    assert "which is not that of dev" in ended.err
    assert not dev.invocations


def test_function_that_is_not_there_is_refused(dev: Account, run: Callable[..., Ended]) -> None:
    ended = run("rollback", "dev")

    assert ended.status == 1
    assert f"{dev.name} is not there, or has no alias live: deploy it first" in ended.err


def test_code_that_is_not_the_versions_own_is_not_published(
    dev: Account, run: Callable[..., Ended], handed_out: list[bytes]
) -> None:
    dev.publish("good")
    dev.publish("bad")
    dev.make_live("2")
    handed_out.append(b"something else")

    ended = run("rollback", "dev")

    assert ended.status == 1
    assert "the code of version 1 has another SHA-256" in ended.err
    assert dev.published() == ["1", "2"]


def test_code_that_answers_wrongly_is_not_made_live(dev: Account, run: Callable[..., Ended]) -> None:
    dev.publish("not good either")
    dev.publish("bad")
    dev.make_live("2")
    dev.answers["3"] = {"errorMessage": "it crashed"}

    ended = run("rollback", "dev")

    assert ended.status == 1
    assert "Version 2 stays live" in ended.err
    assert dev.live() == ("2", {})


def test_rollback_that_broke_off_can_be_repeated(dev: Account, run: Callable[..., Ended]) -> None:
    dev.publish("good")
    dev.publish("bad")
    dev.make_live("2")
    dev.answers["3"] = {"errorMessage": "killed here"}
    run("rollback", "dev")
    del dev.answers["3"]

    assert run("rollback", "dev").status == 0
    assert dev.live()[0] not in {"1", "2"}
    assert dev.code_sha256(dev.live()[0]) == dev.code_sha256("1")


def test_release_that_broke_off_half_way_is_undone_and_nothing_else(
    dev: Account, run: Callable[..., Ended], through_api: list[str]
) -> None:
    dev.publish("old")
    dev.publish("half-way")
    dev.make_live("1", v2=0.1)

    ended = run("rollback", "dev")

    assert ended.status == 0
    assert dev.live() == ("1", {})
    assert dev.published() == ["1", "2"]
    assert "version 1 gets all requests again" in ended.out
    assert through_api == ["dev"]


def test_named_version_comes_back_from_half_way_too(dev: Account, run: Callable[..., Ended]) -> None:
    for code in ("one", "two", "three"):
        dev.publish(code)
    dev.make_live("2", v3=0.1)

    run("rollback", "dev", "--to", "1")

    version, weights = dev.live()
    assert dev.code_sha256(version) == dev.code_sha256("1")
    assert not weights


def test_failure_through_the_api_says_what_was_done(
    dev: Account, run: Callable[..., Ended], monkeypatch: pytest.MonkeyPatch
) -> None:
    dev.publish("good")
    dev.publish("bad")
    dev.make_live("2")

    def fail(environment: str) -> bool:
        raise smoke_test.Failed("it got 500")

    monkeypatch.setattr(smoke_test, "through_api", fail)

    ended = run("rollback", "dev")

    assert ended.status == 1
    assert "it got 500" in ended.err
    assert "version 3 is live, with the code of version 1" in ended.err
