"""What the tests of the deployment scripts stand on: the account of an environment, a Terraform that plays, a commit.

All is played at the border of the script's process: AWS by moto, Terraform by a program on the PATH.
"""

from __future__ import annotations

import base64
import contextlib
import importlib
import io
import json
import os
import signal
import stat
import subprocess
import sys
import threading
import zipfile
from dataclasses import dataclass
from functools import cache, partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, NamedTuple

import boto3
import pytest
from botocore.exceptions import ClientError
from moto.awslambda.responses import LambdaResponse
from moto.core import config as moto_config

import smoke_test
from deployment import content, deployable, names, terraform

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from botocore.config import Config

ACCOUNTS = {environment: terraform.account_id(environment) for environment in terraform.environments()}
# What moto would run in Docker is answered here.
moto_config.default_user_config["lambda"]["use_docker"] = False
SESSION = boto3.Session()

TERRAFORM = """#!{python} -S
import json, os, signal, sys, time
from pathlib import Path
folder = Path({folder!r})
arguments = [argument for argument in sys.argv[1:] if not argument.startswith("-chdir=")]
with (folder / "calls.jsonl").open("a") as calls:
    calls.write(json.dumps(arguments) + "\\n")
act = json.loads((folder / "acts.json").read_text()).get(arguments[0], {{}})
for argument in arguments:
    if argument.startswith("-out="):
        Path(argument[5:]).write_bytes(act.get("plan", "a plan").encode())
if act.get("waits"):
    interruptions = []
    signal.signal(signal.SIGINT, lambda *_: interruptions.append(1))
    (folder / "waiting.new").write_text(str(os.getpid()))
    (folder / "waiting.new").rename(folder / "waiting")
    while not interruptions:
        time.sleep(0.05)
    print("breaking off", flush=True)
    # Whoever is interrupted again would hear of it by now.
    time.sleep(0.5)
    (folder / "interruptions").write_text(str(len(interruptions)))
    sys.exit("interrupted, in order")
print(act.get("says", ""), flush=True)
print(act.get("complains", ""), file=sys.stderr)
sys.exit(act.get("status", 0))
"""


