#!/usr/bin/env python3
"""Stops the creator from taking changes off its queue, and lets it go on.

    event_source.py ENVIRONMENT status
    event_source.py ENVIRONMENT pause [--empty-for SECONDS]
    event_source.py ENVIRONMENT resume [--table NAME]

While it is paused, changes wait on the queue, for four days at most, and the table is written by nobody. pause returns
once the creator's last invocation has ended and all that it decided is in the audit trail. resume --table refuses
unless the live version writes to that table. A deployment neither pauses nor resumes.

Exit status: 0 done, 1 not, 2 if the command line is wrong, 130 after Ctrl-C, 143 after SIGTERM. Each can be run again
at any time.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import boto3

from deployment import account, command_line, function_name, terraform
from operations import argument_types, queues

if TYPE_CHECKING:
    from mypy_boto3_lambda import LambdaClient
    from mypy_boto3_sqs import SQSClient

LOOKS_EVERY_SECONDS = 2.0

# SQS counts a queue's messages on many servers, and is sure of the sum a minute after the last was sent. Source:
# GetQueueAttributes in the SQS API reference.
EMPTY_FOR_SECONDS = 60.0

_SETTLED = frozenset({"Enabled", "Disabled"})


@dataclass(frozen=True)
class EventSource:
    """What makes Lambda hand the queue's messages to the creator.

    Attributes
    ----------
    uuid
        Its id.
    state
        ``Enabled`` or ``Disabled``, or what leads to one of them, such as ``Disabling``.
    version
        The live version of the creator.
    table
        The table that this version writes to.
    timeout
        After how many seconds Lambda ends an invocation of it.
    """

    uuid: str
    state: str
    version: str
    table: str
    timeout: int

    @property
    def is_paused(self) -> bool:
        """Whether nothing is handed over."""
        return self.state == "Disabled"


def main() -> None:
    """Do what the command line says."""
    parser = command_line.parser(__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("status", help="say whether it is paused, and which table it writes to")
    pauses = commands.add_parser("pause", help="stop taking changes off the queue")
    pauses.add_argument(
        "--empty-for",
        type=argument_types.seconds,
        default=EMPTY_FOR_SECONDS,
        metavar="SECONDS",
        help="how long the audit queue has to be empty for all to be in the audit trail; default: %(default)s",
    )
    resumes = commands.add_parser("resume", help="take changes off the queue again")
    resumes.add_argument("--table", metavar="NAME", help="only if the live version writes to this table")
    arguments = parser.parse_args()
    environment: str = arguments.environment
    with command_line.orderly_end():
        account.check(environment)
        client: LambdaClient = boto3.client("lambda", region_name=terraform.region(environment))
        if arguments.command == "pause":
            pause(client, environment, arguments.empty_for)
        elif arguments.command == "resume":
            resume(client, environment, arguments.table)
        else:
            print(described(of(client, environment), environment))


def of(client: LambdaClient, environment: str) -> EventSource:
    """Return the event source of an environment's creator; end the script if there is none."""
    name, queue = function_name.name_in(environment), queues.source_in(environment)
    arn = f"arn:aws:sqs:{terraform.region(environment)}:{terraform.account_id(environment)}:{queue}"
    mappings = client.list_event_source_mappings(EventSourceArn=arn)["EventSourceMappings"]
    if len(mappings) != 1:
        terraform.fail(f"{queue} has {len(mappings)} event source mappings, not the one of {name}: deploy this first")
    live = client.get_function_configuration(FunctionName=name, Qualifier="live")
    return EventSource(
        uuid=mappings[0]["UUID"],
        state=mappings[0]["State"],
        version=live["Version"],
        table=live["Environment"]["Variables"]["TABLE_NAME"],
        timeout=live["Timeout"],
    )


def pause(client: LambdaClient, environment: str, empty_for: float) -> None:
    """Stop the creator, and return once all that it decided is in the audit trail."""
    source = settled(client, environment)
    if source.state != "Disabled":
        client.update_event_source_mapping(UUID=source.uuid, Enabled=False)
        source = settled(client, environment, "Disabled")
    print(described(source, environment), flush=True)
    # What Lambda had handed over by then is still at work.
    time.sleep(source.timeout)
    sqs: SQSClient = boto3.client("sqs", region_name=terraform.region(environment))
    await_audit(sqs, environment, empty_for)


def await_audit(sqs: SQSClient, environment: str, empty_for: float) -> None:
    """Return once the audit logger has taken in every record; end the script if it gave one up."""
    queue, dead_letters = f"bbws-product-audit-{environment}", f"bbws-product-audit-dlq-{environment}"
    said: int | None = None
    empty_since: float | None = None
    while True:
        if given_up := waiting(sqs, dead_letters):
            terraform.fail(
                f"messages on {dead_letters}, of which the audit trail has no records: {given_up}. Move them back with "
                "scripts/replay_dlq.py of 2_1_bbws_audit_logger, and run this again"
            )
        count, now = waiting(sqs, queue), time.monotonic()
        if count != said:
            print(f"messages on {queue}, on their way to the audit trail: {count}", flush=True)
            said = count
        if count:
            empty_since = None
        else:
            empty_since = now if empty_since is None else empty_since
            if now - empty_since >= empty_for:
                print("all that it decided is in the audit trail")
                return
        time.sleep(min(LOOKS_EVERY_SECONDS, empty_for))


def waiting(sqs: SQSClient, queue: str) -> int:
    """Return how many messages are on a queue, received or not."""
    attributes = sqs.get_queue_attributes(
        QueueUrl=sqs.get_queue_url(QueueName=queue)["QueueUrl"],
        AttributeNames=["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"],
    )["Attributes"]
    return sum(map(int, attributes.values()))


def resume(client: LambdaClient, environment: str, table: str | None) -> None:
    """Let the creator go on."""
    source = settled(client, environment)
    if table not in (None, source.table):
        terraform.fail(
            f"version {source.version} of {function_name.name_in(environment)} is live and writes to {source.table}, "
            f"not to {table}: deploy the infrastructure with that table_name, then this repository"
        )
    if source.state != "Enabled":
        client.update_event_source_mapping(UUID=source.uuid, Enabled=True)
        source = settled(client, environment, "Enabled")
    print(described(source, environment))


def settled(client: LambdaClient, environment: str, wanted: str | None = None) -> EventSource:
    """Return the event source once it is in the wanted state, or in any that lasts."""
    while True:
        source = of(client, environment)
        if source.state == wanted if wanted else source.state in _SETTLED:
            return source
        time.sleep(LOOKS_EVERY_SECONDS)


def described(source: EventSource, environment: str) -> str:
    """Return what to say of the event source."""
    does = {"Enabled": "takes changes off", "Disabled": "is paused and leaves changes on"}
    return (
        f"{function_name.name_in(environment)} {does.get(source.state, f'is {source.state.lower()} on')} "
        f"{queues.source_in(environment)}; its live version {source.version} writes to {source.table}"
    )


if __name__ == "__main__":
    main()
