"""The clients' API keys: exported to a file, and rotated without a moment in which a client's key is refused.

Gateway, keys and secrets are Terraform's own. Behind the gateway stands one piece of code for all five functions, which
knows keys as they do: by the setting ``API_CLIENTS`` of the live version.
"""

from __future__ import annotations

import io
import json
import os
import re
import shutil
import stat
import subprocess
import threading
import time
import zipfile
from dataclasses import dataclass, field
from pathlib import Path

import boto3
import pytest
import requests
from botocore.exceptions import BotoCoreError, ClientError
from rehearsals.copies import Copy

ACCESS_LOG = "/aws/apigateway/bbws-product-api-local"
FUNCTIONS = ("create-product", "delete-product", "get-product", "list-products", "update-product")

# Keys are made anew for each run.
VALUES = {name: os.urandom(20).hex() for name in ("admin", "admin/2", "admin/3", "storefront")}
ADMIN, SECOND, STOREFRONT = VALUES["admin"], VALUES["admin/2"], VALUES["storefront"]

# Not the table, the queues and the bucket: Terraform waits for minutes until those have settled.
TARGETS = ("aws_api_gateway_usage_plan_key.client", "aws_secretsmanager_secret_version.client")

CODE = """
import hashlib, json, os

def handler(event, context):
    headers = {name.lower(): value for name, value in event["headers"].items()}
    fingerprint = hashlib.sha256(headers["x-api-key"].encode()).hexdigest()[:16]
    client = json.loads(os.environ["API_CLIENTS"]).get(fingerprint)
    return {"statusCode": 200 if client else 403, "headers": {}, "body": json.dumps(client)}
"""


@dataclass(frozen=True)
class Environment(Copy):
    """An environment with an API, which its clients use with these keys."""

    def rotate(self, *arguments: str, **variables: str) -> tuple[int, list[str]]:
        """Run the script and return its exit status, and what it says or what is wrong."""
        done = self.run("rotate_api_key.py", "local", *arguments, **variables)
        return done.returncode, (done.stderr or done.stdout).splitlines()

    def deploy(self) -> set[tuple[str, str]]:
        """Deploy the gateway, the keys and the secrets, and return what that did to which resource."""
        return self.apply(*TARGETS, api_key_values=VALUES)

    def deploy_function(self, name: str) -> None:
        """Publish a version of a function that knows the keys which the infrastructure exports, and make it live."""
        functions = boto3.client("lambda")
        function = f"bbws-{name}-local"
        variables = {"API_CLIENTS": json.dumps(self.outputs()["api_clients"])}
        functions.update_function_configuration(FunctionName=function, Environment={"Variables": variables})
        functions.get_waiter("function_updated_v2").wait(FunctionName=function)
        version = functions.publish_version(FunctionName=function)["Version"]
        functions.update_alias(FunctionName=function, Name="live", FunctionVersion=version)

    def api(self) -> str:
        endpoint, api_id = os.environ["AWS_ENDPOINT_URL"], self.outputs()["api_id"]
        return f"{endpoint}/restapis/{api_id}/local/_user_request_/v1.0/products"

    def answers(self, key: str) -> set[int]:
        """Return the statuses of the answers to a request to each of the functions."""
        many = self.api()
        one = f"{many}/5f0c7b57-9d2a-4a39-8d5d-1f6f6d1f4c11"
        asked = [("GET", many), ("POST", many), ("GET", one), ("PUT", one), ("DELETE", one)]
        return {status_of(method, address, key) for method, address in asked}


def status_of(method: str, address: str, key: str) -> int:
    return requests.request(method, address, headers={"x-api-key": key}, timeout=60).status_code


def key_in_secret() -> str:
    """Return what the admin finds in its secret."""
    secret = boto3.client("secretsmanager").get_secret_value(SecretId="bbws/product-api/local/admin")
    return str(secret["SecretString"])


class Client(threading.Thread):
    """The admin at its work: it reads its secret and sends a request with what it finds, all the time."""

    def __init__(self, api: str) -> None:
        super().__init__()
        self._api = api
        self._ends = threading.Event()
        self.statuses: list[int | str] = []

    def run(self) -> None:
        while not self._ends.wait(0.1):
            try:
                self.statuses.append(status_of("GET", self._api, key_in_secret()))
            except (BotoCoreError, ClientError, requests.RequestException) as error:
                self.statuses.append(str(error))

    def end(self) -> list[int | str]:
        """Let it finish what it is at; return the statuses of all answers."""
        self._ends.set()
        self.join()
        return self.statuses


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Environment:
    """Return an environment to which nothing is deployed."""
    return Environment.make(tmp_path_factory.mktemp("rehearsed"), "bbws-rehearsed-keys")