class Terraform:
    """A program on the PATH that does what it is told.

    Attributes
    ----------
    acts : dict
        For each command, such as ``plan``: what it ``says`` and ``complains``, its ``status``, the ``plan`` that it
        writes, and whether it ``waits`` to be interrupted.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.acts: dict[str, dict[str, Any]] = {}
        program = folder / "bin" / "terraform"
        program.parent.mkdir()
        program.write_text(TERRAFORM.format(python=sys.executable, folder=str(folder)))
        program.chmod(program.stat().st_mode | stat.S_IXUSR)
        self.program = program
        self.act("plan", says="Plan: 0 to add, 1 to change, 0 to destroy.", status=2)
        (folder / "calls.jsonl").touch()

    def act(self, command: str, **how: Any) -> None:
        """Say how it is to act."""
        self.acts[command] = how
        (self._folder / "acts.json").write_text(json.dumps(self.acts))

    def calls(self, command: str) -> list[list[str]]:
        """Return the arguments of every call of a command."""
        lines = (self._folder / "calls.jsonl").read_text().splitlines()
        return [call for call in map(json.loads, lines) if call[0] == command]

    @property
    def is_waiting(self) -> bool:
        """Whether it runs and waits to be interrupted."""
        return (self._folder / "waiting").exists()

    @property
    def process_id(self) -> int:
        return int((self._folder / "waiting").read_text())

    @property
    def has_ended_in_order(self) -> bool:
        """Whether it did all that it does when it is interrupted."""
        return (self._folder / "interruptions").exists()

    @property
    def interruptions(self) -> int:
        """How often it was interrupted."""
        return int((self._folder / "interruptions").read_text())

    def kill(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.process_id, signal.SIGKILL)


class Account:
    """What the state bucket and the functions of an environment are like.

    Attributes
    ----------
    name : str
        What Lambda calls the function that is meant: this repository's, until another name is given.
    invocations : list of str
        Which versions were invoked, in order.
    events : list of dict
        What they were invoked with.
    answers : dict
        What a version answers, where that isn't what is expected of it; a list answers one after the other.
    log : str or list of str
        The end of each invocation's log; of a list, the last one stays.
    """

    def __init__(self, environment: str) -> None:
        self.environment = environment
        self.region = "af-south-1" if environment == "prod" else "eu-west-1"
        self.bucket = f"bbws-terraform-state-{environment}"
        self.name = names.function_in(environment, names.function_of(deployable.NAME))
        self.invocations: list[str] = []
        self.events: list[Any] = []
        self.answers: dict[str, Any] = {}
        self.log: str | list[str] = ""
        self.s3 = boto3.client("s3", region_name=self.region)
        self.lambda_ = boto3.client("lambda", region_name=self.region)
        self.s3.create_bucket(Bucket=self.bucket, CreateBucketConfiguration={"LocationConstraint": self.region})  # type: ignore[typeddict-item]
        secrets = boto3.client("secretsmanager", region_name=self.region)
        for client in ("admin", "storefront"):
            secrets.create_secret(Name=f"bbws/product-api/{environment}/{client}", SecretString=f"key-of-{client}")

    def keys(self, prefix: str = "") -> list[str]:
        """Return the keys of the objects in the state bucket."""
        found = self.s3.list_objects_v2(Bucket=self.bucket, Prefix=prefix)
        return [entry["Key"] for entry in found.get("Contents", [])]

    def put(self, key: str, body: bytes | str) -> None:
        self.s3.put_object(Bucket=self.bucket, Key=key, Body=body)

    def get(self, key: str) -> Any:
        return json.loads(self.s3.get_object(Bucket=self.bucket, Key=key)["Body"].read())

    def state(self, name: str, **outputs: object) -> None:
        """Put a Terraform state with outputs into the bucket."""
        values = {output: {"value": value} for output, value in outputs.items()}
        self.put(f"{name}/terraform.tfstate", json.dumps({"outputs": values}))

    def publish(self, code: str, description: str = "", **settings: str) -> str:
        """Publish a version with some code, the first time with the function and its alias, and return its number."""
        try:
            self.lambda_.update_function_code(FunctionName=self.name, ZipFile=package(code))
        except self.lambda_.exceptions.ResourceNotFoundException:
            role = boto3.client("iam").create_role(RoleName=self.name, AssumeRolePolicyDocument="{}")["Role"]["Arn"]
            self.lambda_.create_function(
                FunctionName=self.name,
                Role=role,
                Runtime="python3.12",
                Handler="handler.handler",
                Architectures=["arm64"],
                Code={"ZipFile": package(code)},
            )
        self.configure(**settings)
        version = self.lambda_.publish_version(FunctionName=self.name, Description=description)["Version"]
        if version == "1":
            self.lambda_.create_alias(FunctionName=self.name, Name="live", FunctionVersion="1")
        return version

    def configure(self, **settings: str) -> None:
        """Change the settings of the function, and publish nothing."""
        environment: Any = {"Variables": settings}
        self.lambda_.update_function_configuration(FunctionName=self.name, Environment=environment)

    def make_live(self, version: str, **weights: float) -> None:
        self.lambda_.update_alias(
            FunctionName=self.name,
            Name="live",
            FunctionVersion=version,
            RoutingConfig={"AdditionalVersionWeights": {number.removeprefix("v"): w for number, w in weights.items()}},
        )

    def live(self) -> tuple[str, dict[str, float]]:
        """Return the version that callers get, and the weights of others."""
        alias = self.lambda_.get_alias(FunctionName=self.name, Name="live")
        return alias["FunctionVersion"], alias.get("RoutingConfig", {}).get("AdditionalVersionWeights", {})

    def published(self) -> list[str]:
        """Return the numbers of the versions that are there."""
        found = self.lambda_.list_versions_by_function(FunctionName=self.name)["Versions"]
        return [version["Version"] for version in found if version["Version"] != "$LATEST"]

    def code_sha256(self, version: str) -> str:
        return self.lambda_.get_function_configuration(FunctionName=self.name, Qualifier=version)["CodeSha256"]

    def settings(self, version: str) -> dict[str, str]:
        configuration = self.lambda_.get_function_configuration(FunctionName=self.name, Qualifier=version)
        return configuration["Environment"]["Variables"]

    def raise_alarm(self, name: str, state: str = "ALARM") -> None:
        """Have an alarm in a state, made if it isn't there."""
        cloudwatch = boto3.client("cloudwatch", region_name=self.region)
        cloudwatch.put_metric_alarm(
            AlarmName=name,
            Namespace="AWS/Lambda",
            MetricName="Errors",
            Statistic="Sum",
            Period=60,
            EvaluationPeriods=1,
            Threshold=0,
            ComparisonOperator="GreaterThanThreshold",
        )
        cloudwatch.set_alarm_state(AlarmName=name, StateValue=state, StateReason="a test")


