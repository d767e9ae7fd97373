#!/usr/bin/env python3
"""What an environment costs a month, what fills up first, and whether archiving a record pays.

    .venv/bin/python benchmarks/monthly_cost.py

Prints the tables of documentation/cost-and-scale.md, which says where the figures come from. Sizes were measured with a
product of a 27-character name, a description of 150 characters and five features of 30. Memory, regions, retention and
backups are read from Terraform's variables. Everything is for the twelfth month at a steady rate, without free tiers.
"""

from __future__ import annotations

import json
import math
import re
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
INFRASTRUCTURE = ROOT / "2_1_bbws_product_infrastructure"

ENVIRONMENTS = ("dev", "sit", "prod")
RATES = (0, 100, 5000)
SECONDS_A_MONTH = 730 * 3600
MONTHS = 12
GB = 1024**3
KB = 1024

# --- The traffic: shares of all requests, and of the writes.

WRITES = 0.05
FEW_WRITES = 0.001
LISTINGS_AMONG_READS = 0.5
CREATES, UPDATES, WITHDRAWALS = 0.05, 0.90, 0.05

# --- What a request uses. Bytes are measured, durations are assumed: nothing of this has run on AWS yet.

DURATION_MS = {
    "list-products": 25,
    "get-product": 15,
    "update-product": 25,
    "product-creator": 60,
    "audit-logger": 50,
}

HEAD_BYTES = 1658
RECORD_BYTES = 1793
MARKER_BYTES = 123
LISTED_BYTES = 706
# DynamoDB stores this with every item and every entry of an index.
ITEM_OVERHEAD_BYTES = 100
OBJECT_BYTES = 1930
PAGE = 20
RECORD_MONTHS = 3

# Access log 339, START 66, END 52, REPORT 170, "request answered" 350, its duration 292.
READ_LOG_BYTES, READ_LOG_LINES = 1269, 6
# A read's, "change queued" 406; creator: "change decided" 486, metrics 426, START, END, REPORT; audit logger: "change
# audited" 447, metrics 245, START, END, REPORT.
WRITE_LOG_BYTES, WRITE_LOG_LINES = 1269 + 406 + 486 + 426 + 288 + 447 + 245 + 288, 6 + 1 + 5 + 5
# CloudWatch bills this for each line, and keeps a line compressed to that share.
LOG_LINE_OVERHEAD_BYTES = 26
LOG_COMPRESSION = 0.15

# Body (a page compressed to a fifth; a product is too short for it) and headers.
LISTING_ANSWER_BYTES, PRODUCT_ANSWER_BYTES, WRITE_ANSWER_BYTES = 3300, 1300, 900

# A send, a receive and a delete for each of two queues: without a backlog a batch is one message.
QUEUE_REQUESTS = 6
# Lambda polls a queue with five connections, 20 s each.
POLLS_A_SECOND = 2 * 5 / 20

# X-Ray's default rule: one a second and 5 % of the rest. A queue's invocations count like requests.
TRACED, TRACED_A_SECOND = 0.05, 1

# 15 in as many of alarms.tf, 3 in its one of failed backups; 4 metrics in 3 alarms of each of 7 functions, 2 in one
# more of each of the 5 that answer requests, 1 in one more of each of the 2 that take messages.
ALARM_METRICS = 15 + 3 + 7 * 4 + 5 * 2 + 2
# 3 outcomes of 3 types of change, 2 delays, the duration of each of the 5 that answer requests; 5 metrics of each of 6
# routes (stage_settings.tf).
CUSTOM_METRICS = 3 * 3 + 2 + 5 + 5 * 6
KMS_KEYS, SECRETS, DASHBOARDS, FIREWALL_RULES = 2, 2, 1, 3


def units(size: float, block: int) -> int:
    """Return how many read (block 4 KB) or write units (1 KB) a size takes."""
    return math.ceil(size / block)


# A transaction writes each item twice, and changes the indexes afterwards, once.
_DECIDED = 2 * (units(HEAD_BYTES, KB) + units(RECORD_BYTES, KB) + units(MARKER_BYTES, KB))
_CLAIM = 2
# An index takes one write, or two where the entry's key changes: a new price moves it in one index, withdrawing in all.
WRITE_UNITS = {"create": _DECIDED + _CLAIM + 3, "update": _DECIDED + 4, "withdrawal": _DECIDED + _CLAIM + 6}
WRITE_UNITS_OF_A_CHANGE = (
    CREATES * WRITE_UNITS["create"] + UPDATES * WRITE_UNITS["update"] + WITHDRAWALS * WRITE_UNITS["withdrawal"]
)
# Half a unit for each 4 KB of a page; a product is read consistently. A change is preceded by one read in the API
# function and one in the creator, which also asks for the holder of a new name.
LISTING_READ_UNITS = 0.5 * units(PAGE * LISTED_BYTES, 4 * KB)
PRODUCT_READ_UNITS = units(HEAD_BYTES, 4 * KB)
CHANGE_READ_UNITS = 2 + CREATES
# In the active products' partition of the price index: a new price removes the entry and puts another.
INDEX_WRITE_UNITS_OF_A_CHANGE = CREATES + 2 * UPDATES + WITHDRAWALS