@pytest.fixture(scope="module")
def too_early(copy: Environment) -> list[subprocess.CompletedProcess[str]]:
    """Return what came of both scripts before anything was deployed."""
    return [copy.run("export_api_keys.py", "local"), copy.run("rotate_api_key.py", "local", "admin", "begin")]


@pytest.fixture(scope="module")
def environment(copy: Environment, too_early: object) -> Environment:
    """Return the environment with everything deployed, each client with its first key."""
    copy.deploy()
    trust = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
    role = boto3.client("iam").create_role(
        RoleName="rehearsed-function",
        AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [trust]}),
    )
    package = io.BytesIO()
    with zipfile.ZipFile(package, "w") as archive:
        archive.writestr("handler.py", CODE)
    functions = boto3.client("lambda")
    for name in FUNCTIONS:
        function = f"bbws-{name}-local"
        functions.create_function(
            FunctionName=function,
            Runtime="python3.12",
            Role=role["Role"]["Arn"],
            Handler="handler.handler",
            Code={"ZipFile": package.getvalue()},
            Publish=True,
        )
        functions.create_alias(FunctionName=function, Name="live", FunctionVersion="1")
        copy.deploy_function(name)
    return copy


# Exporting


def test_before_the_first_deployment_there_is_nothing_to_export_or_to_rotate(
    too_early: list[subprocess.CompletedProcess[str]],
) -> None:
    exported, begun = too_early
    assert (exported.returncode, exported.stdout) == (1, "")
    assert (
        exported.stderr == "error: local has no secret bbws/product-api/local/…: deploy this repository there first\n"
    )
    assert (begun.returncode, begun.stdout) == (1, "")
    assert begun.stderr == "error: local has no API keys: deploy 2_1_bbws_product_infrastructure there first\n"


@pytest.mark.parametrize("there", [False, True])
def test_keys_go_into_a_file_that_only_its_owner_can_read(environment: Environment, there: bool) -> None:
    file = environment.repository / "api-keys.local.json"
    file.unlink(missing_ok=True)
    if there:
        file.write_text("what was there")
        file.chmod(0o666)
    exported = environment.run("export_api_keys.py", "local")
    assert (exported.returncode, exported.stderr) == (0, "")
    assert exported.stdout == f"{file} has the keys of admin, storefront; nobody but you can read it\n"
    assert json.loads(file.read_text()) == {"admin": ADMIN, "storefront": STOREFRONT}
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [path.name for path in environment.repository.glob("api-keys*")] == [file.name]


def test_keys_go_where_they_are_wanted(environment: Environment, tmp_path: Path) -> None:
    file = tmp_path / "keys.json"
    assert environment.run("export_api_keys.py", "local", "--output", str(file)).returncode == 0
    assert set(json.loads(file.read_text())) == {"admin", "storefront"}


def test_file_that_git_would_take_is_refused(environment: Environment, tmp_path: Path) -> None:
    subprocess.run(["git", "init", "--quiet", tmp_path], check=True)
    shutil.copy(environment.repository / ".gitignore", tmp_path)
    taken, ignored = tmp_path / "keys.json", tmp_path / "api-keys.local.json"
    refused = environment.run("export_api_keys.py", "local", "--output", str(taken))
    assert (refused.returncode, taken.exists()) == (1, False)
    assert refused.stderr.startswith(f"error: git doesn't ignore {taken}: ")
    assert environment.run("export_api_keys.py", "local", "--output", str(ignored)).returncode == 0


@pytest.mark.parametrize("what", ["link", "folder", "device"])
def test_what_is_no_ordinary_file_is_refused(environment: Environment, tmp_path: Path, what: str) -> None:
    file = tmp_path / "keys.json"
    if what == "link":
        file.symlink_to(tmp_path / "elsewhere")
    elif what == "folder":
        file.mkdir()
    else:
        file = Path("/dev/stdout")
    refused = environment.run("export_api_keys.py", "local", "--output", str(file))
    assert (refused.returncode, refused.stdout) == (1, "")
    assert refused.stderr == f"error: {file} is no ordinary file: keys go into one, and are never printed\n"
    assert not (tmp_path / "elsewhere").exists()


