"""The workflows, read and rehearsed without GitHub: local/checks.py has what the linters say about them."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from rehearsals.deployments import DEPLOYMENT

from local.layout import FUNCTIONS, INFRASTRUCTURE, REPOSITORIES, ROOT

GET = "2_1_bbws_get_product"
ENVIRONMENTS = ("dev", "sit", "prod")
FOLDER = Path(".github") / "workflows"
THE_24 = [
    (ROOT / repository / FOLDER / f"deploy-{environment}.yml", repository, environment)
    for repository in REPOSITORIES
    for environment in ENVIRONMENTS
]
AT_THE_ROOT = [ROOT / FOLDER / f"deploy-{environment}.yml" for environment in ENVIRONMENTS]
DEPLOY = ROOT / "template" / "repository" / FOLDER / "deploy.yml"
WORKFLOWS = sorted({*ROOT.glob(".github/workflows/*.yml"), *ROOT.glob("*/.github/workflows/*.yml"), DEPLOY})

GRANTED = {"actions": "read", "contents": "read", "id-token": "write"}
CALLED = "./.github/workflows/deploy.yml"
CREDENTIALS = "aws-actions/configure-aws-credentials"


def load(path: Path) -> dict[str, Any]:
    """Read a workflow; its ``on`` is what YAML 1.1 takes for True."""
    workflow = yaml.safe_load(path.read_text(encoding="utf-8"))
    workflow["on"] = workflow.pop(True)
    return dict(workflow)


def name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def setting(repository: str, environment: str, variable: str) -> str:
    """Return what Terraform takes for a variable of an environment."""
    tfvars = ROOT / repository / "terraform" / "environments" / f"{environment}.tfvars"
    found = re.search(rf'^{variable}\s*=\s*"([^"]+)"', tfvars.read_text(encoding="utf-8"), re.MULTILINE)
    assert found, f"{tfvars} has no {variable}"
    return found[1]


def jobs_of(path: Path) -> dict[str, dict[str, Any]]:
    return dict(load(path)["jobs"])


def steps_of(path: Path) -> list[tuple[str, dict[str, Any]]]:
    return [(job, step) for job, content in jobs_of(path).items() for step in content.get("steps", [])]


def action(step: dict[str, Any]) -> str:
    return str(step.get("uses", "")).partition("@")[0]


# What the 24 say.


def test_each_repository_has_its_three_and_what_they_call() -> None:
    for repository in REPOSITORIES:
        names = {path.name for path in (ROOT / repository / FOLDER).iterdir()}
        assert names == {"deploy-dev.yml", "deploy-sit.yml", "deploy-prod.yml", "deploy.yml"}
    assert len(THE_24) == 24


@pytest.mark.parametrize(("path", "repository", "environment"), THE_24)
def test_only_a_person_starts_a_deployment(path: Path, repository: str, environment: str) -> None:
    workflow = load(path)
    special = "may-destroy" if repository == INFRASTRUCTURE else "rollback"

    assert list(workflow["on"]) == ["workflow_dispatch"]
    inputs = workflow["on"]["workflow_dispatch"]["inputs"]
    assert set(inputs) == {special} | ({"confirmation"} if environment == "prod" else set())
    assert inputs.get("confirmation", {"required": True})["required"] is True
    assert "required" not in inputs[special]


@pytest.mark.parametrize(("path", "repository", "environment"), THE_24)
def test_account_and_region_are_those_of_terraform(path: Path, repository: str, environment: str) -> None:
    handed = jobs_of(path)["deploy"]["with"]

    assert handed["environment"] == environment
    assert handed["account"] == setting(repository, environment, "account_id")
    assert handed["region"] == setting(repository, environment, "region")
    assert handed["package"] is (repository != INFRASTRUCTURE)
    assert "folder" not in handed


@pytest.mark.parametrize(("path", "repository", "environment"), THE_24)
def test_one_deployment_at_a_time_runs_and_none_is_cancelled(path: Path, repository: str, environment: str) -> None:
    assert load(path)["concurrency"] == {"group": f"deploy-{environment}", "cancel-in-progress": False}


@pytest.mark.parametrize(("path", "repository", "environment"), THE_24)
def test_the_caller_grants_what_the_jobs_ask_for_and_no_more(path: Path, repository: str, environment: str) -> None:
    workflow = load(path)
    deploy = workflow["jobs"]["deploy"]

    assert workflow["permissions"] == {}
    assert deploy["uses"] == CALLED
    assert deploy["permissions"] == GRANTED
    assert "secrets" not in deploy


@pytest.mark.parametrize("repository", REPOSITORIES)
@pytest.mark.parametrize(("typed", "status"), [("DEPLOY-TO-PROD", 0), ("deploy-to-prod", 1), ("", 1), ("$(exit 0)", 1)])
def test_prod_wants_its_confirmation_before_anything_else(repository: str, typed: str, status: int) -> None:
    jobs = jobs_of(ROOT / repository / FOLDER / "deploy-prod.yml")
    (step,) = jobs["confirmation"]["steps"]

    assert jobs["deploy"]["needs"] == "confirmation"
    assert bash(step["run"], {"CONFIRMATION": typed}).returncode == status


def test_the_copies_are_one() -> None:
    for environment in ENVIRONMENTS:
        original = ROOT / "template" / "function" / FOLDER / f"deploy-{environment}.yml"
        assert {(ROOT / repository / FOLDER / original.name).read_bytes() for repository in FUNCTIONS} == {
            original.read_bytes()
        }
    copies = {(ROOT / folder / FOLDER / DEPLOY.name).read_bytes() for folder in (*REPOSITORIES, ".")}
    assert copies == {DEPLOY.read_bytes()}


def test_environments_differ_in_what_has_to_differ() -> None:
    """What is left of the three when names, accounts and prod's confirmation are taken away is the same."""
    for repository in (INFRASTRUCTURE, GET):
        left = []
        for environment in ENVIRONMENTS:
            workflow = load(ROOT / repository / FOLDER / f"deploy-{environment}.yml")
            workflow["on"]["workflow_dispatch"]["inputs"].pop("confirmation", None)
            workflow["jobs"].pop("confirmation", None)
            deploy = workflow["jobs"]["deploy"]
            deploy.pop("needs", None)
            for given in ("environment", "account", "region"):
                deploy["with"].pop(given)
            left.append(json.dumps(workflow).replace(environment, "ENVIRONMENT"))
        assert len(set(left)) == 1


