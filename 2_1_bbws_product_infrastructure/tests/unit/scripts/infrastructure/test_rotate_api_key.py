"""scripts/rotate_api_key.py: which step is taken when, and what it writes."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from tests.unit.scripts.conftest import ACCOUNTS
from tests.unit.scripts.infrastructure.conftest import Refusal

import rotate_api_key
from deployment import deployable, terraform

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from conftest import Account, Ended
    from tests.unit.scripts.infrastructure.conftest import Aws

FUNCTIONS = ["create-product", "get-product"]

_BEFORE = f'region = "eu-west-1"\naccount_id = "{ACCOUNTS["dev"]}"\napi_key_numbers = '
_AFTER = "\nfirewall = true\n"


class Environment:
    """An environment with two clients, and the functions that know their keys.

    Attributes
    ----------
    file : Path
        Its settings.
    """

    def __init__(self, account: Account, root: Path) -> None:
        self._account = account
        self.file = root / "environments" / "dev.tfvars"
        self.says("{}")
        self.deployed(1)

    def says(self, numbers: str) -> None:
        """Let the settings give these numbers of keys."""
        self.file.write_text(f"{_BEFORE}{numbers}{_AFTER}")

    @property
    def numbers(self) -> str:
        """What the settings say now; all else in there is as it was."""
        text = self.file.read_text()
        assert text.startswith(_BEFORE)
        assert text.endswith(_AFTER)
        return text.removeprefix(_BEFORE).removesuffix(_AFTER)

    def deployed(self, *numbers: int, to: tuple[str, ...] = tuple(FUNCTIONS)) -> None:
        """Let these keys of the admin be deployed, and known to some functions."""
        keys = {"admin": [key("admin", number) for number in numbers], "storefront": [key("storefront", 1)]}
        self._account.state(deployable.NAME, api_keys=keys)
        for function in to:
            self.publish(function, *numbers)

    def publish(self, function: str, *numbers: int, live: bool = True) -> str:
        """Publish a version of a function that knows these keys of the admin."""
        self._account.name = f"bbws-{function}-dev"
        known = {f"fingerprint-{number}": {"name": "admin"} for number in numbers}
        version = self._account.publish(f"{function} {numbers}", API_CLIENTS=json.dumps(known))
        if live:
            self._account.make_live(version)
        return version

    def make_live(self, version: str, **weights: float) -> None:
        self._account.make_live(version, **weights)


def key(client: str, number: int) -> dict[str, str]:
    name = client if number == 1 else f"{client}/{number}"
    return {"name": name, "id": f"id-{number}", "fingerprint": f"fingerprint-{number}"}


@pytest.fixture
def environment(dev: Account, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Environment:
    """An environment with the admin's first key deployed."""
    root = tmp_path / "terraform"
    (root / "environments").mkdir(parents=True)
    real = terraform.ROOT / "environments" / "dev.s3.tfbackend"
    (root / "environments" / "dev.s3.tfbackend").write_text(real.read_text())
    routes = "".join(f'  route_{number} = {{ function = "{name}" }}\n' for number, name in enumerate(FUNCTIONS * 2))
    (root / "api_routes.tf").write_text(routes)
    monkeypatch.setattr(terraform, "ROOT", root)
    monkeypatch.setattr(rotate_api_key.time, "sleep", lambda _: None)
    return Environment(dev, root)


@pytest.fixture
def unused(aws: Aws) -> Aws:
    """An access log in which no key is found."""
    aws.answers("logs.StartQuery", {"queryId": "1"})
    aws.answers("logs.GetQueryResults", {"status": "Complete", "results": []})
    return aws


def test_functions_are_those_of_the_apis_routes() -> None:
    assert rotate_api_key.api_functions() == [
        "create-product",
        "delete-product",
        "get-product",
        "list-products",
        "update-product",
    ]


def test_a_whole_rotation_writes_one_line_a_step_and_waits_for_every_deployment(
    environment: Environment, run: Callable[..., Ended], unused: Aws
) -> None:
    said = []
    for step, numbers in (("begin", (1, 2)), ("switch", (2, 1)), ("finish", (2,))):
        ended = run("rotate_api_key", "dev", "admin", step)
        assert ended.status == 0, ended.err
        said.append((environment.numbers, ended.out.splitlines()[-1]))
        environment.deployed(*numbers)

    deploy = f"next: deploy {deployable.NAME}: api_key_numbers is"
    assert said == [
        ("{ admin = [1, 2] }", f"{deploy} [1, 2] in the settings, and [1] is deployed"),
        ("{ admin = [2, 1] }", f"{deploy} [2, 1] in the settings, and [1, 2] is deployed"),
        ("{ admin = [2] }", f"{deploy} [2] in the settings, and [2, 1] is deployed"),
    ]
    assert run("rotate_api_key", "dev", "admin", "status").out.splitlines() == [
        "key 2 (id id-2): in the secret of admin, known to all functions",
        "next: nothing; begin starts a rotation",
    ]


