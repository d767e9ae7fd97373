"""What Terraform itself refuses, told in one line: the real one, at work on a root that needs no provider."""

from __future__ import annotations

import json
import shutil
import threading
import zipfile
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

import pytest
from tests.unit.scripts.conftest import ACCOUNTS

import apply
from deployment import deployable, state_bucket, terraform

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from conftest import Account, Ended

pytestmark = [
    pytest.mark.skipif(shutil.which("terraform") is None, reason="terraform is not on the PATH"),
    pytest.mark.usefixtures("without_package", "dev"),
]

STATE = f"{deployable.NAME}/terraform.tfstate"
ROOT = """
terraform {
  backend "s3" {}
}

variable "account_id" {}
variable "region" {}

resource "terraform_data" "something" {}
"""
IDENTITY = (
    f"<GetCallerIdentityResponse><GetCallerIdentityResult><Arn>arn:aws:iam::{ACCOUNTS['dev']}:user/test</Arn>"
    f"<UserId>1</UserId><Account>{ACCOUNTS['dev']}</Account></GetCallerIdentityResult></GetCallerIdentityResponse>"
)


class S3(ThreadingHTTPServer):
    """S3 as far as a backend of Terraform needs it, with one bucket; and who it is.

    Attributes
    ----------
    objects : dict
        By key.
    refusal : tuple or None
        Status and code that every request to the bucket gets.
    """

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.objects: dict[str, bytes] = {}
        self.refusal: tuple[int, str] | None = None

    def answer(self, method: str, path: str, body: bytes, *, only_new: bool) -> tuple[int, bytes]:
        """Return status and body."""
        path, _, query = path.partition("?")
        key = path.lstrip("/").partition("/")[2]
        if b"Action=GetCallerIdentity" in body:
            return 200, IDENTITY.encode()
        if self.refusal:
            return _error(*self.refusal)
        if "list-type" in query:
            return 200, b"<ListBucketResult/>"
        if method == "PUT":
            if only_new and key in self.objects:
                return _error(412, "PreconditionFailed")
            self.objects[key] = body
            return 200, b""
        if method == "DELETE":
            self.objects.pop(key, None)
            return 204, b""
        return (200, self.objects[key]) if key in self.objects else _error(404, "NoSuchKey")


def _error(status: int, code: str) -> tuple[int, bytes]:
    return status, f"<Error><Code>{code}</Code></Error>".encode()