@dataclass(frozen=True)
class Price:
    """A price in US dollars: in eu-west-1, and in af-south-1 where it is known.

    Attributes
    ----------
    confirmed
        Whether Ireland's figure was found as AWS's price list has it.
    same
        Whether AWS asks the same in every region.
    """

    unit: str
    ireland: float
    cape_town: float | None = None
    confirmed: bool = True
    same: bool = False

    def in_region(self, region: str) -> float:
        """Return the price; Cape Town's is guessed from Ireland's where it isn't known."""
        if region == "eu-west-1" or self.same:
            return self.ireland
        return self.ireland * CAPE_TOWN_PREMIUM if self.cape_town is None else self.cape_town


LAMBDA_DURATION = Price("Lambda arm64, million GB-seconds", 13.3334, 17.68)
# The highest of the premiums that are known: Lambda 1.33, S3 1.2.
CAPE_TOWN_PREMIUM = 17.68 / 13.3334

# Requests a month up to which a price holds.
GATEWAY = (
    (333e6, Price("API Gateway REST, million, first 333 million", 3.50)),
    (1000e6, Price("API Gateway REST, million, next 667 million", 2.80, confirmed=False)),
    (math.inf, Price("API Gateway REST, million, beyond", 2.38, confirmed=False)),
)
LAMBDA_REQUESTS = Price("Lambda requests, million", 0.20)
DYNAMODB_WRITES = Price("DynamoDB write units, million", 0.705)
DYNAMODB_READS = Price("DynamoDB read units, million", 0.1415)
DYNAMODB_STORAGE = Price("DynamoDB storage, GB-month", 0.283)
DYNAMODB_RECOVERY = Price("Point-in-time recovery, GB-month", 0.22)
BACKUP = Price("Backup of DynamoDB, GB-month", 0.113, confirmed=False)
SQS = Price("SQS requests, million", 0.40)
S3_STORAGE = Price("S3 Standard, GB-month", 0.023, 0.0274)
S3_PUTS = Price("S3 PUT, thousand", 0.005, 0.006)
GLACIER_STORAGE = Price("Glacier Flexible Retrieval, GB-month", 0.0036, confirmed=False)
GLACIER_MOVES = Price("Move to Glacier, thousand objects", 0.03, confirmed=False)
LOGS = Price("CloudWatch Logs in, GB", 0.57)
LOGS_KEPT = Price("CloudWatch Logs kept, GB-month", 0.03)
METRIC = Price("Custom metric", 0.30, same=True)
ALARM = Price("Alarm, for each metric", 0.10, same=True)
DASHBOARD = Price("Dashboard", 3.00, confirmed=False, same=True)
FIREWALL = Price("WAF access control list", 5.00, confirmed=False, same=True)
FIREWALL_RULE = Price("WAF rule", 1.00, confirmed=False, same=True)
FIREWALL_REQUESTS = Price("WAF requests, million", 0.60, confirmed=False, same=True)
TRACES = Price("X-Ray traces, million", 5.00, confirmed=False, same=True)
KMS_KEY = Price("KMS key", 1.00, confirmed=False, same=True)
SECRET = Price("Secret", 0.40, same=True)
DATA_OUT = Price("Data out, GB", 0.09, 0.154)

PRICES = (
    *(price for _, price in GATEWAY),
    *(LAMBDA_REQUESTS, LAMBDA_DURATION),
    *(DYNAMODB_WRITES, DYNAMODB_READS, DYNAMODB_STORAGE, DYNAMODB_RECOVERY, BACKUP, SQS),
    *(S3_STORAGE, S3_PUTS, GLACIER_STORAGE, GLACIER_MOVES, LOGS, LOGS_KEPT, METRIC, ALARM, DASHBOARD),
    *(FIREWALL, FIREWALL_RULE, FIREWALL_REQUESTS, TRACES, KMS_KEY, SECRET, DATA_OUT),
)
# Found in a list that names its source.
CONFIRMED_IN_CAPE_TOWN = (LAMBDA_DURATION, S3_STORAGE, S3_PUTS)