# What they call.


def test_each_job_runs_in_its_github_environment_with_its_role() -> None:
    expected = {
        "sit": ("sit-plan", "arn:aws:iam::815856636111:role/bbws-product-plan-sit", "eu-west-1"),
        "plan": (
            "${{ inputs.environment }}-plan",
            "arn:aws:iam::${{ inputs.account }}:role/bbws-product-plan-${{ inputs.environment }}",
            "${{ inputs.region }}",
        ),
        "apply": (
            "${{ inputs.environment }}",
            "arn:aws:iam::${{ inputs.account }}:role/bbws-product-deploy-${{ inputs.environment }}",
            "${{ inputs.region }}",
        ),
    }
    expected["rollback"] = expected["apply"]

    found = {
        job: (content["environment"], step["with"]["role-to-assume"], step["with"]["aws-region"])
        for job, content in jobs_of(DEPLOY).items()
        for step in content["steps"]
        if action(step) == CREDENTIALS
    }

    assert found == expected
    assert setting(GET, "sit", "account_id") in expected["sit"][1]
    assert setting(GET, "sit", "region") == expected["sit"][2]


def test_each_job_has_the_least_permissions() -> None:
    assert {job: content["permissions"] for job, content in jobs_of(DEPLOY).items()} == {
        "test": {"contents": "read"},
        "sit": GRANTED,
        "plan": GRANTED,
        "apply": GRANTED,
        "rollback": GRANTED,
    }


