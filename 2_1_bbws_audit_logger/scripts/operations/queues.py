"""Which queue invokes this repository's function, and what that queue and its dead-letter queue are called where."""

from __future__ import annotations

import re

from deployment import terraform


def source() -> str:
    """Return the queue's name without project and environment, such as ``change``, as terraform/needs.tf says."""
    needs = (terraform.ROOT / "needs.tf").read_text(encoding="utf-8")
    found = re.search(r"^\s*source_queue_arn\s*=\s*local\.infrastructure\.(\w+)_queue_arn$", needs, re.MULTILINE)
    if found is None:
        terraform.fail("terraform/needs.tf names no source queue")
    return found[1]


def source_in(environment: str) -> str:
    """Return what SQS calls the queue in an environment."""
    return f"bbws-product-{source()}-{environment}"


def dead_letter_in(environment: str) -> str:
    """Return what SQS calls the queue's dead-letter queue in an environment."""
    return f"bbws-product-{source()}-dlq-{environment}"