class _Handler(BaseHTTPRequestHandler):
    server: S3
    protocol_version = "HTTP/1.1"

    def answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        only_new = self.headers.get("if-none-match") == "*"
        status, content = self.server.answer(self.command, self.path, body, only_new=only_new)
        self.send_response(status)
        self.send_header("content-length", str(len(content)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    # The names that the standard library asks for.
    do_GET = do_HEAD = do_PUT = do_POST = do_DELETE = answer  # noqa: N815

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def s3() -> Iterator[S3]:
    server = S3()
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def backend(s3: S3) -> str:
    """The settings of a backend in S3."""
    address = f"http://127.0.0.1:{s3.server_port}"
    return f"""
bucket         = "bbws-terraform-state-dev"
region         = "eu-west-1"
use_lockfile   = true
use_path_style = true
endpoints      = {{ s3 = "{address}", sts = "{address}" }}
"""


@pytest.fixture(autouse=True)
def root(backend: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Return the folder of a root, in place of this repository's."""
    folder = tmp_path / "root"
    (folder / "environments").mkdir(parents=True)
    (folder / "main.tf").write_text(ROOT)
    variables = f'account_id = "{ACCOUNTS["dev"]}"\nregion = "eu-west-1"\n'
    (folder / "environments" / "dev.tfvars").write_text(variables)
    (folder / "environments" / "dev.s3.tfbackend").write_text(backend)
    monkeypatch.setattr(terraform, "ROOT", folder)
    # It asks nobody for a newer one.
    monkeypatch.setenv("CHECKPOINT_DISABLE", "1")
    monkeypatch.delenv("TF_DATA_DIR", raising=False)
    return folder


@pytest.fixture
def planned(run: Callable[..., Ended]) -> Callable[[], list[str]]:
    """Return a function that plans, and returns the arguments with which scripts/apply.py takes the plan."""

    def plan() -> list[str]:
        ended = run("plan", "dev")
        assert ended.status == 0, ended.err
        return ["--plan-checksum", ended.values["plan-checksum"]]

    return plan


@pytest.fixture
def replaced(dev: Account) -> Callable[[bytes], list[str]]:
    """Return a function that keeps anything as the plan of this content, and returns the arguments that name it."""

    def keep(content: bytes) -> list[str]:
        checksum = state_bucket.sha256(content)
        dev.put(state_bucket.planned(deployable.NAME, apply.content.name(), checksum, "tfplan"), content)
        return ["--plan-checksum", checksum]

    return keep


def test_what_is_planned_is_applied_and_the_lock_is_let_go(
    s3: S3, dev: Account, planned: Callable[[], list[str]], run: Callable[..., Ended]
) -> None:
    dev.state(deployable.NAME, address="something")

    ended = run("apply", "dev", *planned())

    assert ended.status == 0, ended.err
    assert "terraform_data.something: Creation complete" in ended.out
    assert list(s3.objects) == [STATE]


def test_lock_that_somebody_holds_is_told_with_its_holder_and_stays(s3: S3, run: Callable[..., Ended]) -> None:
    lock = {"ID": "1", "Operation": "OperationTypeApply", "Who": "runner@fv-az1", "Created": "2026-11-22T08:00:00Z"}
    s3.objects[f"{STATE}.tflock"] = json.dumps(lock).encode()

    ended = run("plan", "dev")

    said = "error: another deployment to dev is running: runner@fv-az1 holds the lock of the state."
    assert ended.status == 1
    assert ended.err.startswith(said)
    assert ended.err.count("\n") == 1
    assert list(s3.objects) == [f"{STATE}.tflock"]


@pytest.mark.parametrize(
    ("refusal", "said"),
    [
        ((404, "NoSuchBucket"), "the state bucket bbws-terraform-state-dev does not exist: make it first"),
        ((403, "AccessDenied"), "these credentials may not read the state bucket bbws-terraform-state-dev"),
    ],
)
def test_state_bucket_that_cannot_be_read_is_told(
    s3: S3, run: Callable[..., Ended], refusal: tuple[int, str], said: str
) -> None:
    s3.refusal = refusal

    ended = run("plan", "dev")

    assert (ended.status, ended.err) == (1, f"error: {said}\n")


@pytest.mark.parametrize(
    ("outputs", "said"),
    [
        (None, "the infrastructure of dev has no state: deploy 2_1_bbws_product_infrastructure first"),
        (
            {"table_name": {"value": "bbws-products-dev", "type": "string"}},
            'the infrastructure of dev has no output "table_arn": deploy 2_1_bbws_product_infrastructure first',
        ),
    ],
)
def test_infrastructure_that_is_missing_or_too_old_is_told(
    s3: S3, root: Path, backend: str, run: Callable[..., Ended], outputs: object, said: str
) -> None:
    key = "2_1_bbws_product_infrastructure/terraform.tfstate"
    if outputs is not None:
        state = {"version": 4, "terraform_version": "1.11.0", "serial": 1, "lineage": "1", "resources": []}
        s3.objects[key] = json.dumps({**state, "outputs": outputs}).encode()
    (root / "needs.tf").write_text(f"""
data "terraform_remote_state" "infrastructure" {{
  backend = "s3"
  config = {{
    key = "{key}"
    {backend}
  }}
}}

output "table_arn" {{
  value = data.terraform_remote_state.infrastructure.outputs.table_arn
}}
""")

    ended = run("plan", "dev")

    assert (ended.status, ended.err) == (1, f"error: {said}\n")


def test_plan_that_is_older_than_the_state_is_not_applied(
    s3: S3, dev: Account, root: Path, planned: Callable[[], list[str]], run: Callable[..., Ended]
) -> None:
    dev.state(deployable.NAME, address="something")
    older = planned()
    (root / "another.tf").write_text('resource "terraform_data" "another" {}\n')
    assert run("apply", "dev", *planned()).status == 0
    before = dict(s3.objects)

    ended = run("apply", "dev", *older)

    said = (
        "error: this plan is older than the state of dev, which another deployment changed since: run scripts/plan.py"
    )
    assert ended.status == 1
    assert ended.err.startswith(said)
    assert s3.objects == before


def test_plan_of_another_terraform_is_not_applied(
    dev: Account,
    planned: Callable[[], list[str]],
    replaced: Callable[[bytes], list[str]],
    run: Callable[..., Ended],
    tmp_path: Path,
) -> None:
    ended = run("apply", "dev", *replaced(rewritten(dev, planned(), tmp_path, lambda plan: plan.replace(b"1.", b"0."))))

    assert ended.status == 1
    assert ended.err.startswith("error: this plan was made by Terraform 0.")
    assert ended.err.endswith("run scripts/plan.py again, with the same version\n")


def test_what_is_no_plan_is_not_applied(replaced: Callable[[bytes], list[str]], run: Callable[..., Ended]) -> None:
    ended = run("apply", "dev", *replaced(b"something else"))

    assert (ended.status, ended.err) == (1, "error: this plan can't be read: run scripts/plan.py again\n")


def test_plan_that_is_damaged_is_not_applied(
    dev: Account,
    planned: Callable[[], list[str]],
    replaced: Callable[[bytes], list[str]],
    run: Callable[..., Ended],
    tmp_path: Path,
) -> None:
    ended = run("apply", "dev", *replaced(rewritten(dev, planned(), tmp_path, lambda _: b"")))

    assert (ended.status, ended.err) == (1, "error: this plan can't be read: run scripts/plan.py again\n")


def rewritten(dev: Account, arguments: list[str], folder: Path, rewrite: Callable[[bytes], bytes]) -> bytes:
    """Return a plan that was kept, with its inner file ``tfplan`` rewritten."""
    (key,) = (key for key in dev.keys("plans/") if arguments[1] in key)
    body = dev.s3.get_object(Bucket=dev.bucket, Key=key)["Body"].read()
    (folder / "plan").write_bytes(body)
    with zipfile.ZipFile(folder / "plan") as old, zipfile.ZipFile(folder / "rewritten", "w") as new:
        for name in old.namelist():
            new.writestr(name, rewrite(old.read(name)) if name == "tfplan" else old.read(name))
    return (folder / "rewritten").read_bytes()