def test_no_job_gets_credentials_before_its_github_environment_was_seen_to_guard_it() -> None:
    for job, content in jobs_of(DEPLOY).items():
        if "environment" not in content:
            assert not [step for step in content["steps"] if action(step) == CREDENTIALS]
            continue
        checkout, gate, *others = content["steps"]
        assert action(checkout) == "actions/checkout"
        guarded = "sit-plan" if job == "sit" else {"plan": '"$ENVIRONMENT-plan"'}.get(job, '"$ENVIRONMENT"')
        assert gate["run"] == f"python3 scripts/github_gate.py {guarded}"
        assert "if" not in gate
        assert [action(step) for step in others].count(CREDENTIALS) == 1


def test_nothing_is_installed_or_built_with_credentials() -> None:
    for job in jobs_of(DEPLOY).values():
        order = [action(step) or step["run"] for step in job["steps"]]
        if CREDENTIALS in order:
            with_credentials = order[order.index(CREDENTIALS) :]
            assert not [command for command in with_credentials if "pip " in command or "build.py" in command]


def test_what_was_reviewed_is_what_is_applied() -> None:
    jobs = jobs_of(DEPLOY)
    (apply,) = [step for step in jobs["apply"]["steps"] if step.get("id") == "apply"]

    for part in ("plan", "package"):
        assert jobs["plan"]["outputs"][f"{part}-checksum"] == f"${{{{ steps.plan.outputs.{part}-checksum }}}}"
        assert apply["env"][f"{part.upper()}_CHECKSUM"] == f"${{{{ needs.plan.outputs.{part}-checksum }}}}"
    assert not [step for step in jobs["apply"]["steps"] if "build.py" in step.get("run", "")]
    assert not [
        step for path in WORKFLOWS if "deploy" in path.name for _, step in steps_of(path) if "artifact" in action(step)
    ]


@pytest.mark.parametrize("job", ["plan", "apply"])
def test_a_cancelled_job_leaves_no_lock(job: str) -> None:
    steps = jobs_of(DEPLOY)[job]["steps"]
    scripts = [step.get("run", "") for step in steps]
    (unlock,) = [step for step in steps if "unlock.py" in step.get("run", "")]
    terraform = [number for number, script in enumerate(scripts) if f"scripts/{job}.py" in script]

    # Not after a failure: Terraform lets go of its own lock, and GitHub's machines share names, so that the lock of
    # another repository's run, which was the failure, would pass for this one's.
    assert unlock["if"] == f"${{{{ cancelled() && steps.{job}.outcome != 'skipped' }}}}"
    assert terraform == [number for number, step in enumerate(steps) if step.get("id") == job]
    assert steps.index(unlock) > terraform[0]


def test_scripts_that_have_something_to_put_in_order_get_the_signal_themselves() -> None:
    """The runner signals the step's own process, not what it started."""
    for _, step in steps_of(DEPLOY):
        run = step.get("run", "")
        if re.search(r"scripts/(was_deployed|plan|apply|release|rollback)\.py", run):
            last = re.split(r"(?<!\\)\n", run.strip())[-1]
            assert last.startswith("exec python scripts/")


def commands(job: str, **variables: str) -> list[list[str]]:
    """Return what a job's steps call, of the scripts and with which arguments."""
    recorded = []
    for step in jobs_of(DEPLOY)[job]["steps"]:
        if "scripts/" in step.get("run", ""):
            record = 'exec() { "$@"; }; python() { printf "%s\\0" "$@"; }; python3() { python "$@"; }\n'
            done = bash(record + step["run"], {"GITHUB_OUTPUT": "OUT", "GITHUB_STEP_SUMMARY": "SUM", **variables})
            assert done.returncode == 0, done.stderr
            recorded.append(done.stdout.split("\0")[:-1])
    return recorded


