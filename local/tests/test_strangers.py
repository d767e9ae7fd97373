"""The local AWS keeps strangers out: pages in the developer's browser, and other users of the computer."""

from __future__ import annotations

import http.server
import json
import os
import shutil
import socket
import subprocess
import threading
import urllib.error
import urllib.request
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from botocore.exceptions import ClientError

from local import credentials, ministack
from local.layout import ACCOUNT_ID, REGION

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from local.layout import StackFolder

CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")

# What a page would try: to read, to write without a preflight, to run code, to throw everything away.
PAGE = """<!doctype html><title>working</title><script>
const aws = "http://localhost:%(port)s", seen = [], key = "X-Amz-Credential=%(account)s%%2F20261127%%2Feu-west-1%%2F";
async function attempt(name, path, options) {
  try {
    const answer = await fetch(aws + path, options);
    seen.push(`${name}: ${answer.type} ${answer.status} ${(await answer.text()).slice(0, 200)}`);
  } catch (error) { seen.push(`${name}: ${error.name}`); }
}
const form = new URLSearchParams({Action: "CreateQueue", QueueName: "from-a-page", Version: "2012-11-05"});
const act = async () => {
  await attempt("list buckets", "/?" + key + "s3%%2Faws4_request");
  await attempt("list buckets unsigned", "/");
  await attempt("read an object", "/secret-bucket/secret?" + key + "s3%%2Faws4_request");
  await attempt("send a form", "/?" + key + "sqs%%2Faws4_request", {method: "POST", body: form});
  await attempt("send blindly", "/?" + key + "sqs%%2Faws4_request", {method: "POST", body: form, mode: "no-cors"});
  await attempt("put an object", "/secret-bucket/secret?" + key + "s3%%2Faws4_request", {method: "PUT", body: "mine"});
  await attempt("reset", "/_ministack/reset", {method: "POST", mode: "no-cors"});
  await new Promise((done) => {
    const frame = document.createElement("iframe");
    frame.name = "frame"; frame.onload = done; document.body.append(frame);
    const sent = document.createElement("form");
    sent.action = aws + "/?" + key + "sqs%%2Faws4_request"; sent.method = "POST"; sent.target = "frame";
    for (const [name, value] of form) { const input = document.createElement("input"); input.name = name;
      input.value = value; sent.append(input); }
    document.body.append(sent); sent.submit(); setTimeout(done, 2000);
  });
  await new Promise((done) => { const image = new Image(); image.onload = () => { seen.push("image: loaded"); done(); };
    image.onerror = done; image.src = aws + "/secret-bucket/secret?" + key + "s3%%2Faws4_request"; });
  await fetch("/seen", {method: "POST", body: JSON.stringify(seen)});
};
window.onload = act;
</script><body>"""


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StackFolder]:
    """A MiniStack with a bucket, and in it something to be seen."""
    from local import layout

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(layout, "STATE", tmp_path_factory.mktemp("state"))
        folder = layout.StackFolder(ministack.free_port())
        folder.path.mkdir()
        ministack.start(folder)
        s3 = credentials.client(folder, "s3")
        s3.create_bucket(Bucket="secret-bucket", CreateBucketConfiguration={"LocationConstraint": REGION})
        s3.put_object(Bucket="secret-bucket", Key="secret", Body=b"not for strangers")
        yield folder
        ministack.stop(folder)


def asked(stack: StackFolder, path: str = "/", **headers: str) -> tuple[int, str]:
    """Return status and body of the answer to a request without credentials, unless headers bring some."""
    request = urllib.request.Request(f"{stack.endpoint_url}{path}", headers=headers)
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def names(stack: StackFolder) -> tuple[list[str], bytes, list[str]]:
    """Return what a page might have changed: buckets, the secret, queues."""
    s3, sqs = credentials.client(stack, "s3"), credentials.client(stack, "sqs")
    return (
        [bucket["Name"] for bucket in s3.list_buckets()["Buckets"]],
        s3.get_object(Bucket="secret-bucket", Key="secret")["Body"].read(),
        sqs.list_queues().get("QueueUrls", []),
    )


UNTOUCHED: tuple[list[str], bytes, list[str]] = (["secret-bucket"], b"not for strangers", [])


