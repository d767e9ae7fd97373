"""``make up``: brings a stack up, or what changed of it."""

from __future__ import annotations

import contextlib
import json
import os
import re
import secrets
import shutil
import time
import urllib.error
import urllib.request
from typing import TYPE_CHECKING

from rich.console import Console

from local import generation, ministack, page_server, reference_page, repository, state_bucket, terraform_provider
from local.command_line import since_typed
from local.description import Description, describe, described
from local.failure import Failure
from local.layout import ENVIRONMENT, FUNCTIONS, INFRASTRUCTURE, ROOT, StackFolder, chosen_stack, short_name
from local.locking import stack_locked
from local.parallel import tasks_at_a_time
from local.secret_file import write_secret
from local.steps import Steps

if TYPE_CHECKING:
    from pathlib import Path

CLIENTS = ("admin", "storefront")
SETTINGS = ROOT / INFRASTRUCTURE / "terraform" / "environments" / f"{ENVIRONMENT}.tfvars"

# Half of the time Terraform waits for AWS to settle; each deployment takes some 400 MB of memory.
DEPLOYMENTS_AT_A_TIME = 2 * (os.cpu_count() or 2)
BUILDS_AT_A_TIME = os.cpu_count() or 2

# The first request starts a function's process.
ANSWERS_WITHIN = 30.0


def up() -> int:
    """Bring the stack of ``PORT`` up and say how to use it."""
    folder = chosen_stack()
    with stack_locked(folder), Steps(Console()) as steps:
        bring_up(folder, steps)
    print(f"\nup after {since_typed():.0f} s; make down stops it and keeps its data")
    print(how_to_use(described(folder)))
    return 0


def bring_up(folder: StackFolder, steps: Steps) -> None:
    """Start MiniStack, deploy whatever isn't deployed as it should be, and try what was deployed or starts cold.

    Raises
    ------
    Failure
        If a step fails. What was done stays, and the next call goes on from there.
    """
    with steps.step("Terraform provider") as step:
        step.note = terraform_provider.prepare()
    with steps.step("MiniStack") as step:
        step.note = start(folder)
    with steps.step("state bucket") as step:
        step.note = "made" if state_bucket.make(folder) else "is there"
        for key in state_bucket.held_locks(folder):
            # Nobody else works on this stack, so whoever held it was killed.
            state_bucket.release(folder, key)
            step.note += f"; released {key}"

    make_api_keys(folder.api_keys, SETTINGS.read_text(encoding="utf-8"))
    with (
        tasks_at_a_time(BUILDS_AT_A_TIME) as builds,
        tasks_at_a_time(DEPLOYMENTS_AT_A_TIME) as deployments,
        tasks_at_a_time(1) as meanwhile,
    ):
        page = meanwhile.submit(_serve_reference_page, folder, steps)
        packages = {name: builds.submit(_build, folder, steps, name) for name in FUNCTIONS}
        bootstrapped = deployments.submit(_bootstrap, folder, steps)
        _deploy(folder, steps, INFRASTRUCTURE, {})
        infrastructure = repository.outputs(folder, INFRASTRUCTURE)
        bootstrapped.result()
        deployed = []
        for name in FUNCTIONS:
            packages[name].result()
            deployed.append(deployments.submit(_deploy, folder, steps, name, infrastructure))
        for deployment in deployed:
            deployment.result()
    stack = describe(folder, infrastructure, page.result())
    with steps.step("API") as step:
        step.note = await_answer(stack)


def start(folder: StackFolder) -> str:
    """Start MiniStack unless it runs, and throw away what a crash or a broken-off first deployment left.

    Returns
    -------
    str
        What was found, in a few words.
    """
    process = ministack.running(folder)
    note = "was running"
    if process:
        ministack.await_ready(folder)
    else:
        process = ministack.start(folder)
        note = "started"
    lost = generation.lost(folder)
    if lost or is_half_made(folder):
        ministack.stop(folder)
        start_over(folder)
        process = ministack.start(folder)
        note = "lost its data in a crash: started clean" if lost else "was broken off half-made: started clean"
    generation.renew(folder, process)
    return f"{note}, process {process.pid}, port {folder.port}"


def is_half_made(folder: StackFolder) -> bool:
    """Tell whether a first deployment was killed, so that resources may be there that no Terraform state knows."""
    return not folder.description.exists() and bool(state_bucket.held_locks(folder))


