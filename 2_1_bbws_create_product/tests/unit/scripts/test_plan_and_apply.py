"""scripts/plan.py, apply.py and was_deployed.py: what was reviewed is what is applied, or nothing is."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING

import pytest

from deployment import content, deployable, state_bucket, terraform

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from conftest import Account, Ended, Terraform

QUEUE = 'aws_sqs_queue.work["audit"]'

pytestmark = pytest.mark.usefixtures("built", "terraform_program", "commit")


def planned(ended: Ended) -> list[str]:
    """Return the arguments with which scripts/apply.py takes what scripts/plan.py printed."""
    assert ended.status == 0, ended.err
    checksums = (ended.values["plan-checksum"], ended.values["package-checksum"])
    return ["--plan-checksum", checksums[0], "--package-checksum", checksums[1]]


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
    assert "new: the function is not there yet" in shown


@pytest.mark.parametrize(("code", "said"), [("old", "another package than now"), ("new", "the same as now")])
def test_summary_says_what_becomes_of_the_code(
    dev: Account, run: Callable[..., Ended], built: Callable[[str], bytes], tmp_path: Path, code: str, said: str
) -> None:
    built("new")
    dev.publish(code)

    run("plan", "dev", "--summary", str(tmp_path / "summary"))

    assert f"| code | {said} |" in (tmp_path / "summary").read_text()


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


@pytest.mark.parametrize("script", ["plan", "apply", "release", "rollback", "smoke_test", "was_deployed", "unlock"])
def test_credentials_of_another_account_stop_every_script_before_anything(
    dev: Account,
    sign_in: Callable[[str], None],
    run: Callable[..., Ended],
    commit: Callable[[str], str],
    terraform_program: Terraform,
    script: str,
) -> None:
    commit("one")
    arguments = {
        "apply": ["--plan-checksum", "0" * 64, "--package-checksum", "0" * 64],
        "release": ["--version", "1"],
    }
    sign_in("sit")

    ended = run(script, "dev", *arguments.get(script, []))

    assert ended.status == 1
    assert "these credentials are for account 815856636111, which is not that of dev" in ended.err
    assert not terraform_program.calls("init")
    assert not dev.invocations


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


@pytest.mark.parametrize(
    ("complaint", "said"),
    [
        (
            "Error: Unable to find remote state\n\n  with data.terraform_remote_state.infrastructure",
            "the infrastructure of dev has no state: deploy 2_1_bbws_product_infrastructure first",
        ),
        (
            'Error: Unsupported attribute\n│ This object does not have an attribute named "table_arn".',
            'the infrastructure of dev has no output "table_arn": deploy 2_1_bbws_product_infrastructure first',
        ),
        (
            "Error: Error acquiring the state lock\n│   ID:   1\n│   Who:       runner@fv-az1\n│   Version: 1",
            "another deployment to dev is running: runner@fv-az1 holds the lock",
        ),
    ],
)
def test_known_failure_of_terraform_is_told_in_one_line(
    dev: Account, run: Callable[..., Ended], terraform_program: Terraform, complaint: str, said: str
) -> None:
    terraform_program.act("plan", complains=complaint, status=1)

    ended = run("plan", "dev")

    assert ended.status == 1
    assert said in ended.err.splitlines()[-1]
    assert not dev.keys("plans/")


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


def test_the_very_plan_and_package_are_applied(
    dev: Account,
    run: Callable[..., Ended],
    built: Callable[[str], bytes],
    terraform_program: Terraform,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    reviewed = built("reviewed")
    terraform_program.act("plan", plan="the reviewed plan", says="1 to change, 0 to destroy.", status=2)
    arguments = planned(run("plan", "dev"))
    built("built since")
    dev.state(deployable.NAME, version=dev.publish("reviewed"))
    applied = []
    monkeypatch.setattr(terraform, "apply", lambda environment, file: applied.append((environment, file.read_text())))

    ended = run("apply", "dev", *arguments, "--outputs", str(tmp_path / "outputs"))

    assert ended.status == 0, ended.err
    assert applied == [("dev", "the reviewed plan")]
    assert deployable.PACKAGE is not None
    assert deployable.PACKAGE.read_bytes() == reviewed
    assert (tmp_path / "outputs").read_text() == "version=1\n"


@pytest.mark.parametrize("suffix", ["tfplan", "zip"])
def test_what_was_replaced_since_the_review_is_not_applied(
    dev: Account, run: Callable[..., Ended], terraform_program: Terraform, suffix: str
) -> None:
    arguments = planned(run("plan", "dev"))
    (key,) = (key for key in dev.keys("plans/") if key.endswith(suffix))
    dev.put(key, b"something else")

    ended = run("apply", "dev", *arguments)

    assert ended.status == 1
    assert f"is not the {'plan' if suffix == 'tfplan' else 'package'} that was reviewed" in ended.err
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
    ("complaint", "said"),
    [
        (
            "Error: Saved plan is stale\n\nThe given plan file can no longer be applied",
            "this plan is older than the state of dev",
        ),
        (
            "Error: Failed to read plan\n\nplan file was created by Terraform 1.11.4, but this is 1.12.0; plan files",
            "this plan was made by Terraform 1.11.4, and this is 1.12.0",
        ),
    ],
)
def test_plan_that_terraform_does_not_take_is_told_in_one_line(
    dev: Account, run: Callable[..., Ended], terraform_program: Terraform, complaint: str, said: str
) -> None:
    arguments = planned(run("plan", "dev"))
    terraform_program.act("apply", complains=complaint, status=1)

    ended = run("apply", "dev", *arguments)

    assert ended.status == 1
    assert said in ended.err.splitlines()[-1]


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["--plan-checksum", "0" * 64],
        ["--plan-checksum", "", "--package-checksum", "0" * 64],
        ["--plan-checksum", "0" * 63, "--package-checksum", "0" * 64],
        ["--plan-checksum", "../" + "0" * 61, "--package-checksum", "0" * 64],
    ],
)
def test_incomplete_command_line_is_refused(dev: Account, run: Callable[..., Ended], arguments: list[str]) -> None:
    assert run("apply", "dev", *arguments).status == 2


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


def test_deploying_to_prod_in_one_go_is_refused(
    account_of: Callable[[str], Account], run: Callable[..., Ended], commit: Callable[[str], str]
) -> None:
    account_of("prod")
    commit("one")

    ended = run("deploy", "prod")

    assert ended.status == 1
    assert "prod is deployed by its workflow" in ended.err


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