@pytest.fixture
def visited(stack: StackFolder, tmp_path: Path) -> list[str]:
    """What a page of another origin says that it saw, after Chromium opened it."""
    if CHROMIUM is None:
        pytest.skip("there is no Chromium on the PATH to open a page with")
    seen: list[str] = []
    told = threading.Event()

    class Site(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write((PAGE % {"port": stack.port, "account": ACCOUNT_ID}).encode())

        def do_POST(self) -> None:
            seen.extend(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(204)
            self.end_headers()
            told.set()

        def log_message(self, *arguments: Any) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Site) as site:
        threading.Thread(target=site.serve_forever, daemon=True).start()
        command = [CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking"]
        command += [f"--user-data-dir={tmp_path / 'browser'}", "--remote-debugging-port=0"]
        with (tmp_path / "chromium.log").open("wb") as log:
            browser = subprocess.Popen([*command, f"http://127.0.0.1:{site.server_port}/"], stdout=log, stderr=log)
        try:
            assert told.wait(60), (tmp_path / "chromium.log").read_text(errors="replace")[-2000:]
        finally:
            browser.terminate()
            browser.wait(20)
            site.shutdown()
    return seen


def test_page_of_another_origin_sees_and_changes_nothing(stack: StackFolder, visited: list[str]) -> None:
    assert len(visited) == 7
    for line in visited:
        # An opaque answer is one that the page can't read; what it asked for mustn't have happened either.
        assert line.endswith(": TypeError") or ": opaque 0 " in line, line
    assert names(stack) == UNTOUCHED


def test_host_that_was_made_to_mean_this_computer_is_refused(stack: StackFolder) -> None:
    token = {"X-Amz-Security-Token": ministack.root_token(stack)}

    for host in ("attacker.example", f"attacker.example:{stack.port}", "localhost:1", "localhost"):
        status, body = asked(stack, "/_ministack/ready", Host=host, **token)
        assert (status, "not the host" in body) == (403, True), host
    for host in (f"localhost:{stack.port}", f"127.0.0.1:{stack.port}", f"secret-bucket.localhost:{stack.port}"):
        assert asked(stack, "/_ministack/ready", Host=host)[0] == 200, host


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://attacker.example"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
    ids=str,
)
def test_request_of_a_page_is_refused_even_if_it_knew_the_token(stack: StackFolder, headers: dict[str, str]) -> None:
    token = {"X-Amz-Security-Token": ministack.root_token(stack)}

    assert asked(stack, "/", **token)[0] != 403
    assert asked(stack, "/", **token, **headers)[0] == 403
    assert asked(stack, "/_ministack/ready", **headers)[0] == 403


@pytest.mark.parametrize("path", ["products", "products/%0A", "products/a%0d%0a/changes"])
def test_page_may_call_an_api(stack: StackFolder, path: str) -> None:
    status, body = asked(stack, f"/restapis/none/local/_user_request_/v1.0/{path}", Origin="https://shop.example")

    assert "refused by the local AWS" not in body
    assert status != 200


@pytest.mark.parametrize(
    "path",
    [
        "/restapis",
        "/restapis/x/local/_user_request_evil",
        "/restapis/x/y/z/_user_request_/",
        "//restapis/x/local/_user_request_/",
        "/_ministack/reset",
        "/_ministack/health",
        "/_ministack/config",
        "/_ministack/lambda-code/some-function?account=000000000000&signature=0",
    ],
)
def test_whoever_has_no_token_is_refused(stack: StackFolder, path: str) -> None:
    assert asked(stack, path)[0] == 403


@pytest.mark.parametrize("token", [None, "", "another"])
@pytest.mark.parametrize("key", [ACCOUNT_ID, "111111111111", "test"])
def test_root_without_its_token_is_refused(stack: StackFolder, key: str, token: str | None) -> None:
    s3 = boto3.client(
        "s3",
        endpoint_url=stack.endpoint_url,
        region_name=REGION,
        aws_access_key_id=key,
        aws_secret_access_key="unused",
        aws_session_token=token,
    )

    with pytest.raises(ClientError, match="403"):
        s3.list_buckets()


@pytest.mark.parametrize(
    ("form", "headers", "is_served"),
    [
        (
            "Action=AssumeRoleWithWebIdentity&WebIdentityToken=x&RoleArn=x&RoleSessionName=x&Version=2011-06-15",
            {},
            True,
        ),
        ("Action=AssumeRoleWithWebIdentity&Action=ListQueues", {}, False),
        ("Action=ListQueues", {}, False),
        ("Action=AssumeRoleWithWebIdentity", {"Origin": "https://attacker.example"}, False),
        ("Action=AssumeRoleWithWebIdentity", {"X-Amz-Target": "AmazonSQS.ListQueues"}, False),
    ],
)
def test_only_an_identity_token_is_exchanged_without_the_root_s(
    stack: StackFolder, form: str, headers: dict[str, str], is_served: bool
) -> None:
    request = urllib.request.Request(stack.endpoint_url + "/", data=form.encode(), headers=headers)
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(request, timeout=10)

    assert ("refused by the local AWS" not in refused.value.read().decode()) is is_served


def test_token_is_for_its_owner_alone_and_not_for_functions(stack: StackFolder) -> None:
    assert stack.root_token.stat().st_mode & 0o077 == 0
    token = ministack.root_token(stack)
    process = ministack.running(stack)
    assert process is not None
    assert token not in stack.ministack_log.read_text(errors="replace")


def test_websocket_is_refused(stack: StackFolder) -> None:
    asking = (
        f"GET /_aws/execute-api/x/local HTTP/1.1\r\nHost: localhost:{stack.port}\r\nConnection: Upgrade\r\n"
        "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    )
    with socket.create_connection(("127.0.0.1", stack.port), 10) as connection:
        connection.sendall(asking.encode())
        assert connection.recv(100).startswith(b"HTTP/1.1 403")


def test_nothing_has_changed(stack: StackFolder) -> None:
    assert names(stack) == UNTOUCHED
    assert os.environ.get("ROOT_TOKEN") is None