@pytest.mark.parametrize(
    ("job", "called"),
    [
        ("sit", ["github_gate", "was_deployed"]),
        ("plan", ["github_gate", "build", "plan", "unlock"]),
        ("apply", ["github_gate", "apply", "release", "unlock"]),
        ("rollback", ["github_gate", "rollback"]),
    ],
)
def test_the_scripts_are_called_in_their_order_with_options_that_they_have(job: str, called: list[str]) -> None:
    found = commands(job, ENVIRONMENT="sit", OUTCOME="success", STARTED="0", MAY_DESTROY="aws_sqs_queue.work")

    assert [command[0] for command in found] == [f"scripts/{script}.py" for script in called]
    for script, *arguments in found:
        sources = "".join(
            (ROOT / GET / "scripts" / part).read_text(encoding="utf-8")
            for part in (Path(script).name, "deployment/command_line.py")
        )
        for option in (argument.partition("=")[0] for argument in arguments if argument.startswith("--")):
            assert f'"{option}"' in sources


def test_a_deployment_is_rehearsed_in_the_order_of_the_workflows() -> None:
    called = [Path(script).stem for job in ("plan", "apply") for script, *_ in commands(job, ENVIRONMENT="dev")]

    assert [script for script in called if script not in {"github_gate", "unlock"}] == [*DEPLOYMENT]


@pytest.mark.parametrize(
    ("typed", "options"),
    [
        ("", []),
        ("aws_dynamodb_table.products", ["--may-destroy=aws_dynamodb_table.products"]),
        (
            '  aws_sqs_queue.work["audit"]   aws_sqs_queue.* $(id)',
            ['--may-destroy=aws_sqs_queue.work["audit"]', "--may-destroy=aws_sqs_queue.*", "--may-destroy=$(id)"],
        ),
    ],
)
def test_each_address_that_may_be_destroyed_becomes_an_option_as_it_was_typed(typed: str, options: list[str]) -> None:
    (plan,) = [command for command in commands("plan", ENVIRONMENT="dev", MAY_DESTROY=typed) if "plan.py" in command[0]]

    assert [argument for argument in plan if argument.startswith("--may-destroy")] == options


# Which jobs run: GitHub's conditions, evaluated.


def evaluate(expression: object, inputs: dict[str, str], results: dict[str, str], cancelled: bool = False) -> Any:
    """Evaluate one of the expressions that these workflows use as GitHub does."""
    text = re.sub(r"^\$\{\{|\}\}$", "", str(expression).strip()).strip()

    def value(match: re.Match[str]) -> str:
        kind, *path = match[0].split(".")
        return repr(inputs.get(path[0], "") if kind == "inputs" else results[path[0]])

    # Nothing that stands in quotes is a name.
    parts = re.split(r"('[^']*')", text)
    for number in range(0, len(parts), 2):
        part = parts[number].replace("!cancelled()", " (not cancelled) ").replace("&&", " and ").replace("||", " or ")
        parts[number] = re.sub(r"\b(inputs\.[\w-]+|needs\.[\w-]+\.result)", value, part)
    names = {"cancelled": cancelled, "fromJSON": json.loads, "format": lambda text, *given: text.format(*given)}
    return eval("".join(parts), {"__builtins__": {}}, names)  # noqa: S307  the tree's own files