@dataclass(frozen=True)
class Environment:
    """What Terraform's variables say of an environment."""

    name: str
    region: str
    log_retention_days: int
    backups_kept: int

    @classmethod
    def of(cls, name: str) -> Environment:
        """Return an environment, read from its variables."""
        text = (INFRASTRUCTURE / "terraform" / "environments" / f"{name}.tfvars").read_text(encoding="utf-8")

        def value(pattern: str) -> str:
            found = re.search(pattern, text, re.MULTILINE)
            if found is None:
                raise ValueError(f"{name}.tfvars has nothing like {pattern}")
            return found[1]

        rules = re.findall(r"schedule = \"cron\(\S+ (\S+) .*keep_days = (\d+)", text)
        return cls(
            name=name,
            region=value(r'^region\s*= "(.*)"'),
            log_retention_days=int(value(r"^log_retention_days\s*= (\d+)")),
            backups_kept=sum(int(days) * (24 if hour == "*" else 1) for hour, days in rules),
        )


def function_variable(function: str, name: str) -> float:
    """Return a number of Terraform's variables for a function."""
    folder = ROOT / f"2_1_bbws_{function.replace('-', '_')}" / "terraform"
    return float(json.loads((folder / "function.auto.tfvars.json").read_text(encoding="utf-8"))[name])


def invocations(writes: float) -> dict[str, float]:
    """Return how often each function runs for a request on average; creates and deletes count as updates."""
    reads = 1 - writes
    return {
        "list-products": reads * LISTINGS_AMONG_READS,
        "get-product": reads * (1 - LISTINGS_AMONG_READS),
        "update-product": writes,
        "product-creator": writes,
        "audit-logger": writes,
    }


def gateway_cost(requests: float, region: str) -> float:
    """Return what a month's requests cost at API Gateway's falling prices."""
    cost = 0.0
    begin = 0.0
    for end, price in GATEWAY:
        cost += max(min(requests, end) - begin, 0) / 1e6 * price.in_region(region)
        begin = end
    return cost


def table_gb(changes: float) -> float:
    """Return the table's size without its indexes, from the changes of a month."""
    heads = CREATES * changes * MONTHS * (HEAD_BYTES + ITEM_OVERHEAD_BYTES)
    records = changes * RECORD_MONTHS * (RECORD_BYTES + MARKER_BYTES + 2 * ITEM_OVERHEAD_BYTES)
    return (heads + records) / GB


def index_gb(changes: float) -> float:
    """Return the size of the three indexes, from the changes of a month."""
    return 3 * CREATES * changes * MONTHS * (LISTED_BYTES + ITEM_OVERHEAD_BYTES) / GB


def monthly_cost(environment: Environment, rate: float, writes: float) -> dict[str, float]:
    """Return what a month costs, in US dollars by service.

    Parameters
    ----------
    rate
        Requests a second, day and night.
    writes
        The share of them that changes something.
    """
    region = environment.region
    requests = rate * SECONDS_A_MONTH
    changes = requests * writes
    listings = (requests - changes) * LISTINGS_AMONG_READS
    gets = requests - changes - listings
    runs = {function: requests * share for function, share in invocations(writes).items()}
    gb_seconds = sum(
        count * DURATION_MS[name] / 1000 * function_variable(name, "memory_mb") / KB for name, count in runs.items()
    )
    read_units = listings * LISTING_READ_UNITS + gets * PRODUCT_READ_UNITS + changes * CHANGE_READ_UNITS
    reads = requests - changes
    log_gb = (
        reads * (READ_LOG_BYTES + READ_LOG_LINES * LOG_LINE_OVERHEAD_BYTES)
        + changes * (WRITE_LOG_BYTES + WRITE_LOG_LINES * LOG_LINE_OVERHEAD_BYTES)
    ) / GB
    log_months = min(environment.log_retention_days / 365 * 12, MONTHS)
    traced = min(rate, TRACED_A_SECOND) * SECONDS_A_MONTH + TRACED * (requests + 2 * changes)
    answers = listings * LISTING_ANSWER_BYTES + gets * PRODUCT_ANSWER_BYTES + changes * WRITE_ANSWER_BYTES

    def cost(price: Price, amount: float) -> float:
        return price.in_region(region) * amount

    return {
        "API Gateway": gateway_cost(requests, region),
        "WAF": cost(FIREWALL, 1) + cost(FIREWALL_RULE, FIREWALL_RULES) + cost(FIREWALL_REQUESTS, requests / 1e6),
        "Lambda": cost(LAMBDA_REQUESTS, sum(runs.values()) / 1e6) + cost(LAMBDA_DURATION, gb_seconds / 1e6),
        "DynamoDB requests": cost(DYNAMODB_WRITES, changes * WRITE_UNITS_OF_A_CHANGE / 1e6)
        + cost(DYNAMODB_READS, read_units / 1e6),
        "DynamoDB storage, recovery": cost(DYNAMODB_STORAGE, table_gb(changes) + index_gb(changes))
        + cost(DYNAMODB_RECOVERY, table_gb(changes)),
        "Backups (AWS Backup)": cost(BACKUP, table_gb(changes) * environment.backups_kept),
        "SQS": cost(SQS, (changes * QUEUE_REQUESTS + POLLS_A_SECOND * SECONDS_A_MONTH) / 1e6),
        "S3": cost(S3_PUTS, changes / 1e3) + cost(S3_STORAGE, changes * MONTHS * OBJECT_BYTES / GB),
        "Logs": cost(LOGS, log_gb) + cost(LOGS_KEPT, log_gb * LOG_COMPRESSION * log_months),
        "Traces": cost(TRACES, traced / 1e6),
        "Metrics, alarms, dashboard": cost(METRIC, CUSTOM_METRICS if rate else 0)
        + cost(ALARM, ALARM_METRICS)
        + cost(DASHBOARD, DASHBOARDS),
        "Keys, secrets": cost(KMS_KEY, KMS_KEYS) + cost(SECRET, SECRETS),
        "Data out": cost(DATA_OUT, answers / GB),
    }