def package(code: str) -> bytes:
    """Return a zip whose bytes follow from its code."""
    content_of_zip = io.BytesIO()
    with zipfile.ZipFile(content_of_zip, "w") as archive:
        archive.writestr(zipfile.ZipInfo("handler.py", (1980, 1, 1, 0, 0, 0)), code)
    return content_of_zip.getvalue()


@pytest.fixture
def sign_in(empty_aws: None, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Return a function that gives the clients that are made from then on an environment's account."""

    def sign(environment: str) -> None:
        monkeypatch.setattr(boto3, "client", partial(_client, ACCOUNTS[environment]))

    return sign


@cache
def _client(account: str, service: str, region_name: str | None = None, config: Config | None = None) -> Any:
    """Return a client of an account; making one takes longer than most of these tests."""
    client = SESSION.client(service, region_name=region_name, config=config)  # type: ignore[call-overload]
    client.meta.events.register(
        "before-sign", lambda request, **_: request.headers.add_header("x-moto-account-id", account)
    )
    return client


@pytest.fixture
def account_of(sign_in: Callable[[str], None], monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Account]:
    """Return a function that makes the account of an environment, with no function in it."""

    def make(environment: str) -> Account:
        sign_in(environment)
        account = Account(environment)

        def invoke(request: LambdaResponse) -> tuple[int, dict[str, str], str]:
            version = str(request._get_param("Qualifier"))
            account.invocations.append(version)
            account.events.append(json.loads(request.body))
            expected = json.loads(smoke_test.PLAN.read_text())["invocation"]["expected"]
            answer = account.answers.get(version, expected)
            if isinstance(answer, list):
                answer = answer.pop(0) if answer else expected
            crashed = {"x-amz-function-error": "Unhandled"} if "errorMessage" in answer else {}
            shown = account.log
            if isinstance(shown, list):
                shown = shown.pop(0) if len(shown) > 1 else shown[0]
            log = base64.b64encode(shown.encode()).decode()
            return 200, {"status": "200", "x-amz-log-result": log, **crashed}, json.dumps(answer)

        monkeypatch.setattr(LambdaResponse, "invoke", invoke)
        return account

    return make


@pytest.fixture
def dev(account_of: Callable[[str], Account]) -> Account:
    """The account of dev, with no function in it."""
    return account_of("dev")


@pytest.fixture
def refused_by_s3(request: pytest.FixtureRequest) -> Callable[[Account], None]:
    """Return a function that has S3 refuse every call of the script's, until the test's end."""

    def refuse(account: Account) -> None:
        def deny(**_: Any) -> None:
            raise ClientError({"Error": {"Code": "AccessDenied"}}, "AnyOperation")

        events = account.s3.meta.events
        events.register("before-call.s3", deny)
        request.addfinalizer(lambda: events.unregister("before-call.s3", deny))

    return refuse


@pytest.fixture
def terraform_program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Terraform:
    """A ``terraform`` on the PATH that plays."""
    folder = tmp_path / "terraform"
    folder.mkdir()
    program = Terraform(folder)
    monkeypatch.setenv("PATH", f"{program.program.parent}:/usr/bin:/bin")
    return program


@pytest.fixture
def without_package(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let what is deployed have no package, as the infrastructure has none, and nothing that it has to wait for."""
    monkeypatch.setattr(deployable, "PACKAGE", None)
    monkeypatch.setattr(deployable, "variables", dict)
    monkeypatch.setattr(deployable, "check_package", lambda environment: "")
    monkeypatch.setattr(deployable, "check_order", lambda environment: None)
    monkeypatch.setattr(deployable, "applied", lambda environment, outputs: {"address": str(outputs["address"])})


@pytest.fixture
def commit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], str]:
    """Return a function that commits some content of the repository and returns the hash of its tree.

    The repository is a folder among others.
    """
    root = tmp_path / "tree"
    folder = root / "2_1_bbws_repository"
    folder.mkdir(parents=True)
    monkeypatch.setattr(content, "FOLDER", folder)

    def git(*arguments: str) -> str:
        command = ["git", "-C", str(folder), "-c", "user.name=test", "-c", "user.email=test@bbws.example", *arguments]
        return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout.strip()

    git("init", "--quiet", "--template=", str(root))

    def make(text: str) -> str:
        (folder / "handler.py").write_text(text)
        git("add", "--all")
        git("commit", "--quiet", "--allow-empty", "--message", "test")
        return git("rev-parse", "HEAD:./")

    return make


class Request(NamedTuple):
    """A request that came."""

    method: str
    path: str
    key: str | None
    body: Any


class Api:
    """The API of an environment, which a product goes through in one step.

    Attributes
    ----------
    product : str
        The id of every product that is made.
    requests : list of Request
        Those that came.
    answers : dict
        By method: what to answer to requests of it, one after the other, before the usual: status and body.
    """

    product = "3f2b8c1e-5d4a-4b6f-9c7e-8a1d2e3f4a5b"

    def __init__(self) -> None:
        self.requests: list[Request] = []
        self.answers: dict[str, list[tuple[int, Any]]] = {}
        self.products: set[str] = set()
        api = self

        class Handler(BaseHTTPRequestHandler):
            def answer(self) -> None:
                length = int(self.headers.get("content-length", 0))
                body = json.loads(self.rfile.read(length)) if length else None
                request = Request(self.command, self.path, self.headers.get("x-api-key"), body)
                api.requests.append(request)
                waiting = api.answers.get(request.method)
                status, answered = waiting.pop(0) if waiting else api.usual(request)
                content = b"" if answered is None else json.dumps(answered).encode()
                self.send_response(status)
                self.send_header("ETag", '"1"')
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            # The names that the standard library asks for.
            do_GET = do_POST = do_PUT = do_DELETE = answer  # noqa: N815

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True).start()

    def usual(self, request: Request) -> tuple[int, Any]:
        there = request.path.rpartition("/")[2] in self.products
        if request.method == "POST":
            self.products.add(self.product)
            return 202, {"productId": self.product, "changeId": "a change"}
        if request.method == "DELETE" and there:
            self.products.clear()
            return 204, None
        if "?" in request.path:
            return 200, {"count": 1, "products": []}
        return (200 if request.method == "GET" else 202, {"product": {}}) if there else (404, {"error": "NotFound"})

    @property
    def sent(self) -> list[str]:
        return [request.method for request in self.requests]


@pytest.fixture
def api(monkeypatch: pytest.MonkeyPatch) -> Iterator[Api]:
    """An API where everything goes well, unless it is told otherwise; nobody waits between two attempts."""
    made = Api()
    monkeypatch.setenv("API_URL", f"http://127.0.0.1:{made.server.server_port}/v1.0/")
    monkeypatch.setattr(smoke_test, "PAUSE_SECONDS", 0.001)
    yield made
    made.server.shutdown()
    made.server.server_close()


@pytest.fixture
def plan(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Return a function that says what is to be tried, in place of this repository's smoke_test.json."""

    def say(**what: Any) -> None:
        file = tmp_path / "smoke_test.json"
        file.write_text(json.dumps(what))
        monkeypatch.setattr(smoke_test, "PLAN", file)

    return say


@dataclass(frozen=True)
class Ended:
    """How a script ended: its exit status and what it printed."""

    status: int
    out: str
    err: str

    @property
    def values(self) -> dict[str, str]:
        """The values among the lines that it printed."""
        return dict(line.split("=", 1) for line in self.out.splitlines() if "=" in line and " " not in line)


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., Ended]:
    """Return a function that runs a script with a command line: ``run("plan", "dev")``."""

    def call(script: str, *arguments: str) -> Ended:
        capsys.readouterr()
        monkeypatch.setattr(sys, "argv", [f"{script}.py", *arguments])
        status = 0
        try:
            importlib.import_module(script).main()
        except SystemExit as end:
            if isinstance(end.code, str):
                # What the interpreter does with a text.
                print(end.code, file=sys.stderr)
            status = end.code if isinstance(end.code, int) else 1
        printed = capsys.readouterr()
        return Ended(status, printed.out, printed.err)

    return call