def test_other_clients_stay_as_they_are_in_the_settings(environment: Environment, run: Callable[..., Ended]) -> None:
    environment.says("{ partner = [3, 4], storefront = [2] }")

    run("rotate_api_key", "dev", "admin", "begin")

    assert environment.numbers == "{ admin = [1, 2], partner = [3, 4], storefront = [2] }"
    assert [file.name for file in environment.file.parent.iterdir() if file.suffix == ".unfinished"] == []


@pytest.mark.parametrize(("step", "numbers"), [("begin", (1, 2)), ("switch", (2, 1)), ("finish", (2,))])
def test_step_that_was_taken_already_changes_nothing(
    environment: Environment, run: Callable[..., Ended], step: str, numbers: tuple[int, ...]
) -> None:
    environment.says(f"{{ admin = {list(numbers)} }}")
    environment.deployed(*numbers)
    before = environment.file.read_text()

    ended = run("rotate_api_key", "dev", "admin", step)

    assert ended.status == 0, ended.err
    assert environment.file.read_text() == before


@pytest.mark.parametrize(
    ("step", "numbers", "following"),
    [
        ("switch", (1,), "nothing; begin starts a rotation"),
        ("finish", (1,), "nothing; begin starts a rotation"),
        ("finish", (1, 2), "switch"),
        ("begin", (2, 1), "finish"),
    ],
)
def test_step_out_of_its_order_is_refused_with_the_one_that_is_next(
    environment: Environment, run: Callable[..., Ended], step: str, numbers: tuple[int, ...], following: str
) -> None:
    environment.says(f"{{ admin = {list(numbers)} }}")
    environment.deployed(*numbers)
    before = environment.file.read_text()

    ended = run("rotate_api_key", "dev", "admin", step)

    said = f"error: {step} doesn't follow on api_key_numbers {list(numbers)}: next is {following}\n"
    assert (ended.status, ended.err) == (1, said)
    assert environment.file.read_text() == before


def test_step_waits_until_the_one_before_is_deployed(environment: Environment, run: Callable[..., Ended]) -> None:
    run("rotate_api_key", "dev", "admin", "begin")
    written = environment.numbers
    undeployed = run("rotate_api_key", "dev", "admin", "switch")
    environment.deployed(1, 2, to=("get-product",))
    half = run("rotate_api_key", "dev", "admin", "switch")
    status = run("rotate_api_key", "dev", "admin", "status")

    assert undeployed.err == (
        f"error: too early: deploy {deployable.NAME}: api_key_numbers is [1, 2] in the settings, and [1] is deployed\n"
    )
    assert half.err == "error: too early: deploy create-product: they don't know all keys yet\n"
    assert environment.numbers == written
    assert status.out.splitlines() == [
        "key 1 (id id-1): in the secret of admin, known to all functions",
        "key 2 (id id-2): valid too, unknown to create-product",
        "next: deploy create-product: they don't know all keys yet",
    ]


def test_function_between_two_versions_knows_what_both_know(
    environment: Environment, run: Callable[..., Ended]
) -> None:
    environment.says("{ admin = [1, 2] }")
    environment.deployed(1, 2)
    old = environment.publish("get-product", 1, live=False)
    new = environment.publish("get-product", 1, 2, live=False)
    environment.make_live(new, **{f"v{old}": 0.1})

    ended = run("rotate_api_key", "dev", "admin", "status")

    assert "key 2 (id id-2): valid too, unknown to get-product" in ended.out


# Whether the first key is still used


@pytest.fixture
def switched(environment: Environment) -> Environment:
    """An environment whose rotation can be finished."""
    environment.says("{ admin = [2, 1] }")
    environment.deployed(2, 1)
    return environment


@pytest.mark.parametrize(("arguments", "hours"), [((), 24.0), (("--unused-for", "0.5"), 0.5)])
def test_finish_looks_for_the_first_key_in_the_access_log(
    switched: Environment,
    run: Callable[..., Ended],
    unused: Aws,
    monkeypatch: pytest.MonkeyPatch,
    arguments: tuple[str, ...],
    hours: float,
) -> None:
    monkeypatch.setattr(rotate_api_key.time, "time", lambda: 1_000_000.0)
    complete = {"status": "Complete", "results": []}
    unused.answers("logs.GetQueryResults", {"status": "Scheduled"}, {"status": "Running"}, complete)

    ended = run("rotate_api_key", "dev", "admin", "finish", *arguments)

    assert ended.status == 0, ended.err
    (query,) = unused.asked("logs.StartQuery")
    assert query["logGroupName"] == "/aws/apigateway/bbws-product-api-dev"
    assert '"keyId":"id-1"' in query["queryString"]
    assert (query["startTime"], query["endTime"]) == (1_000_000 - hours * 3600, 1_000_060)
    assert switched.numbers == "{ admin = [2] }"