@dataclass(frozen=True)
class Limit:
    """Something that fills up.

    Attributes
    ----------
    full_at
        Requests a second, of the mix of reads and writes, at which it is full.
    """

    name: str
    full_at: float
    then: str


def limits() -> list[Limit]:
    """Return what fills up, the first one first."""
    reads = 1 - WRITES
    share = invocations(WRITES)
    concurrency = sum(count * DURATION_MS[name] / 1000 for name, count in share.items())
    slow = sum(count * function_variable(name, "duration_target_ms") / 1000 for name, count in share.items())
    # As if every listing read the index that changes write most.
    partition = share["list-products"] * LISTING_READ_UNITS / 3000 + WRITES * INDEX_WRITE_UNITS_OF_A_CHANGE / 1000
    table_writes = WRITES * _DECIDED
    table_reads = share["get-product"] * PRODUCT_READ_UNITS + WRITES * CHANGE_READ_UNITS
    found = [
        Limit("usage plan of `storefront`, 100 reads/s", 100 / reads, "`api_clients`: a higher rate"),
        Limit("WAF, 300/s, if all come from one address", 300, "follows from `api_clients`"),
        Limit("throttling of each method, here of listings, 150/s", 150 / share["list-products"], "follows too"),
        Limit("usage plan of `admin`, 50 writes/s", 50 / WRITES, "`api_clients`: a higher rate"),
        Limit("API Gateway's account in af-south-1, 2,500/s", 2500, "ask AWS for more, in time"),
        Limit("API Gateway's account in eu-west-1, 10,000/s", 10000, "ask AWS for more"),
        Limit("an index's partition, 3,000 read or 1,000 write units/s", 1 / partition, "shard the index key"),
        Limit(
            "Lambda's account, 1,000 at once, if every function takes its target",
            1000 / slow,
            "ask AWS for more",
        ),
        Limit("Lambda's account, with the durations assumed here", 1000 / concurrency, "ask AWS for more"),
        Limit("a new table, 4,000 write units/s", 4000 / table_writes, "grows by itself, to double in half an hour"),
        Limit("a new table, 12,000 read units/s", 12000 / table_reads, "grows by itself, to double in half an hour"),
        Limit("a table's quota, 40,000 write units/s", 40000 / table_writes, "ask AWS for more"),
    ]
    return sorted(found, key=lambda limit: limit.full_at)


def dollars(amount: float) -> str:
    """Return an amount as it is printed: cents only below ten dollars."""
    return f"{amount:,.2f}" if amount < 10 else f"{amount:,.0f}"


def row(*cells: str) -> str:
    """Return a row of a table in Markdown."""
    return f"| {' | '.join(cells)} |"


