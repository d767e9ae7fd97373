"""``make status``: says which stacks there are, what runs in them and what waits in their queues."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table

from local import ministack, page_server
from local.credentials import client
from local.description import described
from local.layout import FUNCTIONS, REPOSITORIES, STATE, StackFolder, function_name, short_name

if TYPE_CHECKING:
    from local.description import Description


def status() -> int:
    """Show every stack of this tree."""
    console = Console()
    folders = [StackFolder(int(path.name)) for path in STATE.glob("*") if path.is_dir() and path.name.isdigit()]
    if not folders:
        console.print("no stack; make up brings one up")
    for folder in sorted(folders, key=lambda folder: folder.port):
        process = ministack.running(folder)
        state = f"runs, process {process.pid}" if process else "is stopped"
        deployed = sum((folder.deployed / repository).exists() for repository in REPOSITORIES)
        console.print(
            f"port {folder.port} {state}; {deployed} of {len(REPOSITORIES)} repositories deployed", highlight=False
        )
        if process and folder.description.exists():
            stack = described(folder)
            console.print(f"  {stack['apiUrl']}", soft_wrap=True, highlight=False)
            page = page_server.running(folder) or "isn't served; make up serves it"
            console.print(f"  reference page: {page}", soft_wrap=True, highlight=False)
            console.print(functions(folder), queues(folder, stack))
    return 0


def functions(folder: StackFolder) -> Table:
    """Return what is live of each function."""
    aws_lambda = client(folder, "lambda")
    table = Table("function", "live version", "built", box=None, padding=(0, 2))
    for repository in FUNCTIONS:
        name = function_name(repository)
        try:
            live = aws_lambda.get_function_configuration(FunctionName=name, Qualifier="live")
            table.add_row(short_name(repository), live["Version"], live["LastModified"].partition(".")[0])
        except aws_lambda.exceptions.ResourceNotFoundException:
            table.add_row(short_name(repository), "none", "")
    return table


def queues(folder: StackFolder, stack: Description) -> Table:
    """Return how many messages wait in each queue and how many are being worked on."""
    sqs = client(folder, "sqs")
    table = Table("queue", "waiting", "in flight", box=None, padding=(0, 2))
    for url in (stack["changeQueueUrl"], stack["changeDlqUrl"], stack["auditQueueUrl"], stack["auditDlqUrl"]):
        counts = sqs.get_queue_attributes(
            QueueUrl=url, AttributeNames=["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        )["Attributes"]
        table.add_row(
            url.rpartition("/")[2],
            counts["ApproximateNumberOfMessages"],
            counts["ApproximateNumberOfMessagesNotVisible"],
        )
    return table
