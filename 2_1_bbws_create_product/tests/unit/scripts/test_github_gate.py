"""scripts/github_gate.py: which GitHub environments let a job go on."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from conftest import Ended

REPOSITORY = "bbws/2_1_bbws_get_product"
REVIEWERS = {
    "type": "required_reviewers",
    "prevent_self_review": True,
    "reviewers": [{"type": "Team", "reviewer": {"slug": "operations"}}],
}
BRANCHES = {"protected_branches": False, "custom_branch_policies": True}


class GitHub(HTTPServer):
    """Answers as GitHub's API does when it is asked for an environment; 404 for those it doesn't know."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.environments: dict[str, object] = {}
        self.branches: list[dict[str, str]] = [{"name": "main", "type": "branch"}]


class _Handler(BaseHTTPRequestHandler):
    server: GitHub

    def do_GET(self) -> None:
        name, _, branches = self.path.removeprefix(f"/repos/{REPOSITORY}/environments/").partition("/")
        found = self.server.environments.get(name)
        if branches == "deployment-branch-policies?per_page=100":
            found = {"total_count": len(self.server.branches), "branch_policies": self.server.branches}
        allowed = self.headers["Authorization"] == "Bearer of this job"
        self.send_response(403 if not allowed else 404 if found is None else 200)
        self.end_headers()
        self.wfile.write(json.dumps(found).encode())

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def github() -> Iterator[GitHub]:
    server = GitHub()
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def guarded(**changes: object) -> dict[str, object]:
    """Return an environment that wants an approval, as GitHub describes it."""
    rules = {"protection_rules": [REVIEWERS], "deployment_branch_policy": BRANCHES, "can_admins_bypass": False}
    return rules | changes


@pytest.fixture
def gate(github: GitHub, run: Callable[..., Ended], monkeypatch: pytest.MonkeyPatch) -> Callable[..., Ended]:
    """Return a function that runs the script as a job does."""

    def call(name: str, **variables: str) -> Ended:
        settings = {
            "GITHUB_API_URL": f"http://127.0.0.1:{github.server_port}",
            "GITHUB_REPOSITORY": REPOSITORY,
            "GITHUB_TOKEN": "of this job",
            **variables,
        }
        for variable, value in settings.items():
            monkeypatch.setenv(variable, value)
        return run("github_gate", name)

    return call


@pytest.mark.parametrize("name", ["sit", "prod"])
def test_an_environment_with_reviewers_and_limited_branches_lets_the_job_go_on(
    github: GitHub, gate: Callable[..., Ended], name: str
) -> None:
    github.environments[name] = guarded()

    done = gate(name)

    assert (done.status, done.err) == (0, "")


@pytest.mark.parametrize("name", ["dev", "dev-plan", "sit-plan", "prod-plan", "publish"])
def test_environments_that_nobody_approves_need_limited_branches_alone(
    github: GitHub, gate: Callable[..., Ended], name: str
) -> None:
    github.environments[name] = {"protection_rules": [{"type": "branch_policy"}], "deployment_branch_policy": BRANCHES}

    assert gate(name).status == 0


@pytest.mark.parametrize("name", ["sit", "prod"])
@pytest.mark.parametrize(
    "rules",
    [[], [{"type": "branch_policy"}, {"type": "wait_timer", "wait_timer": 30}], [{**REVIEWERS, "reviewers": []}]],
)
def test_without_reviewers_the_job_stops(
    github: GitHub, gate: Callable[..., Ended], name: str, rules: list[object]
) -> None:
    github.environments[name] = {"protection_rules": rules, "deployment_branch_policy": BRANCHES}

    done = gate(name)

    assert done.status == 1
    assert f"error: the GitHub environment {name} of {REPOSITORY} has no required reviewers" in done.err
    assert "first-deployment.md" in done.err


@pytest.mark.parametrize("name", ["sit", "prod"])
def test_an_approval_by_whoever_started_the_job_stops_it(github: GitHub, gate: Callable[..., Ended], name: str) -> None:
    for rule in ({**REVIEWERS, "prevent_self_review": False}, {**REVIEWERS, "prevent_self_review": None}):
        github.environments[name] = guarded(protection_rules=[rule])

        done = gate(name)

        assert done.status == 1
        assert "lets whoever starts a deployment approve it" in done.err


@pytest.mark.parametrize("name", ["sit", "prod"])
@pytest.mark.parametrize("bypass", [True, None])
def test_a_way_around_for_administrators_stops_the_job(
    github: GitHub, gate: Callable[..., Ended], name: str, bypass: bool | None
) -> None:
    github.environments[name] = guarded(can_admins_bypass=bypass)

    done = gate(name)

    assert done.status == 1
    assert "lets administrators bypass its rules" in done.err


@pytest.mark.parametrize("name", ["dev", "dev-plan", "sit", "sit-plan", "prod", "prod-plan"])
def test_an_environment_that_github_made_by_itself_stops_the_job(
    github: GitHub, gate: Callable[..., Ended], name: str
) -> None:
    github.environments[name] = {"protection_rules": [], "deployment_branch_policy": None}

    done = gate(name)

    assert done.status == 1
    assert "is open to every branch" in done.err


@pytest.mark.parametrize(
    ("policy", "branches"),
    [
        ({"protected_branches": True, "custom_branch_policies": False}, []),
        (BRANCHES, []),
        (BRANCHES, [{"name": "*", "type": "branch"}]),
        (BRANCHES, [{"name": "main", "type": "branch"}, {"name": "release/*", "type": "branch"}]),
        (BRANCHES, [{"name": "main", "type": "tag"}]),
    ],
)
def test_an_environment_that_is_open_to_more_than_main_stops_the_job(
    github: GitHub, gate: Callable[..., Ended], policy: dict[str, bool], branches: list[dict[str, str]]
) -> None:
    github.environments["dev"] = {"protection_rules": [], "deployment_branch_policy": policy}
    github.branches = branches

    done = gate("dev")

    assert done.status == 1
    assert "is not open to the branch main alone" in done.err


def test_what_github_refuses_to_tell_stops_the_job(github: GitHub, gate: Callable[..., Ended]) -> None:
    assert "GitHub answered 404" in gate("prod").err
    refused = gate("prod", GITHUB_TOKEN="of another job")
    assert refused.status == 1
    assert "GitHub answered 403" in refused.err
    assert "actions: read" in refused.err


def test_silence_stops_the_job(github: GitHub, gate: Callable[..., Ended]) -> None:
    done = gate("prod", GITHUB_API_URL="http://127.0.0.1:9")

    assert done.status == 1
    assert "GitHub didn't say" in done.err


@pytest.mark.parametrize("variable", ["GITHUB_API_URL", "GITHUB_REPOSITORY", "GITHUB_TOKEN"])
def test_a_missing_variable_is_named(github: GitHub, gate: Callable[..., Ended], variable: str) -> None:
    done = gate("prod", **{variable: ""})

    assert done.status == 1
    assert done.err.startswith(f"error: {variable} is not set")
