"""A creator killed between storing a change and passing its record on: the next delivery makes up for it."""

from __future__ import annotations

import socket
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

import psutil
import pytest
from stack import assert_chained, creation, eventually, update

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stack import Stack

CREATOR = "bbws-product-creator-local"


@pytest.fixture
def silent_sqs() -> Iterator[tuple[str, threading.Event]]:
    """Return an address that takes requests and never answers, and what is set once the first has come."""
    came = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as server:
        taken: list[socket.socket] = []

        def take() -> None:
            try:
                while True:
                    taken.append(server.accept()[0])
                    came.set()
            except OSError:  # the test is over
                pass

        threading.Thread(target=take, daemon=True).start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}", came
        server.shutdown(socket.SHUT_RDWR)
        for connection in taken:
            connection.close()


@contextmanager
def deployed_with(stack: Stack, **variables: str) -> Iterator[str]:
    """Let another version of the creator be live for a while, with more environment variables; return its number."""
    live = stack.functions.get_alias(FunctionName=CREATOR, Name="live")["FunctionVersion"]
    environment = stack.functions.get_function_configuration(FunctionName=CREATOR)["Environment"]["Variables"]
    stack.functions.update_function_configuration(
        FunctionName=CREATOR, Environment={"Variables": {**environment, **variables}}
    )
    version = stack.functions.publish_version(FunctionName=CREATOR)["Version"]
    stack.functions.update_alias(FunctionName=CREATOR, Name="live", FunctionVersion=version)
    try:
        yield version
    finally:
        stack.functions.update_alias(FunctionName=CREATOR, Name="live", FunctionVersion=live)
        stack.functions.update_function_configuration(FunctionName=CREATOR, Environment={"Variables": environment})
        stack.functions.delete_function(FunctionName=CREATOR, Qualifier=version)


def kill_worker_that_waits_for(address: str, stack: Stack, version: str) -> bool:
    """Kill the process that runs a version of the creator and waits for an answer; tell whether there was one."""
    mine = {"AWS_LAMBDA_FUNCTION_NAME": CREATOR, "AWS_LAMBDA_FUNCTION_VERSION": version, "GATEWAY_PORT": stack.port}
    port = int(address.rpartition(":")[2])
    for process in psutil.process_iter():
        try:
            if mine.items() <= process.environ().items() and any(
                connection.raddr and connection.raddr.port == port
                for connection in process.net_connections(kind="tcp")
                if connection.status == psutil.CONN_ESTABLISHED
            ):
                process.kill()
                return True
        except (psutil.AccessDenied, psutil.NoSuchProcess, psutil.ZombieProcess):
            continue
    return False


def test_change_whose_creator_was_killed_before_passing_its_record_on_is_audited_all_the_same(
    stack: Stack, silent_sqs: tuple[str, threading.Event]
) -> None:
    address, handing_over = silent_sqs
    change = creation()
    with deployed_with(stack, AWS_ENDPOINT_URL_SQS=address) as version:
        stack.submit(change)
        eventually(handing_over.is_set, "the creator stored the change and begins to pass its record on")
        assert kill_worker_that_waits_for(address, stack, version)
        assert stack.marker(change) is not None
        assert stack.audit_trail(change["productId"]) == []
    eventually(lambda: stack.audit_trail(change["productId"]), "the record is in the audit trail")
    stack.apply(update(change["productId"], price="1.00"))
    records = stack.records(change["productId"])
    assert stack.outcomes(change["productId"]) == [("APPLIED", None)] * 2
    assert_chained(records)
    assert [found.record for found in stack.audit_trail(change["productId"])] == records