def ran(path: Path, inputs: dict[str, str], failing: str = "", cancelled_after: str = "") -> list[str]:
    """Return the jobs of a workflow that run, in order."""
    results: dict[str, str] = {}
    before: dict[str, set[str]] = {}
    cancelled = False
    for job, content in jobs_of(path).items():
        needs = [content["needs"]] if isinstance(content.get("needs"), str) else content.get("needs", [])
        before[job] = {*needs, *(earlier for needed in needs for earlier in before[needed])}
        condition = content.get("if", "")
        # GitHub puts success() before a condition without a status function: it looks at every job before, however far.
        succeeded = not cancelled and all(results[earlier] == "success" for earlier in before[job])
        goes_on = "cancelled()" in str(condition) or succeeded
        runs = goes_on and (
            not condition or evaluate(condition, inputs, {needed: results[needed] for needed in needs}, cancelled)
        )
        results[job] = ("failure" if job == failing else "success") if runs else "skipped"
        cancelled = cancelled or job == cancelled_after
    return [job for job, result in results.items() if result != "skipped"]


@pytest.mark.parametrize(
    ("inputs", "jobs"),
    [
        ({"environment": "dev"}, ["test", "plan", "apply"]),
        ({"environment": "sit"}, ["test", "plan", "apply"]),
        ({"environment": "prod"}, ["test", "sit", "plan", "apply"]),
        ({"environment": "dev", "rollback": "previous"}, ["rollback"]),
        ({"environment": "prod", "rollback": "7"}, ["rollback"]),
    ],
)
def test_the_jobs_of_a_deployment_and_of_a_rollback(inputs: dict[str, str], jobs: list[str]) -> None:
    assert ran(DEPLOY, inputs) == jobs


@pytest.mark.parametrize("environment", ENVIRONMENTS)
@pytest.mark.parametrize("job", ["test", "sit", "plan"])
def test_nothing_is_applied_after_a_job_that_failed_or_a_cancellation(environment: str, job: str) -> None:
    if job in ran(DEPLOY, {"environment": environment}):
        assert ran(DEPLOY, {"environment": environment}, failing=job)[-1] == job
        assert ran(DEPLOY, {"environment": environment}, cancelled_after=job)[-1] == job
    else:
        assert (job, environment) in {("sit", "dev"), ("sit", "sit")}


def test_a_rollback_takes_the_version_or_the_previous_one() -> None:
    (step,) = [step for step in jobs_of(DEPLOY)["rollback"]["steps"] if "rollback.py" in step.get("run", "")]

    for typed, version in {"7": "7", "previous": ""}.items():
        assert evaluate(step["env"]["VERSION"], {"rollback": typed}, {}) == version
        (command,) = [command for command in commands("rollback", VERSION=version, STARTED="0") if "--to" in command]
        assert command[command.index("--to") + 1] == version


# Those of the whole tree.


def folders(job: dict[str, Any], inputs: dict[str, str]) -> list[str]:
    """Return the repositories that a job deploys, side by side."""
    matrix = job.get("strategy", {}).get("matrix", {}).get("folder")
    return list(evaluate(matrix, inputs, {})) if matrix else [job["with"]["folder"]]


@pytest.mark.parametrize("path", AT_THE_ROOT, ids=name)
def test_the_tree_is_deployed_as_its_repositories_are(path: Path) -> None:
    environment = path.stem.removeprefix("deploy-")
    of_the_infrastructure, of_a_function = (
        jobs_of(ROOT / repository / FOLDER / path.name)["deploy"]["with"] for repository in (INFRASTRUCTURE, GET)
    )

    inputs, infrastructure, *functions = jobs_of(path).values()

    assert "uses" not in inputs
    for job in (infrastructure, *functions):
        folder = job["with"].pop("folder")
        assert job["with"] == (of_the_infrastructure if job is infrastructure else of_a_function)
        assert job["uses"] == CALLED
        assert job["permissions"] == GRANTED
        assert job["concurrency"] == {"group": f"deploy-{environment}-{folder}", "cancel-in-progress": False}
        assert ("strategy" in job) is (folder == "${{ matrix.folder }}")
        assert job.get("strategy", {}).get("fail-fast", False) is False


RECEIVERS = ["2_1_bbws_audit_logger", "2_1_bbws_product_creator"]
OF_THE_API = sorted({*FUNCTIONS} - {*RECEIVERS})