@pytest.mark.parametrize(
    ("start", "results", "said"),
    [
        (
            {"queryId": "1"},
            {
                "status": "Complete",
                "results": [[{"field": "@ptr", "value": "…"}, {"field": "@timestamp", "value": "2026-11-22 08:00:00"}]],
            },
            "key 1 was used at 2026-11-22 08:00:00 UTC: have its client read its secret again",
        ),
        (
            {"queryId": "1"},
            {"status": "Timeout"},
            "the search in /aws/apigateway/bbws-product-api-dev ended as Timeout: run this again",
        ),
        (
            Refusal("ResourceNotFoundException"),
            {},
            (
                "there is no log /aws/apigateway/bbws-product-api-dev to tell whether key 1 is still used: "
                "see --unused-for"
            ),
        ),
    ],
)
def test_key_that_may_still_be_used_is_not_taken_away(
    switched: Environment, run: Callable[..., Ended], aws: Aws, start: Any, results: dict[str, Any], said: str
) -> None:
    aws.answers("logs.StartQuery", start)
    aws.answers("logs.GetQueryResults", results)

    ended = run("rotate_api_key", "dev", "admin", "finish")

    assert (ended.status, ended.err) == (1, f"error: {said}\n")
    assert switched.numbers == "{ admin = [2, 1] }"


def test_finish_does_not_look_when_told_so(switched: Environment, run: Callable[..., Ended], aws: Aws) -> None:
    ended = run("rotate_api_key", "dev", "admin", "finish", "--unused-for", "0")

    assert ended.status == 0, ended.err
    assert not aws.asked("logs.StartQuery")


# Refusals


@pytest.mark.parametrize("hours", ["-1", "2161", "a day", "nan"])
def test_what_is_no_number_of_hours_is_refused(run: Callable[..., Ended], hours: str) -> None:
    ended = run("rotate_api_key", "dev", "admin", "finish", "--unused-for", hours)

    assert ended.status == 2
    assert "must be a number of hours from 0 to 2160" in ended.err


@pytest.mark.parametrize("outputs", [None, {}])
def test_environment_without_keys_is_told(dev: Account, run: Callable[..., Ended], outputs: object) -> None:
    if outputs is not None:
        dev.state(deployable.NAME, table_name="bbws-products-dev")

    ended = run("rotate_api_key", "dev", "admin", "status")

    assert (ended.status, ended.err) == (1, f"error: dev has no API keys: deploy {deployable.NAME} there first\n")


def test_unknown_client_is_told_with_those_that_are_there(environment: Environment, run: Callable[..., Ended]) -> None:
    ended = run("rotate_api_key", "dev", "nobody", "begin")

    said = "error: dev has no client nobody: its clients are admin, storefront\n"
    assert (ended.status, ended.err) == (1, said)
    assert environment.numbers == "{}"


def test_function_that_is_not_there_is_named(environment: Environment, run: Callable[..., Ended], aws: Aws) -> None:
    aws.answers("lambda.GetAlias", Refusal("ResourceNotFoundException", 404))

    ended = run("rotate_api_key", "dev", "admin", "begin")

    said = "error: the function bbws-create-product-dev is not there: deploy it first\n"
    assert (ended.status, ended.err) == (1, said)
    assert environment.numbers == "{}"


@pytest.mark.parametrize("numbers", ["{ admin = 1 }", '{ "admin" = [1] }', "local.numbers", "{\n  admin = [1]\n}"])
def test_settings_that_it_could_not_write_back_are_refused(
    environment: Environment, run: Callable[..., Ended], numbers: str
) -> None:
    environment.says(numbers)
    before = environment.file.read_text()

    ended = run("rotate_api_key", "dev", "admin", "begin")

    assert ended.status == 1
    assert "environments/dev.tfvars has no line api_key_numbers = { admin = [1], … }, or no plain one" in ended.err
    assert environment.file.read_text() == before


def test_failure_of_aws_before_a_step_writes_nothing(
    environment: Environment, run: Callable[..., Ended], aws: Aws
) -> None:
    aws.answers("lambda.GetFunctionConfiguration", Refusal("ServiceException", 500))

    ended = run("rotate_api_key", "dev", "admin", "begin")

    assert ended.status == 1
    assert ended.err.startswith("error: AWS refused or failed: ")
    assert environment.numbers == "{}"


def test_credentials_of_another_account_are_refused(
    environment: Environment, sign_in: Callable[[str], None], run: Callable[..., Ended]
) -> None:
    sign_in("sit")

    ended = run("rotate_api_key", "dev", "admin", "begin")

    assert ended.status == 1
    assert "which is not that of dev" in ended.err
    assert environment.numbers == "{}"
