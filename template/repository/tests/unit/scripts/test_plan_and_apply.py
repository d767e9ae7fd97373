"""scripts/plan.py, apply.py and was_deployed.py: what was reviewed is what is applied, or nothing is."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING

import pytest
from botocore.exceptions import NoCredentialsError
from tests.unit.scripts.conftest import ACCOUNTS

import release
from deployment import account, content, deployable, terraform

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from conftest import Account, Ended, Terraform

QUEUE = 'aws_sqs_queue.work["audit"]'

pytestmark = pytest.mark.usefixtures("without_package", "terraform_program", "commit")


def planned(ended: Ended) -> list[str]:
    """Return the arguments with which scripts/apply.py takes what scripts/plan.py printed."""
    assert ended.status == 0, ended.err
    return ["--plan-checksum", ended.values["plan-checksum"]]


def changing(*changes: tuple[str, str, list[str]]) -> str:
    """Return what ``terraform show -json`` says of a plan: address, type and actions of each change."""
    return json.dumps(
        {
            "resource_changes": [
                {"address": address, "type": kind, "change": {"actions": actions}} for address, kind, actions in changes
            ]
        }
    )


# Planning


def test_plan_is_kept_under_its_content_and_its_checksum(
    dev: Account, run: Callable[..., Ended], commit: Callable[[str], str], terraform_program: Terraform
) -> None:
    tree = commit("one")
    terraform_program.act("plan", plan="the plan", says="1 to add, 0 to destroy.", status=2)

    ended = run("plan", "dev")

    checksum = hashlib.sha256(b"the plan").hexdigest()
    assert ended.status == 0, ended.err
    assert (ended.values["plan-checksum"], ended.values["package-checksum"]) == (checksum, "")
    assert dev.keys("plans/") == [f"plans/{deployable.NAME}/{tree}/{checksum}.tfplan"]


def test_plan_hands_its_values_on_and_shows_itself_in_the_summary(
    dev: Account,
    run: Callable[..., Ended],
    commit: Callable[[str], str],
    terraform_program: Terraform,
    tmp_path: Path,
) -> None:
    tree = commit("one")
    terraform_program.act("plan", says="  # it.will change\nPlan: 1 to add, 0 to change, 0 to destroy.", status=2)
    outputs, summary = tmp_path / "outputs", tmp_path / "summary"
    outputs.write_text("before=1\n")

    ended = run("plan", "dev", "--outputs", str(outputs), "--summary", str(summary))

    lines = outputs.read_text().splitlines()
    assert lines[0] == "before=1"
    assert dict(line.split("=") for line in lines[1:]) == ended.values | {"changes": "true"}
    shown = summary.read_text()
    assert "# it.will change" in shown
    assert "<summary>Plan: 1 to add, 0 to change, 0 to destroy.</summary>" in shown
    assert tree in shown


def test_plan_without_changes_says_so(
    dev: Account, run: Callable[..., Ended], terraform_program: Terraform, tmp_path: Path
) -> None:
    terraform_program.act("plan", says="No changes.", status=0)

    ended = run("plan", "dev", "--summary", str(tmp_path / "summary"))

    assert ended.values["changes"] == "false"
    assert "Nothing changes" in (tmp_path / "summary").read_text()


@pytest.mark.parametrize("actions", [["delete"], ["delete", "create"], ["create", "delete"]])
@pytest.mark.parametrize(
    ("address", "kind"),
    [
        ("aws_dynamodb_table.products", "aws_dynamodb_table"),
        ("aws_s3_bucket.audit", "aws_s3_bucket"),
        (QUEUE, "aws_sqs_queue"),
        ("aws_kms_key.alerts", "aws_kms_key"),
        ("aws_backup_vault.products[0]", "aws_backup_vault"),
        ('aws_secretsmanager_secret.client["admin"]', "aws_secretsmanager_secret"),
        ("aws_api_gateway_rest_api.products", "aws_api_gateway_rest_api"),
    ],
)
def test_plan_that_would_lose_data_is_not_kept(
    dev: Account,
    run: Callable[..., Ended],
    terraform_program: Terraform,
    address: str,
    kind: str,
    actions: list[str],
) -> None:
    terraform_program.act("plan", says="Plan: 1 to add, 0 to change, 1 to destroy.", status=2)
    terraform_program.act("show", says=changing((address, kind, actions)))

    ended = run("plan", "dev")

    assert ended.status == 1
    assert f"{address} would be {'destroyed' if actions == ['delete'] else 'replaced'}" in ended.err
    assert "--may-destroy" in ended.err
    assert not dev.keys("plans/")


def test_plan_that_loses_data_by_request_is_kept(
    dev: Account, run: Callable[..., Ended], terraform_program: Terraform
) -> None:
    terraform_program.act("plan", says="Plan: 0 to add, 0 to change, 2 to destroy.", status=2)
    terraform_program.act(
        "show",
        says=changing((QUEUE, "aws_sqs_queue", ["delete"]), ("aws_s3_bucket.audit", "aws_s3_bucket", ["delete"])),
    )

    refused = run("plan", "dev", "--may-destroy", QUEUE, "--may-destroy", "")
    allowed = run("plan", "dev", "--may-destroy", QUEUE, "--may-destroy", "aws_s3_bucket.audit")

    assert refused.status == 1
    assert "aws_s3_bucket.audit would be destroyed" in refused.err
    assert "untaint" not in refused.err
    assert QUEUE not in refused.err
    assert allowed.status == 0


def test_queue_whose_making_was_cut_short_is_told_apart(
    dev: Account, run: Callable[..., Ended], terraform_program: Terraform
) -> None:
    terraform_program.act("plan", says="1 to add, 0 to change, 1 to destroy.", status=2)
    shown = json.loads(changing((QUEUE, "aws_sqs_queue", ["delete", "create"])))
    shown["resource_changes"][0]["action_reason"] = "replace_because_tainted"
    terraform_program.act("show", says=json.dumps(shown))

    ended = run("plan", "dev")

    assert ended.status == 1
    assert f"{QUEUE} would be replaced" in ended.err
    assert f"terraform untaint '{QUEUE}'" in ended.err


def test_plan_that_cannot_be_shown_is_not_kept(
    dev: Account, run: Callable[..., Ended], terraform_program: Terraform
) -> None:
    terraform_program.act("plan", says="1 to destroy.", status=2)
    terraform_program.act("show", status=1)

    ended = run("plan", "dev")

    assert ended.status == 1
    assert ended.err.splitlines()[-1] == "error: terraform can't show the plan that it made"
    assert not dev.keys("plans/")


def test_plan_may_destroy_what_can_be_made_again(
    dev: Account, run: Callable[..., Ended], terraform_program: Terraform
) -> None:
    terraform_program.act("plan", says="Plan: 1 to add, 0 to change, 1 to destroy.", status=2)
    terraform_program.act("show", says=changing(("aws_lambda_permission.api", "aws_lambda_permission", ["delete"])))

    assert run("plan", "dev").status == 0


@pytest.mark.parametrize("script", ["plan", "apply", "release", "smoke_test", "was_deployed", "unlock", "deploy"])
def test_credentials_of_another_account_stop_every_script_before_anything(
    dev: Account,
    sign_in: Callable[[str], None],
    run: Callable[..., Ended],
    commit: Callable[[str], str],
    terraform_program: Terraform,
    script: str,
) -> None:
    commit("one")
    arguments = {"apply": ["--plan-checksum", "0" * 64], "release": ["--version", "1"]}
    sign_in("sit")

    ended = run(script, "dev", *arguments.get(script, []))

    assert ended.status == 1
    assert f"these credentials are for account {ACCOUNTS['sit']}, which is not that of dev" in ended.err
    assert not terraform_program.calls("init")


def test_state_bucket_that_is_not_there_is_told(
    dev: Account, run: Callable[..., Ended], terraform_program: Terraform
) -> None:
    dev.s3.delete_bucket(Bucket=dev.bucket)

    kept = run("plan", "dev")
    applied = run("apply", "dev", "--plan-checksum", "0" * 64)

    said = f"error: the state bucket {dev.bucket} does not exist: make it first\n"
    assert (kept.status, kept.err) == (applied.status, applied.err) == (1, said)
    assert not terraform_program.calls("apply")


def test_missing_credentials_are_told_before_anything(
    dev: Account, run: Callable[..., Ended], terraform_program: Terraform, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(environment: str) -> None:
        raise NoCredentialsError

    monkeypatch.setattr(account, "check", refuse)

    ended = run("plan", "dev")

    assert (ended.status, ended.err) == (1, "error: no AWS credentials in the environment\n")
    assert not terraform_program.calls("init")


def test_computer_without_terraform_is_told(
    dev: Account, run: Callable[..., Ended], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))

    ended = run("plan", "dev")

    assert (ended.status, ended.err) == (1, "error: terraform is not on the PATH: install Terraform 1.11 or later\n")


def test_unknown_failure_of_terraform_is_shown_as_it_is(
    dev: Account, run: Callable[..., Ended], terraform_program: Terraform
) -> None:
    terraform_program.act("plan", complains="Error: something new", status=1)

    ended = run("plan", "dev")

    assert ended.status == 1
    assert "Error: something new" in ended.err
    assert ended.err.splitlines()[-1] == "error: terraform plan failed for dev"


@pytest.mark.parametrize("environment", ["sit", "prod"])
def test_uncommitted_content_is_not_planned_where_it_must_be_known(
    account_of: Callable[[str], Account], run: Callable[..., Ended], environment: str
) -> None:
    account = account_of(environment)

    ended = run("plan", environment)

    assert ended.status == 1
    assert "commit it" in ended.err
    assert not account.keys()


def test_change_beside_the_commit_is_uncommitted_content(
    account_of: Callable[[str], Account], run: Callable[..., Ended], commit: Callable[[str], str]
) -> None:
    account_of("sit")
    commit("one")
    assert run("plan", "sit").status == 0

    (content.FOLDER / "another.py").write_text("new")

    assert run("plan", "sit").status == 1


@pytest.mark.parametrize("given", [[], ["--deployed-to-sit", ""], ["--deployed-to-sit", "0" * 40]])
def test_prod_takes_only_what_was_deployed_to_sit(
    account_of: Callable[[str], Account], run: Callable[..., Ended], commit: Callable[[str], str], given: list[str]
) -> None:
    prod = account_of("prod")
    tree = commit("one")

    ended = run("plan", "prod", *given)

    assert ended.status == 1
    assert f"this content is {tree}" in ended.err
    assert "was_deployed.py" in ended.err
    assert not prod.keys()
    assert run("plan", "prod", "--deployed-to-sit", tree).status == 0


# What was deployed


def test_content_was_deployed_where_it_is_noted_and_nowhere_else(
    account_of: Callable[[str], Account], run: Callable[..., Ended], commit: Callable[[str], str], tmp_path: Path
) -> None:
    sit = account_of("sit")
    tree = commit("one")
    sit.put(f"deployed/{deployable.NAME}/{tree}.json", json.dumps({"at": "2026-11-22T08:00:00+00:00"}))

    known = run("was_deployed", "sit", "--outputs", str(tmp_path / "outputs"))
    other = commit("two")
    unknown = run("was_deployed", "sit")

    assert known.status == 0
    assert (tmp_path / "outputs").read_text() == f"tree={tree}\n"
    assert unknown.status == 1
    assert f"({other}) was not deployed to sit" in unknown.err


# Applying


def test_the_very_plan_is_applied_and_what_came_of_it_is_handed_on(
    dev: Account,
    run: Callable[..., Ended],
    terraform_program: Terraform,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    terraform_program.act("plan", plan="the reviewed plan", says="1 to change, 0 to destroy.", status=2)
    arguments = planned(run("plan", "dev"))
    dev.state(deployable.NAME, address="something")
    applied = []
    monkeypatch.setattr(terraform, "apply", lambda environment, file: applied.append((environment, file.read_text())))

    ended = run("apply", "dev", *arguments, "--outputs", str(tmp_path / "outputs"))

    assert ended.status == 0, ended.err
    assert applied == [("dev", "the reviewed plan")]
    assert (tmp_path / "outputs").read_text() == "address=something\n"


def test_plan_that_was_replaced_since_its_review_is_not_applied(
    dev: Account, run: Callable[..., Ended], terraform_program: Terraform
) -> None:
    arguments = planned(run("plan", "dev"))
    (key,) = dev.keys("plans/")
    dev.put(key, b"something else")

    ended = run("apply", "dev", *arguments)

    assert ended.status == 1
    assert "is not the plan that was reviewed" in ended.err
    assert "Nothing was changed" in ended.err
    assert len(terraform_program.calls("init")) == 1
    assert not terraform_program.calls("apply")


def test_plan_of_other_content_is_not_applied(
    dev: Account, run: Callable[..., Ended], commit: Callable[[str], str], terraform_program: Terraform
) -> None:
    commit("one")
    arguments = planned(run("plan", "dev"))
    tree = commit("two")

    ended = run("apply", "dev", *arguments)

    assert ended.status == 1
    assert f"holds no plan {arguments[1]} of this content ({tree})" in ended.err
    assert not terraform_program.calls("apply")


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["--plan-checksum", ""],
        ["--plan-checksum", "0" * 63],
        ["--plan-checksum", "../" + "0" * 61],
        ["--plan-checksum", "0" * 64, "--package-checksum", "0" * 64],
    ],
)
def test_wrong_command_line_is_refused(dev: Account, run: Callable[..., Ended], arguments: list[str]) -> None:
    assert run("apply", "dev", *arguments).status == 2


def test_deploying_to_prod_in_one_go_is_refused(
    account_of: Callable[[str], Account], run: Callable[..., Ended], commit: Callable[[str], str]
) -> None:
    account_of("prod")
    commit("one")

    ended = run("deploy", "prod")

    assert ended.status == 1
    assert "prod is deployed by its workflow" in ended.err


def test_deploying_in_one_go_plans_applies_and_releases(
    dev: Account, run: Callable[..., Ended], terraform_program: Terraform, monkeypatch: pytest.MonkeyPatch
) -> None:
    dev.state(deployable.NAME, address="something")
    released = []
    monkeypatch.setattr(release, "release", lambda *what, **how: released.append((*what, how)))

    ended = run("deploy", "dev", "--beside-others")

    assert ended.status == 0, ended.err
    assert len(terraform_program.calls("apply")) == 1
    assert released == [("dev", {"address": "something"}, {"beside_others": True})]
    # Without a review there is nothing to keep.
    assert not dev.keys("plans/")
