from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import TYPE_CHECKING

import pytest

from local.layout import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator

REPOSITORY = "bbws/2_1_bbws_get_product"
REVIEWERS = {"type": "required_reviewers", "reviewers": [{"type": "Team", "reviewer": {"slug": "operations"}}]}
BRANCHES = {"protected_branches": False, "custom_branch_policies": True}


class GitHub(HTTPServer):
    """Answers as GitHub's API does when it is asked for an environment; 404 for those it doesn't know."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.environments: dict[str, object] = {}
        self.branches: list[dict[str, str]] = [{"name": "main", "type": "branch"}]

    def run(self, name: str, **variables: str) -> subprocess.CompletedProcess[str]:
        """Run the script as a job does."""
        settings = {
            "GITHUB_API_URL": f"http://127.0.0.1:{self.server_port}",
            "GITHUB_REPOSITORY": REPOSITORY,
            "GITHUB_TOKEN": "of this job",
            **variables,
        }
        script = ROOT / "template" / "repository" / "scripts" / "github_gate.py"
        environment = {name: value for name, value in os.environ.items() if not name.startswith("GITHUB_")}
        return subprocess.run(
            [sys.executable, str(script), name],
            check=False,
            capture_output=True,
            text=True,
            env={**environment, **settings},
        )


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


@pytest.mark.parametrize("name", ["sit", "prod"])
def test_an_environment_with_reviewers_and_limited_branches_lets_the_job_go_on(github: GitHub, name: str) -> None:
    github.environments[name] = {"protection_rules": [REVIEWERS], "deployment_branch_policy": BRANCHES}

    done = github.run(name)

    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("name", ["dev", "dev-plan", "sit-plan", "prod-plan", "publish"])
def test_environments_that_nobody_approves_need_limited_branches_alone(github: GitHub, name: str) -> None:
    github.environments[name] = {"protection_rules": [{"type": "branch_policy"}], "deployment_branch_policy": BRANCHES}

    assert github.run(name).returncode == 0


@pytest.mark.parametrize("name", ["sit", "prod"])
@pytest.mark.parametrize(
    "rules",
    [[], [{"type": "branch_policy"}, {"type": "wait_timer", "wait_timer": 30}], [{**REVIEWERS, "reviewers": []}]],
)
def test_without_reviewers_the_job_stops(github: GitHub, name: str, rules: list[object]) -> None:
    github.environments[name] = {"protection_rules": rules, "deployment_branch_policy": BRANCHES}

    done = github.run(name)

    assert done.returncode == 1
    assert f"error: the GitHub environment {name} has no required reviewers" in done.stderr
    assert "first-deployment.md" in done.stderr


@pytest.mark.parametrize("name", ["dev", "dev-plan", "sit", "sit-plan", "prod", "prod-plan"])
def test_an_environment_that_github_made_by_itself_stops_the_job(github: GitHub, name: str) -> None:
    github.environments[name] = {"protection_rules": [], "deployment_branch_policy": None}

    done = github.run(name)

    assert done.returncode == 1
    assert "is open to every branch" in done.stderr


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
    github: GitHub, policy: dict[str, bool], branches: list[dict[str, str]]
) -> None:
    github.environments["dev"] = {"protection_rules": [], "deployment_branch_policy": policy}
    github.branches = branches

    done = github.run("dev")

    assert done.returncode == 1
    assert "is not open to the branch main alone" in done.stderr


def test_what_github_refuses_to_tell_stops_the_job(github: GitHub) -> None:
    assert "GitHub answered 404" in github.run("prod").stderr
    refused = github.run("prod", GITHUB_TOKEN="of another job")
    assert refused.returncode == 1
    assert "GitHub answered 403" in refused.stderr
    assert "actions: read" in refused.stderr


def test_silence_stops_the_job(github: GitHub) -> None:
    done = github.run("prod", GITHUB_API_URL="http://127.0.0.1:9")

    assert done.returncode == 1
    assert "GitHub didn't say" in done.stderr


@pytest.mark.parametrize("variable", ["GITHUB_API_URL", "GITHUB_REPOSITORY", "GITHUB_TOKEN"])
def test_a_missing_variable_is_named(github: GitHub, variable: str) -> None:
    done = github.run("prod", **{variable: ""})

    assert done.returncode == 1
    assert done.stderr.startswith(f"error: {variable} is not set")
