"""A package on its way through scripts/plan.py and apply.py: what was reviewed is what is published, or nothing is."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from deployment import deployable, state_bucket

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from conftest import Account, Ended, Terraform

pytestmark = pytest.mark.usefixtures("built", "terraform_program", "commit")


def planned(ended: Ended) -> list[str]:
    """Return the arguments with which scripts/apply.py takes what scripts/plan.py printed."""
    assert ended.status == 0, ended.err
    checksums = (ended.values["plan-checksum"], ended.values["package-checksum"])
    return ["--plan-checksum", checksums[0], "--package-checksum", checksums[1]]


# Planning


def test_plan_and_package_are_kept_under_their_content_and_their_checksums(
    dev: Account, run: Callable[..., Ended], commit: Callable[[str], str], built: Callable[[str], bytes]
) -> None:
    tree = commit("one")
    code = built("one")

    ended = run("plan", "dev")

    values = ended.values
    assert ended.status == 0
    assert values["package-checksum"] == state_bucket.sha256(code)
    assert sorted(dev.keys("plans/")) == sorted(
        f"plans/{deployable.NAME}/{tree}/{values[f'{part}-checksum']}.{suffix}"
        for part, suffix in (("plan", "tfplan"), ("package", "zip"))
    )


@pytest.mark.parametrize(
    ("code", "said"),
    [
        (None, "new: the function is not there yet"),
        ("old", "another package than now"),
        ("new", "the same as now"),
    ],
)
def test_summary_says_what_becomes_of_the_code(
    dev: Account, run: Callable[..., Ended], built: Callable[[str], bytes], tmp_path: Path, code: str | None, said: str
) -> None:
    built("new")
    if code:
        dev.publish(code)

    run("plan", "dev", "--summary", str(tmp_path / "summary"))

    assert f"| code | {said} |" in (tmp_path / "summary").read_text()


def test_package_that_was_not_built_here_stops_the_plan(
    dev: Account, run: Callable[..., Ended], terraform_program: Terraform
) -> None:
    assert deployable.PACKAGE is not None
    deployable.PACKAGE.write_bytes(b"something else")

    ended = run("plan", "dev")

    assert ended.status == 1
    assert "build/function.zip is not what scripts/build.py made" in ended.err
    assert not terraform_program.calls("plan")


def test_package_that_is_missing_stops_the_plan(dev: Account, run: Callable[..., Ended]) -> None:
    assert deployable.PACKAGE is not None
    deployable.PACKAGE.unlink()

    ended = run("plan", "dev")

    assert ended.status == 1
    assert "run scripts/build.py first" in ended.err


# Applying


def test_the_very_package_of_the_plan_is_applied(
    dev: Account, run: Callable[..., Ended], built: Callable[[str], bytes], tmp_path: Path
) -> None:
    reviewed = built("reviewed")
    arguments = planned(run("plan", "dev"))
    built("built since")
    dev.state(deployable.NAME, version=dev.publish("reviewed"))

    ended = run("apply", "dev", *arguments, "--outputs", str(tmp_path / "outputs"))

    assert ended.status == 0, ended.err
    assert deployable.PACKAGE is not None
    assert deployable.PACKAGE.read_bytes() == reviewed
    assert (tmp_path / "outputs").read_text() == "version=1\n"


def test_package_that_was_replaced_since_its_review_is_not_applied(
    dev: Account, run: Callable[..., Ended], terraform_program: Terraform
) -> None:
    arguments = planned(run("plan", "dev"))
    (key,) = (key for key in dev.keys("plans/") if key.endswith("zip"))
    dev.put(key, b"something else")

    ended = run("apply", "dev", *arguments)

    assert ended.status == 1
    assert "is not the package that was reviewed" in ended.err
    assert not terraform_program.calls("apply")


@pytest.mark.parametrize("checksum", [[], ["--package-checksum", ""], ["--package-checksum", "0" * 63]])
def test_plan_without_its_package_is_refused(dev: Account, run: Callable[..., Ended], checksum: list[str]) -> None:
    assert run("apply", "dev", "--plan-checksum", "0" * 64, *checksum).status == 2


def test_package_is_published_where_a_rollback_had_put_other_code(
    dev: Account, run: Callable[..., Ended], built: Callable[[str], bytes]
) -> None:
    built("new")
    arguments = planned(run("plan", "dev"))
    dev.publish("new")
    # Terraform applied this package before, and doesn't notice that it isn't there any more.
    dev.state(deployable.NAME, version=dev.publish("rolled back to"))
    # It is applied by another job, which has nothing of what was built.
    assert deployable.PACKAGE is not None
    shutil.rmtree(deployable.PACKAGE.parent)

    ended = run("apply", "dev", *arguments)

    assert ended.values == {"version": "3"}
    assert dev.code_sha256("3") == dev.code_sha256("1")


def test_what_a_deployment_changed_before_it_was_cut_short_is_published(
    dev: Account, run: Callable[..., Ended], built: Callable[[str], bytes]
) -> None:
    built("the same")
    arguments = planned(run("plan", "dev"))
    # Terraform changed the settings and was interrupted: its state holds them, and no version does.
    dev.state(deployable.NAME, version=dev.publish("the same", KEY="old"))
    dev.configure(KEY="new")

    ended = run("apply", "dev", *arguments)

    assert ended.values == {"version": "2"}
    assert dev.settings("2") == {"KEY": "new"}
    assert dev.code_sha256("2") == dev.code_sha256("1")


def test_nothing_is_published_where_nothing_changed(
    dev: Account, run: Callable[..., Ended], built: Callable[[str], bytes]
) -> None:
    built("the same")
    arguments = planned(run("plan", "dev"))
    dev.state(deployable.NAME, version=dev.publish("the same"))

    ended = run("apply", "dev", *arguments)

    assert ended.values == {"version": "1"}
    assert dev.published() == ["1"]


def test_deploying_in_one_go_plans_applies_and_releases(
    dev: Account, run: Callable[..., Ended], built: Callable[[str], bytes], terraform_program: Terraform
) -> None:
    dev.publish("old")
    built("new")
    dev.state(deployable.NAME, version=dev.publish("new"))

    ended = run("deploy", "dev", "--beside-others")

    assert ended.status == 0, ended.err
    assert [call[0] for call in map(tuple, terraform_program.calls("apply"))] == ["apply"]
    assert dev.live() == ("2", {})
    # Without a review there is nothing to keep, and untried nothing to note.
    assert not dev.keys("plans/")
    assert not dev.keys("deployed/")
