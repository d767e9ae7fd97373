"""Holds the IAM policies of a Terraform root to AWS's own tables of actions, resources and conditions.

    policy_judges.py ROOT TEST

The policies are those that Terraform plans in a test of the root, with AWS played. Two judges look at them, each with
tables of its own: parliament at all but those that say who may assume a role, which it doesn't know; and the newer
tables of policy_sentry at each action that is named in full.

A finding is mended, or excused beside the policy, in a comment that names the Terraform resource, the judge, the issue
and the subject, which may have wildcards, and says why:

    #policies:skip=aws_kms_key.alerts parliament RESOURCE_STAR kms:*: In a key's policy the resource is that key.

An excuse that excuses nothing is a finding as well. Runs in the judges' virtual environment.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING, Any

import parliament
from policy_sentry.querying.actions import get_action_data

if TYPE_CHECKING:
    from collections.abc import Iterator

EXCUSE = re.compile(r"#policies:skip=(\w+\.\w+) (\w+) ([A-Z_]+) (\S+): \S")


@dataclass(frozen=True, order=True)
class Finding:
    """What a judge says of a policy.

    Attributes
    ----------
    policy
        The resource that holds it, as Terraform calls it.
    subject
        An action, or what the judge says in its own words, without white space.
    """

    policy: str
    judge: str
    issue: str
    subject: str

    def __str__(self) -> str:
        return f"{self.policy}: {self.judge} {self.issue} {self.subject}"


def main() -> None:
    """Judge the policies of a root, and say what is neither right nor excused."""
    root, test = Path(sys.argv[1]), sys.argv[2]
    excuses = {
        Finding(*excuse) for file in sorted(root.glob("*.tf")) for excuse in EXCUSE.findall(file.read_text("utf-8"))
    }
    used: set[Finding] = set()
    count = wrong = 0
    for where, policy in rendered(root, test):
        count += 1
        said = {*of_parliament(policy), *of_policy_sentry(policy)}
        for finding in sorted(Finding(where, *each) for each in said):
            excused = {excuse for excuse in excuses if _covers(excuse, finding)}
            used |= excused
            if not excused:
                wrong += 1
                print(finding)
    for excuse in sorted(excuses - used):
        print(f"nothing needs this excuse: {excuse}")
    if not count:
        print(f"{test} plans no policy")
    print(f"{count} policies, {wrong} findings")
    sys.exit(0 if count and not wrong and excuses == used else 1)


def rendered(root: Path, test: str) -> Iterator[tuple[str, str]]:
    """Yield the address and the JSON of each policy that a root's test plans; those about assuming a role aside."""
    command = ["terraform", f"-chdir={root}", "test", "-json", "-verbose", f"-filter={test}"]
    done = subprocess.run(command, check=False, stdout=subprocess.PIPE, text=True)
    said = [json.loads(line) for line in done.stdout.splitlines()]
    if done.returncode:
        wrong = (line["diagnostic"] for line in said if line["type"] == "diagnostic")
        sys.exit("\n".join(f"{each['summary']}: {each.get('detail', '')}" for each in wrong))
    for plan in (line["test_plan"] for line in said if line["type"] == "test_plan"):
        for resource in plan["resource_changes"]:
            for name, value in (resource["change"]["after"] or {}).items():
                if isinstance(value, str) and '"Statement"' in value and name != "assume_role_policy":
                    yield resource["address"], value


def of_parliament(policy: str) -> Iterator[tuple[str, str, str]]:
    """Yield what parliament finds in a policy: judge, issue and subject."""
    for finding in parliament.analyze_policy_string(policy).findings:
        details = finding.detail if isinstance(finding.detail, list) else [finding.detail]
        for detail in details:
            subject = detail["action"] if isinstance(detail, dict) else str(detail)
            yield "parliament", finding.issue, subject.replace(" ", "_")


def of_policy_sentry(policy: str) -> Iterator[tuple[str, str, str]]:
    """Yield which actions policy_sentry's tables don't know, or not with any of the resources, or with a condition."""
    for statement in json.loads(policy)["Statement"]:
        keys = [key for condition in statement.get("Condition", {}).values() for key in condition]
        for action in _listed(statement.get("Action", [])):
            if "*" in action:
                continue
            service, _, name = action.partition(":")
            rows = [row for row in get_action_data(service, name).get(service, []) if row["action"] == action]
            if not rows:
                yield "policy_sentry", "UNKNOWN_ACTION", action
                continue
            formats = {re.sub(r"\$\{\w+\}", "*", row["resource_arn_format"]) for row in rows}
            resources = _listed(statement.get("Resource", "*"))
            # What knows no resources is granted for all or not at all.
            if not any(
                resource == "*" or (pattern != "*" and parliament.is_arn_match("", pattern, resource))
                for pattern in formats
                for resource in resources
            ):
                yield "policy_sentry", "RESOURCE_MISMATCH", action
            known = {_stem(key) for row in rows for key in row["condition_keys"]}
            for key in keys:
                if _stem(key) not in known and not _is_global(key):
                    yield "policy_sentry", "UNKNOWN_CONDITION", f"{action}_{key}"


def _covers(excuse: Finding, finding: Finding) -> bool:
    same = (excuse.judge, excuse.issue) == (finding.judge, finding.issue)
    # An address may have an index.
    is_about = finding.policy.partition("[")[0] == excuse.policy
    return same and is_about and fnmatchcase(finding.subject, excuse.subject)


def _stem(key: str) -> str:
    """Return a condition key without the name of a tag, in lower case, as AWS compares keys."""
    return key.partition("/")[0].lower()


def _is_global(key: str) -> bool:
    """Tell whether every request has a condition key, which the tables then don't list."""
    tags = ("aws:requesttag", "aws:resourcetag", "aws:tagkeys")
    return key.lower().startswith("aws:") and _stem(key) not in tags


def _listed(value: Any) -> list[str]:
    return value if isinstance(value, list) else [value]


if __name__ == "__main__":
    main()