def cost_table() -> list[str]:
    """Return the table of monthly costs."""
    columns = [(Environment.of(name), rate) for name in ENVIRONMENTS for rate in RATES]
    costs = [monthly_cost(environment, rate, WRITES) for environment, rate in columns]
    rare = [sum(monthly_cost(environment, rate, FEW_WRITES).values()) for environment, rate in columns]
    return [
        row("US dollars a month", *(f"{environment.name} {rate:,}/s" for environment, rate in columns)),
        row("---", *("---:" for _ in columns)),
        *(row(service, *(dollars(cost[service]) for cost in costs)) for service in costs[0]),
        row("**Together**", *(f"**{dollars(sum(cost.values()))}**" for cost in costs)),
        row(f"**Together at {100 * FEW_WRITES:g} % writes**", *(dollars(amount) for amount in rare)),
    ]


def limit_table() -> list[str]:
    """Return the table of what fills up first."""
    return [
        row("what fills up", "at requests/s", "then"),
        row("---", "---:", "---"),
        *(row(limit.name, f"{math.floor(limit.full_at):,}", limit.then) for limit in limits()),
    ]


def archived_above() -> int:
    """Return over how many bytes the audit bucket archives an object after a year."""
    text = (INFRASTRUCTURE / "bootstrap" / "audit_bucket.tf").read_text(encoding="utf-8")
    found = re.search(r"object_size_greater_than = (\d+)", text)
    if found is None:
        raise ValueError("audit_bucket.tf has no object_size_greater_than")
    return int(found[1])


def monthly_moves(environment: Environment, rate: float, above: int) -> float:
    """Return what moving a month's records to Glacier costs, in US dollars; so it is each month from the thirteenth on.

    Parameters
    ----------
    above
        Over how many bytes an object is moved.
    """
    moved = rate * SECONDS_A_MONTH * WRITES if above < OBJECT_BYTES else 0
    return GLACIER_MOVES.in_region(environment.region) * moved / 1000


def thirteenth_month_table() -> list[str]:
    """Return the table of what the move to Glacier adds to a month, when there are records that are a year old."""
    columns = [(Environment.of(name), rate) for name in ENVIRONMENTS for rate in RATES if rate]
    rules = {"every object": 0, f"objects of over {archived_above():,} bytes, as the rule is": archived_above()}
    return [
        row("moved, from month 13 on, US dollars a month", *(f"{about.name} {rate:,}/s" for about, rate in columns)),
        row("---", *("---:" for _ in columns)),
        *(
            row(rule, *(dollars(monthly_moves(about, rate, above)) for about, rate in columns))
            for rule, above in rules.items()
        ),
    ]


def archive_table() -> list[str]:
    """Return the table of what a million records cost in S3 Standard and in Glacier."""
    # Glacier adds to each object 8 KB that are billed as Standard and 32 KB that are billed as Glacier.
    standard = S3_STORAGE.ireland / GB
    glacier = GLACIER_STORAGE.ireland / GB
    move = GLACIER_MOVES.ireland / 1000
    added = 8 * KB * standard + 32 * KB * glacier
    # From the second to the seventh year.
    months = 6 * 12
    worth_it = (added * months + move) / ((standard - glacier) * months)

    def archived(size: float) -> float:
        return added + size * glacier

    rows = [
        ("once", 0.0, move),
        ("a month", OBJECT_BYTES * standard, archived(OBJECT_BYTES)),
        ("six years", OBJECT_BYTES * standard * months, move + archived(OBJECT_BYTES) * months),
    ]
    return [
        row(f"a million records of {OBJECT_BYTES:,} bytes, eu-west-1, US dollars", "S3 Standard", "Glacier"),
        row("---", "---:", "---:"),
        *(row(name, dollars(stay * 1e6), dollars(go * 1e6)) for name, stay, go in rows),
        row("pays from, bytes an object", "", f"{math.ceil(worth_it):,}"),
    ]


def price_table() -> list[str]:
    """Return the table of prices; a star marks those that aren't confirmed."""

    def cell(amount: float, confirmed: bool) -> str:
        return f"{amount:.4g}{'' if confirmed else ' *'}"

    return [
        row("US dollars for", "eu-west-1", "af-south-1"),
        row("---", "---:", "---:"),
        *(
            row(
                price.unit,
                cell(price.ireland, price.confirmed),
                cell(price.in_region("af-south-1"), price in CONFIRMED_IN_CAPE_TOWN),
            )
            for price in PRICES
        ),
    ]


TABLES = (cost_table, limit_table, archive_table, thirteenth_month_table, price_table)


def main() -> None:
    """Print the tables."""
    print("\n\n".join("\n".join(table()) for table in TABLES))


if __name__ == "__main__":
    main()
