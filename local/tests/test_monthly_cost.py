"""What an environment costs: the document shows what the script works out."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from local.layout import ROOT

if TYPE_CHECKING:
    from pathlib import Path
    from types import ModuleType

SCRIPT = ROOT / "benchmarks" / "monthly_cost.py"
DOCUMENT = ROOT / "documentation" / "cost-and-scale.md"


@pytest.fixture
def costs(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    spec = importlib.util.spec_from_file_location("monthly_cost", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    # Dataclasses look their module up.
    monkeypatch.setitem(sys.modules, "monthly_cost", module)
    spec.loader.exec_module(module)
    return module


def test_document_shows_every_table_that_the_script_prints() -> None:
    printed = subprocess.run([sys.executable, str(SCRIPT)], check=True, capture_output=True, text=True).stdout
    tables = printed.strip().split("\n\n")
    document = DOCUMENT.read_text(encoding="utf-8")

    assert len(tables) == 5
    for table in tables:
        assert f"\n\n{table}\n" in document


def test_requests_get_cheaper_the_more_there_are(costs: ModuleType) -> None:
    assert costs.gateway_cost(333e6, "eu-west-1") == pytest.approx(333 * 3.50)
    assert costs.gateway_cost(1500e6, "eu-west-1") == pytest.approx(333 * 3.50 + 667 * 2.80 + 500 * 2.38)


def test_without_requests_only_what_is_fixed_costs_anything(costs: ModuleType) -> None:
    cost = costs.monthly_cost(costs.Environment.of("prod"), 0, costs.WRITES)

    assert {service for service, amount in cost.items() if amount} == {
        "WAF",
        "SQS",
        "Metrics, alarms, dashboard",
        "Keys, secrets",
    }


def test_archiving_costs_from_the_thirteenth_month_on_what_the_buckets_rule_moves(costs: ModuleType) -> None:
    prod = costs.Environment.of("prod")

    # 13.14 million records a month, at $0.03978 for a thousand.
    assert costs.monthly_moves(prod, 100, above=1) == pytest.approx(522.7, abs=0.1)
    assert costs.monthly_moves(prod, 100, above=costs.archived_above()) == 0
    assert costs.archived_above() == 40_000


@pytest.mark.parametrize(
    ("rules", "kept"),
    [
        ('{ hourly = { schedule = "cron(0 * * * ? *)", keep_days = 10 } }', 240),
        ('{ daily = { schedule = "cron(0 1 * * ? *)", keep_days = 10 } }', 10),
        (
            """{
                hourly = { schedule = "cron(0 * * * ? *)", keep_days = 2 }
                daily  = { schedule = "cron(0 1 * * ? *)", keep_days = 90 }
            }""",
            138,
        ),
    ],
)
def test_environment_keeps_the_backups_that_terraform_schedules(
    costs: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, rules: str, kept: int
) -> None:
    variables = tmp_path / "terraform" / "environments" / "prod.tfvars"
    variables.parent.mkdir(parents=True)
    variables.write_text(f'region = "af-south-1"\nlog_retention_days = 90\nbackup = {rules}\n')
    monkeypatch.setattr(costs, "INFRASTRUCTURE", tmp_path)

    assert costs.Environment.of("prod") == costs.Environment("prod", "af-south-1", 90, kept)


def test_item_takes_a_unit_for_each_block_that_it_begins(costs: ModuleType) -> None:
    assert [costs.units(size, 1024) for size in (1, 1024, 1025)] == [1, 1, 2]