@pytest.mark.parametrize("path", AT_THE_ROOT, ids=name)
@pytest.mark.parametrize(
    ("inputs", "stages"),
    [
        (
            {"repository": "all"},
            [[INFRASTRUCTURE], ["2_1_bbws_audit_logger"], ["2_1_bbws_product_creator"], OF_THE_API],
        ),
        (
            {"repository": "all", "rollback": "previous"},
            [OF_THE_API, ["2_1_bbws_product_creator"], ["2_1_bbws_audit_logger"]],
        ),
        ({"repository": INFRASTRUCTURE}, [[INFRASTRUCTURE]]),
        *(({"repository": function}, [[function]]) for function in FUNCTIONS),
        *(({"repository": function, "rollback": "7"}, [[function]]) for function in FUNCTIONS),
    ],
)
def test_all_are_deployed_readers_first_and_rolled_back_senders_first(
    path: Path, inputs: dict[str, str], stages: list[list[str]]
) -> None:
    jobs = jobs_of(path)

    first, *staged = ran(path, inputs)

    assert first == "inputs"
    assert [folders(jobs[job], inputs) for job in staged] == stages
    # Each stage waits for the one before, and isn't begun if that failed or somebody cancelled.
    for number, job in enumerate(staged):
        assert ran(path, inputs, failing=job) == ["inputs", *staged[: number + 1]]
        assert ran(path, inputs, cancelled_after=job) == ["inputs", *staged[: number + 1]]
    assert ran(path, inputs, failing="inputs") == ["inputs"]


@pytest.mark.parametrize("path", AT_THE_ROOT, ids=name)
def test_a_stage_needs_the_one_before(path: Path) -> None:
    jobs = jobs_of(path)

    assert [(job, content.get("needs")) for job, content in jobs.items()] == [
        ("inputs", None),
        ("infrastructure", "inputs"),
        ("first", ["inputs", "infrastructure"]),
        ("second", "first"),
        ("third", "second"),
    ]


@pytest.mark.parametrize("path", [*AT_THE_ROOT, ROOT / FOLDER / "publish-repositories.yml"], ids=name)
def test_what_can_be_chosen_is_all_or_one(path: Path) -> None:
    workflow = load(path)
    assert list(workflow["on"]) == ["workflow_dispatch"]
    assert workflow["permissions"] == {}
    assert workflow["on"]["workflow_dispatch"]["inputs"]["repository"]["options"] == ["all", *ordered(REPOSITORIES)]


def test_published_are_all_or_the_one_that_is_chosen() -> None:
    (job,) = [job for job in jobs_of(ROOT / FOLDER / "publish-repositories.yml").values() if "strategy" in job]
    ((_, matrix),) = job["strategy"]["matrix"].items()

    assert evaluate(matrix, {"repository": "all"}, {}) == ordered(REPOSITORIES)
    assert evaluate(matrix, {"repository": GET}, {}) == [GET]


def ordered(repositories: tuple[str, ...]) -> list[str]:
    return sorted(repositories, key=lambda repository: (repository != INFRASTRUCTURE, repository))


@pytest.mark.parametrize("path", AT_THE_ROOT, ids=name)
@pytest.mark.parametrize(
    ("repository", "rollback", "said"),
    [
        ("all", "", ""),
        ("all", "previous", ""),
        ("all", "7", "a version's number is one function's"),
        (INFRASTRUCTURE, "", ""),
        (INFRASTRUCTURE, "previous", "the infrastructure has no versions"),
        (INFRASTRUCTURE, "3", "the infrastructure has no versions"),
        (GET, "", ""),
        (GET, "previous", ""),
        (GET, "3", ""),
    ],
)
def test_a_rollback_is_of_one_function_or_of_all_to_the_previous(
    path: Path, repository: str, rollback: str, said: str
) -> None:
    *_, step = jobs_of(path)["inputs"]["steps"]

    done = bash(step["run"], {"REPOSITORY": repository, "ROLLBACK": rollback})

    assert done.returncode == bool(said)
    assert said in done.stdout