def start_over(folder: StackFolder) -> None:
    """Remove everything that a stopped stack knows, but its API keys."""
    ministack.forget(folder)
    shutil.rmtree(folder.deployed, ignore_errors=True)
    for file in (folder.description, folder.generation):
        file.unlink(missing_ok=True)


def make_api_keys(file: Path, settings: str) -> None:
    """Choose a random value for each API key without one: each client's first, and those that a rotation is about.

    Parameters
    ----------
    settings
        The infrastructure's settings of the environment, whose line ``api_key_numbers`` names the others.
    """
    values = json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}
    rotated = re.search(r"^api_key_numbers\b.*", settings, re.MULTILINE)
    numbered = re.findall(r"([a-z0-9-]+) = \[([0-9, ]+)\]", rotated[0] if rotated else "")
    wanted = [f"{client}/{number.strip()}" for client, numbers in numbered for number in numbers.split(",")]
    names = [*CLIENTS, *(name for name in wanted if not name.endswith("/1"))]
    if missing := set(names) - set(values):
        write_secret(file, values | {name: secrets.token_hex(20) for name in sorted(missing)})


def await_answer(stack: Description) -> str:
    """Wait until the API lists products.

    Returns
    -------
    str
        What it answered.

    Raises
    ------
    Failure
        If it doesn't in time, with its last answer.
    """
    address, key = f"{stack['apiUrl']}/products?limit=1", stack["apiKeys"]["storefront"]
    request = urllib.request.Request(address, headers={"x-api-key": key})
    deadline = time.monotonic() + ANSWERS_WITHIN
    while True:
        try:
            with urllib.request.urlopen(request, timeout=10.0) as answer:
                return f"answers {answer.status}"
        except urllib.error.HTTPError as error:
            said = f"it answers {error.code}: {error.read().decode(errors='replace')[:300]}"
        except OSError as error:
            said = str(error)
        if time.monotonic() > deadline:
            raise Failure(f"everything is deployed, but the API doesn't list products: {said}")
        time.sleep(0.3)


def how_to_use(stack: Description) -> str:
    """Return addresses, keys and commands to paste."""
    keys = stack["apiKeys"]
    product = {
        "name": "WordPress Starter",
        "description": "One WordPress site with daily backups",
        "price": 99.95,
        "billingCycle": "monthly",
        "features": ["1 WordPress site", "10 GB storage"],
    }
    return "\n".join(
        [
            "",
            f"API         {stack['apiUrl']}",
            f"reference   {stack['referencePageUrl'] or 'the page is not there: its step above says why'}",
            *(f"{client:<11} {value}" for client, value in keys.items()),
            "",
            f"curl -s -H 'x-api-key: {keys['storefront']}' '{stack['apiUrl']}/products'",
            f"curl -s -X POST -H 'x-api-key: {keys['admin']}' -H 'content-type: application/json' \\",
            f"  -d '{json.dumps(product)}' '{stack['apiUrl']}/products'",
            "",
        ]
    )


def _serve_reference_page(folder: StackFolder, steps: Steps) -> str | None:
    """Make and serve the reference page, and return its address, or None if it can't be: the API works without it."""
    with contextlib.suppress(Failure), steps.step("reference page") as step:
        try:
            made = reference_page.make()
            address = page_server.start(folder)
        except Failure as failure:
            step.note = str(failure)
            raise
        step.note = f"{made}, {address}"
        return address
    return None


def _build(folder: StackFolder, steps: Steps, name: str) -> None:
    with steps.step(f"package of {short_name(name)}") as step:
        step.note = repository.build(folder, name)


def _bootstrap(folder: StackFolder, steps: Steps) -> None:
    """Make what the infrastructure refers to by name, beside the infrastructure."""
    with steps.step("bootstrap") as step:
        step.note = repository.bootstrap(folder)


def _deploy(folder: StackFolder, steps: Steps, name: str, infrastructure: dict[str, object]) -> None:
    fingerprint = repository.inputs(folder, name, infrastructure)
    with steps.step(short_name(name)) as step:
        unchanged = repository.is_noted(folder.deployed, name, fingerprint)
        step.note = "nothing changed" if unchanged else repository.deploy(folder, name, fingerprint)
        if name in FUNCTIONS and not repository.is_noted(folder.tried, name, fingerprint):
            repository.smoke_test(folder, name, fingerprint)
            step.note += ", answers as expected"
