#!/usr/bin/env python3
"""Stops a job of a workflow whose GitHub environment guards nothing.

    github_gate.py NAME

GitHub makes an environment that isn't there as soon as a job names it, without any rule. Here every environment must be
open to the branch main alone, and `sit` and `prod` must want an approval besides: by somebody else, and with no way
around it for administrators. This job runs in it, so somebody gave that. Needs GITHUB_TOKEN with the permission
``actions: read``. Imports the standard library alone: it is a job's first step, before anything is installed.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import urllib.error
import urllib.request
from typing import TYPE_CHECKING, Any, NoReturn

if TYPE_CHECKING:
    from collections.abc import Iterator

WITH_REVIEWERS = frozenset({"sit", "prod"})

_ANSWER_SECONDS = 30


def main() -> None:
    """Ask GitHub for the rules, and stop if one is missing."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("name", metavar="NAME", help="the GitHub environment, such as prod or prod-plan")
    name: str = parser.parse_args().name

    for variable in ("GITHUB_API_URL", "GITHUB_REPOSITORY", "GITHUB_TOKEN"):
        if not os.environ.get(variable):
            stop(f"{variable} is not set: this is for GitHub's workflows")
    check(os.environ["GITHUB_REPOSITORY"], name)
    print(f"the GitHub environment {name} guards what it should")


def check(repository: str, name: str) -> None:
    """Stop if an environment lacks a rule. GitHub is asked with the token in GITHUB_TOKEN.

    Parameters
    ----------
    repository
        Its repository, with its owner before a slash.
    """
    rules = described(repository, name)
    branches = described(repository, f"{name}/deployment-branch-policies?per_page=100")
    missing = list(missing_rules(name, rules, branches))
    if missing:
        stop(
            f"the GitHub environment {name} of {repository} {' and '.join(missing)}: set it up as the product "
            "service's runbook first-deployment.md says (Settings, Environments). Nothing was done"
        )


def missing_rules(name: str, rules: dict[str, Any], branches: dict[str, Any]) -> Iterator[str]:
    """Yield what an environment lacks, each as the end of a sentence about it.

    Parameters
    ----------
    rules, branches
        The environment and its deployment branch policies as GitHub's API describes them.
    """
    if name in WITH_REVIEWERS:
        reviews = [
            rule
            for rule in rules.get("protection_rules") or []
            if rule.get("type") == "required_reviewers" and rule.get("reviewers")
        ]
        if not reviews:
            yield "has no required reviewers"
        elif not any(rule.get("prevent_self_review") for rule in reviews):
            yield "lets whoever starts a deployment approve it"
        # Unless GitHub says that they can't.
        if rules.get("can_admins_bypass") is not False:
            yield "lets administrators bypass its rules"
    policy = rules.get("deployment_branch_policy")
    open_to = [(branch.get("type", "branch"), branch.get("name")) for branch in branches.get("branch_policies") or []]
    if not policy:
        yield "is open to every branch"
    # Protected branches are every branch where none is protected.
    elif not policy.get("custom_branch_policies") or open_to != [("branch", "main")]:
        yield "is not open to the branch main alone"


def described(repository: str, what: str) -> dict[str, Any]:
    """Return what GitHub's API describes below a repository's environments; stop where it doesn't."""
    api = os.environ.get("GITHUB_API_URL") or "https://api.github.com"
    request = urllib.request.Request(  # noqa: S310  the address is GitHub's own
        f"{api}/repos/{repository}/environments/{what}",
        headers={
            "Accept": "application/vnd.github+json",
            "Authorization": f"Bearer {os.environ['GITHUB_TOKEN']}",
        },
    )
    try:
        with urllib.request.urlopen(request, timeout=_ANSWER_SECONDS) as response:  # noqa: S310
            answer: dict[str, Any] = json.load(response)
    except urllib.error.HTTPError as error:
        stop(
            f"GitHub answered {error.code} when asked for the rules of the environment {what} of {repository}: does "
            "it exist, and has the token the permission actions: read? Nothing was done"
        )
    except (OSError, ValueError) as error:
        stop(
            f"GitHub didn't say what the rules of the environment {what} of {repository} are: {error}. Nothing was "
            "done; run this again"
        )
    return answer


def stop(message: str) -> NoReturn:
    """End the script with a message."""
    sys.exit(f"error: {message}")


if __name__ == "__main__":
    main()