@pytest.mark.parametrize("typed", ["DEPLOY-TO-PROD", "deploy"])
def test_the_tree_wants_the_confirmation_for_prod_too(typed: str) -> None:
    first, _ = jobs_of(ROOT / FOLDER / "deploy-prod.yml")["inputs"]["steps"]

    assert bash(first["run"], {"CONFIRMATION": typed}).returncode == (typed != "DEPLOY-TO-PROD")


# All of them.


def bash(script: str, variables: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """Run a step's lines as GitHub does where no shell is named."""
    environment = {"PATH": "/usr/bin:/bin", **variables}
    return subprocess.run(["bash", "-e", "-c", script], check=False, capture_output=True, text=True, env=environment)


@pytest.mark.parametrize("path", WORKFLOWS, ids=name)
def test_actions_are_pinned_by_hash_and_say_their_version(path: Path) -> None:
    used = re.findall(r"^\s*(?:- )?uses: (.+)$", path.read_text(encoding="utf-8"), re.MULTILINE)

    for one in used:
        assert one.partition(" # ")[0] == CALLED or re.fullmatch(r"[\w-]+/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", one)


def test_an_action_has_one_hash_everywhere() -> None:
    hashes: dict[str, set[str]] = {}
    for path in WORKFLOWS:
        for _, step in steps_of(path):
            if "uses" in step:
                hashes.setdefault(action(step), set()).add(step["uses"])

    assert {used: len(known) for used, known in hashes.items()} == dict.fromkeys(hashes, 1)


@pytest.mark.parametrize("path", WORKFLOWS, ids=name)
def test_no_expression_stands_in_a_shell_line(path: Path) -> None:
    assert not [step["run"] for _, step in steps_of(path) if "${{" in step.get("run", "")]


@pytest.mark.parametrize("path", WORKFLOWS, ids=name)
def test_every_job_has_a_time_limit_and_permissions_of_its_own(path: Path) -> None:
    workflow = load(path)

    assert workflow["permissions"] == {}
    for job in workflow["jobs"].values():
        assert "permissions" in job
        assert "uses" in job or job["timeout-minutes"] <= 90


@pytest.mark.parametrize("path", WORKFLOWS, ids=name)
def test_no_checkout_leaves_its_token_behind_and_nothing_is_stored_but_the_publisher_s_key(path: Path) -> None:
    for _, step in steps_of(path):
        if action(step) == "actions/checkout":
            assert step["with"]["persist-credentials"] is False
    secrets = set(re.findall(r"secrets\.\w+", path.read_text(encoding="utf-8")))
    assert secrets == ({"secrets.PUBLISHER_PRIVATE_KEY"} if path.stem == "publish-repositories" else set())


@pytest.mark.parametrize("path", WORKFLOWS, ids=name)
def test_shellcheck_finds_nothing_in_the_steps(path: Path) -> None:
    shellcheck = Path(sys.executable).parent / "shellcheck"
    for _, step in steps_of(path):
        if "run" in step:
            done = subprocess.run(
                [str(shellcheck), "--shell=bash", "-"], check=False, input=step["run"], capture_output=True, text=True
            )
            assert done.returncode == 0, done.stdout


def test_the_requirements_of_the_infrastructure_are_those_of_the_functions() -> None:
    def pins(repository: str) -> set[tuple[str, str]]:
        text = "".join(
            (ROOT / repository / file).read_text(encoding="utf-8")
            for file in ("requirements.txt", "requirements-dev.txt")
            if (ROOT / repository / file).exists()
        )
        return set(re.findall(r"^([^\s\[]+)(?:\[.*\])?(==\S+)$", text, re.MULTILINE))

    assert pins(INFRASTRUCTURE) <= pins(GET)
    assert pins(INFRASTRUCTURE)