def test_folder_that_is_not_there_is_named(environment: Environment, tmp_path: Path) -> None:
    refused = environment.run("export_api_keys.py", "local", "--output", str(tmp_path / "nowhere" / "keys.json"))
    assert refused.stderr == f"error: {tmp_path / 'nowhere'} is not there: make it first\n"


def test_credentials_of_another_account_are_refused(environment: Environment) -> None:
    for done in (
        environment.run("export_api_keys.py", "local", AWS_ACCESS_KEY_ID="111111111111"),
        environment.run("rotate_api_key.py", "local", "admin", "begin", AWS_ACCESS_KEY_ID="111111111111"),
    ):
        assert done.returncode == 1
        assert done.stderr == "error: these credentials are for account 111111111111, which is not that of local\n"


@pytest.mark.parametrize(
    ("allowed", "said"),
    [
        ([], "list the secrets: that takes secretsmanager:ListSecrets"),
        (
            ["secretsmanager:ListSecrets"],
            "read the secret bbws/product-api/local/admin: that takes secretsmanager:GetSecretValue",
        ),
    ],
)
def test_missing_permission_is_named(environment: Environment, tmp_path: Path, allowed: list[str], said: str) -> None:
    iam = boto3.client("iam")
    user = f"curious-{len(allowed)}"
    iam.create_user(UserName=user)
    statement = {"Effect": "Allow", "Action": ["sts:GetCallerIdentity", *allowed], "Resource": "*"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    iam.put_user_policy(UserName=user, PolicyName="allowed", PolicyDocument=policy)
    key = iam.create_access_key(UserName=user)["AccessKey"]
    refused = environment.run(
        "export_api_keys.py",
        *("local", "--output", str(tmp_path / "keys.json")),
        AWS_ACCESS_KEY_ID=key["AccessKeyId"],
        AWS_SECRET_ACCESS_KEY=key["SecretAccessKey"],
        # That of the root isn't this user's.
        AWS_SESSION_TOKEN="",
    )
    assert (refused.returncode, refused.stderr) == (1, f"error: these credentials may not {said}\n")
    assert list(tmp_path.iterdir()) == []


# Rotating


@dataclass
class Rotation:
    """A rotation of the admin's key, as far as it was seen.

    Attributes
    ----------
    deployed
        What each deployment of the infrastructure did to which resource.
    answers
        What the keys were answered, after each thing that was deployed.
    refused
        What the script said to steps that came too early.
    said
        What it said to the others.
    validated
        What validation says of the clients, after each deployment of the infrastructure.
    client
        The statuses of the answers to a client that read its secret and sent a request all the time.
    """

    deployed: dict[str, set[tuple[str, str]]] = field(default_factory=dict)
    answers: dict[str, dict[str, set[int]]] = field(default_factory=dict)
    refused: dict[str, tuple[int, list[str]]] = field(default_factory=dict)
    said: dict[str, tuple[int, list[str]]] = field(default_factory=dict)
    validated: dict[str, list[str]] = field(default_factory=dict)
    client: list[int | str] = field(default_factory=list)


@pytest.fixture(scope="module")
def rotation(environment: Environment) -> Rotation:
    """Return what was seen of a rotation from the first step to the last."""
    seen = Rotation()
    client = Client(environment.api())
    client.start()
    try:
        rotate(environment, seen)
    finally:
        seen.client = client.end()
    return seen


def rotate(environment: Environment, seen: Rotation) -> None:
    """Rotate the admin's key."""
    keys = {"first": ADMIN, "second": SECOND, "storefront": STOREFRONT}
    ids = environment.outputs()["api_keys"]

    def look(when: str) -> None:
        answers = {name: environment.answers(key) for name, key in keys.items()}
        seen.answers[when] = {**answers, "in the secret": environment.answers(key_in_secret())}

    def refuse(step: str, when: str) -> None:
        before = environment.settings
        seen.refused[f"{step} {when}"] = environment.rotate("admin", step)
        assert environment.settings == before

    def deploy(when: str) -> None:
        seen.deployed[when] = environment.deploy()
        seen.validated[when] = environment.run("validate_infrastructure.py", "local").stdout.splitlines()
        look(when)

    look("before")
    refuse("switch", "before begin")
    refuse("finish", "before begin")

    seen.said["begin"] = environment.rotate("admin", "begin")
    seen.said["begin again"] = environment.rotate("admin", "begin")
    refuse("switch", "before begin is deployed")
    deploy("begin")
    refuse("switch", "before any function is deployed")
    for name in FUNCTIONS:
        if name == FUNCTIONS[-1]:
            refuse("switch", "before the last function is deployed")
        environment.deploy_function(name)
        look(f"begin and {name}")
    refuse("finish", "before switch")

    seen.said["switch"] = environment.rotate("admin", "switch")
    refuse("finish", "before switch is deployed")
    deploy("switch")
    refuse("finish", "where no log tells whether the first key is used")
    logs = boto3.client("logs")
    logs.create_log_group(logGroupName=ACCESS_LOG)
    logs.create_log_stream(logGroupName=ACCESS_LOG, logStreamName="used")
    put_into_log("used", ids["admin"][0]["id"])
    refuse("finish", "while the first key is used")
    logs.delete_log_stream(logGroupName=ACCESS_LOG, logStreamName="used")
    logs.create_log_stream(logGroupName=ACCESS_LOG, logStreamName="others")
    put_into_log("others", ids["storefront"][0]["id"])

    seen.said["finish"] = environment.rotate("admin", "finish")
    deploy("finish")
    for name in FUNCTIONS:
        environment.deploy_function(name)
        look(f"finish and {name}")
    seen.said["status"] = environment.rotate("admin", "status")


def put_into_log(stream: str, key_id: str) -> None:
    """Put a line into the access log as the gateway does."""
    line = json.dumps({"requestId": "1", "status": "200", "keyId": key_id}, separators=(",", ":"))
    event = {"timestamp": int(time.time() * 1000), "message": line}
    boto3.client("logs").put_log_events(logGroupName=ACCESS_LOG, logStreamName=stream, logEvents=[event])


def test_client_that_reads_its_secret_is_never_refused(rotation: Rotation) -> None:
    assert len(rotation.client) > 50
    assert set(rotation.client) == {200}
    assert all(answers["in the secret"] == {200} for answers in rotation.answers.values())


def test_other_clients_notice_nothing(rotation: Rotation) -> None:
    assert all(answers["storefront"] == {200} for answers in rotation.answers.values())


def test_both_keys_work_in_between_and_the_first_no_more_at_the_end(rotation: Rotation) -> None:
    last = FUNCTIONS[-1]
    assert rotation.answers["before"]["second"] == {403}
    for when in (f"begin and {last}", "switch"):
        assert (rotation.answers[when]["first"], rotation.answers[when]["second"]) == ({200}, {200})
    for when in ("finish", f"finish and {last}"):
        assert (rotation.answers[when]["first"], rotation.answers[when]["second"]) == ({403}, {200})


def test_no_deployment_replaces_a_key(rotation: Rotation) -> None:
    both = ("aws_api_gateway_api_key.client", "aws_api_gateway_usage_plan_key.client")
    assert rotation.deployed == {
        "begin": {(f'{kind}["admin/2"]', "create") for kind in both},
        "switch": {('aws_secretsmanager_secret_version.client["admin"]', "delete create")},
        "finish": {(f'{kind}["admin"]', "delete") for kind in both},
    }


def test_validation_holds_no_deployment_up(rotation: Rotation) -> None:
    for lines in rotation.validated.values():
        said = [(line.split()[0], line.split()[2]) for line in lines if " client " in line]
        assert said == [("kept", "storefront")] * 6 + [("kept", "admin")] * 6


def test_steps_out_of_turn_are_refused_with_what_is_to_be_done(rotation: Rotation) -> None:
    infrastructure = "deploy 2_1_bbws_product_infrastructure: api_key_numbers is"
    nothing = "api_key_numbers [1]: next is nothing; begin starts a rotation"
    log = f"there is no log {ACCESS_LOG} to tell whether key 1 is still used: see --unused-for"
    said = {when: (status, lines[-1]) for when, (status, lines) in rotation.refused.items()}
    used = said.pop("finish while the first key is used")
    assert said == {
        "switch before begin": (1, f"error: switch doesn't follow on {nothing}"),
        "finish before begin": (1, f"error: finish doesn't follow on {nothing}"),
        "switch before begin is deployed": (
            1,
            f"error: too early: {infrastructure} [1, 2] in the settings, and [1] is deployed",
        ),
        "switch before any function is deployed": (
            1,
            f"error: too early: deploy {', '.join(FUNCTIONS)}: they don't know all keys yet",
        ),
        "switch before the last function is deployed": (
            1,
            f"error: too early: deploy {FUNCTIONS[-1]}: they don't know all keys yet",
        ),
        "finish before switch": (1, "error: finish doesn't follow on api_key_numbers [1, 2]: next is switch"),
        "finish before switch is deployed": (
            1,
            f"error: too early: {infrastructure} [2, 1] in the settings, and [1, 2] is deployed",
        ),
        "finish where no log tells whether the first key is used": (1, f"error: {log}"),
    }
    assert used[0] == 1
    assert re.fullmatch(r"error: key 1 was used at \S+ \S+ UTC: have its client read its secret again", used[1])


def test_each_step_says_how_far_the_rotation_is(environment: Environment, rotation: Rotation) -> None:
    first, second = "key 1 (id ID): in the secret of admin, known to all functions", "known to all functions"
    infrastructure = "next: deploy 2_1_bbws_product_infrastructure: api_key_numbers is"
    said = {
        step: (status, [re.sub(r"\(id \w+\)", "(id ID)", line) for line in lines])
        for step, (status, lines) in rotation.said.items()
    }
    begun = (0, [first, f"{infrastructure} [1, 2] in the settings, and [1] is deployed"])
    assert said == {
        "begin": begun,
        "begin again": begun,
        "switch": (
            0,
            [
                first,
                f"key 2 (id ID): valid too, {second}",
                f"{infrastructure} [2, 1] in the settings, and [1, 2] is deployed",
            ],
        ),
        "finish": (
            0,
            [
                f"key 2 (id ID): in the secret of admin, {second}",
                f"key 1 (id ID): valid too, {second}",
                f"{infrastructure} [2] in the settings, and [2, 1] is deployed",
            ],
        ),
        "status": (
            0,
            [f"key 2 (id ID): in the secret of admin, {second}", "next: nothing; begin starts a rotation"],
        ),
    }
    assert "\napi_key_numbers                  = { admin = [2] }\n" in environment.settings


def test_new_key_is_what_is_exported_then(environment: Environment, rotation: Rotation, tmp_path: Path) -> None:
    file = tmp_path / "keys.json"
    assert environment.run("export_api_keys.py", "local", "--output", str(file)).returncode == 0
    assert json.loads(file.read_text()) == {"admin": SECOND, "storefront": STOREFRONT}


def test_client_that_is_none_and_settings_that_are_not_plain_are_told(
    environment: Environment, rotation: Rotation
) -> None:
    assert environment.rotate("nobody", "status") == (
        1,
        ["error: local has no client nobody: its clients are admin, storefront"],
    )
    file = environment.repository / "terraform" / "environments" / "local.tfvars"
    settings = environment.settings
    file.write_text(settings.replace("{ admin = [2] }", "{ admin = [1 + 1] }"))
    try:
        assert environment.rotate("admin", "begin") == (
            1,
            ["error: environments/local.tfvars has no line api_key_numbers = { admin = [1], … }, or no plain one"],
        )
    finally:
        file.write_text(settings)


def test_version_that_gets_some_of_the_requests_has_to_know_the_key_too(
    environment: Environment, rotation: Rotation
) -> None:
    functions = boto3.client("lambda")
    live = functions.get_alias(FunctionName="bbws-get-product-local", Name="live")["FunctionVersion"]
    functions.update_function_configuration(
        FunctionName="bbws-get-product-local", Environment={"Variables": {"API_CLIENTS": "{}"}}
    )
    version = functions.publish_version(FunctionName="bbws-get-product-local")["Version"]
    functions.update_alias(
        FunctionName="bbws-get-product-local",
        Name="live",
        FunctionVersion=live,
        RoutingConfig={"AdditionalVersionWeights": {version: 0.1}},
    )
    try:
        status, said = environment.rotate("admin", "begin")
    finally:
        functions.update_alias(
            FunctionName="bbws-get-product-local",
            Name="live",
            FunctionVersion=live,
            RoutingConfig={"AdditionalVersionWeights": {}},
        )
    assert (status, said) == (1, ["error: too early: deploy get-product: they don't know all keys yet"])
