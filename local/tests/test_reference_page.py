from __future__ import annotations

import http.client
import json
import re
import socket
from contextlib import closing
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest

from local import node, page_server, reference_page, stack, teardown
from local.failure import Failure
from local.steps import Steps

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from local.layout import StackFolder

STACK = {
    "apiUrl": "http://localhost:4599/restapis/a1b2c3d4/local/_user_request_/v1.0",
    "apiKeys": {"admin": "the writer's", "storefront": "the reader's"},
}


@pytest.fixture
def pages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A reference page, written with something in place of its library."""
    library = tmp_path / "swagger-ui-dist"
    library.mkdir()
    for name in reference_page._LIBRARY_FILES:
        (library / name).write_text(f"the library's {name}")
    folder = tmp_path / "docs"
    reference_page.write(folder, library)
    monkeypatch.setattr(page_server, "REFERENCE_PAGE", folder)
    monkeypatch.setattr(reference_page, "REFERENCE_PAGE", folder)
    return folder


@pytest.fixture
def address(folder: StackFolder, pages: Path) -> Iterator[str]:
    """The address of the page beside a stack that is deployed."""
    folder.description.write_text(json.dumps(STACK))
    yield page_server.start(folder)
    page_server.stop(folder)


def get(address: str, path: str = "/", **headers: str) -> tuple[int, http.client.HTTPMessage, bytes]:
    with closing(http.client.HTTPConnection(urlsplit(address).netloc)) as connection:
        connection.request("GET", path, headers=headers)
        answer = connection.getresponse()
        return answer.status, answer.headers, answer.read()


def test_page_holds_the_whole_document_and_all_that_it_loads(pages: Path) -> None:
    script = (pages / "product-api.js").read_text()
    document = json.loads(script.removeprefix("window.productApi = ").removesuffix(";\n"))
    assert "/products/{productId}" in document["paths"]

    loaded = re.findall(r'(?:src|href)="([^"]*)"', (pages / "index.html").read_text())
    assert "swagger-ui-bundle.js" in loaded
    assert all((pages / name).is_file() for name in loaded)


def test_page_is_made_again_when_something_of_it_changes(pages: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(node, "prepare", lambda: "are there")
    monkeypatch.setattr(node, "package_folder", lambda package: pages.parent / package)
    assert reference_page.make() == "is there"

    changed = pages.parent / "product-api.yaml"
    changed.write_text("info: {title: changed}")
    monkeypatch.setattr(reference_page, "DOCUMENT", changed)

    assert reference_page.make() == "made"
    assert "changed" in (pages / "product-api.js").read_text()
    assert reference_page.make() == "is there"


def test_forms_are_not_filled_with_examples_that_exclude_each_other() -> None:
    schema = {"type": "string"}
    document = {
        "paths": {
            "/a/{id}": {
                "get": {
                    "parameters": [{"name": "id", "in": "path", "required": True, "schema": schema, "example": "x"}]
                }
            }
        },
        "components": {"parameters": {"n": {"name": "n", "in": "query", "schema": schema, "example": True}}},
    }

    written = reference_page.without_filled_in_examples(document)

    assert written["paths"] == document["paths"]
    assert written["components"] == {
        "parameters": {"n": {"name": "n", "in": "query", "schema": schema, "description": "\n\nExample: `true`"}}
    }


def test_page_gets_address_and_key_of_its_stack(address: str) -> None:
    status, _, body = get(address, "/config.json")

    assert status == 200
    assert json.loads(body) == {"server": STACK["apiUrl"], "client": "admin", "key": "the writer's"}


def test_key_is_not_for_pages_from_elsewhere(address: str) -> None:
    _, headers, _ = get(address, "/config.json", Origin="http://elsewhere.example")
    assert "Access-Control-Allow-Origin" not in headers
    assert headers["Cross-Origin-Resource-Policy"] == "same-origin"

    status, _, body = get(address, "/config.json", Host="elsewhere.example")
    assert status == 421
    assert b"writer" not in body


def test_page_may_reach_nothing_but_itself_and_its_api(address: str) -> None:
    _, headers, _ = get(address)

    policy = dict(part.strip().split(" ", 1) for part in headers["Content-Security-Policy"].split(";"))
    assert policy["default-src"] == "'none'"
    assert policy["connect-src"] == "'self' http://localhost:4599"
    assert policy["script-src"] == "'self'"


@pytest.mark.parametrize("path", ["/../stack.json", "/%2e%2e/stack.json", "/nothing.html"])
def test_nothing_but_the_page_is_served(address: str, path: str) -> None:
    assert get(address, path)[0] == 404


def test_page_says_nothing_of_a_stack_that_is_not_wholly_deployed(folder: StackFolder, pages: Path) -> None:
    address = page_server.start(folder)
    try:
        assert get(address)[0] == 200
        assert get(address, "/config.json")[0] == 404
    finally:
        page_server.stop(folder)


def test_page_is_served_on_this_computer_alone(address: str) -> None:
    port = urlsplit(address).port
    # An address of this computer on which only what binds every address answers.
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.2", port)) != 0


def test_page_is_served_once_and_at_the_same_address_again(folder: StackFolder, pages: Path) -> None:
    first = page_server.start(folder)
    served_by = folder.page_process.read_text()
    assert page_server.start(folder) == first == page_server.running(folder)
    assert folder.page_process.read_text() == served_by

    page_server.stop(folder)
    assert page_server.running(folder) is None

    try:
        assert page_server.start(folder) == first
    finally:
        page_server.stop(folder)


def test_page_moves_to_another_port_where_its_own_is_taken(folder: StackFolder, pages: Path) -> None:
    with page_server._listen(folder.port + page_server.PORTS_APART) as taken:
        address = page_server.start(folder)
        try:
            assert urlsplit(address).port != taken.getsockname()[1]
            assert get(address)[0] == 200
        finally:
            page_server.stop(folder)


def test_page_that_cannot_be_served_is_told(folder: StackFolder, pages: Path) -> None:
    (pages / "index.html").unlink()

    with pytest.raises(Failure, match="it isn't served"):
        page_server.start(folder)

    assert page_server.running(folder) is None


@pytest.mark.parametrize("end", [teardown.down, teardown.clean])
def test_page_goes_with_its_stack(
    end: object, folder: StackFolder, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(teardown, "chosen_stack", lambda: folder)
    assert callable(end)

    end()

    with pytest.raises(ConnectionRefusedError):
        get(address)


def test_stack_comes_up_without_a_page_that_cannot_be_made(
    folder: StackFolder, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail() -> str:
        raise Failure("npm can't be reached")

    monkeypatch.setattr(reference_page, "make", fail)
    from rich.console import Console

    with Steps(Console()) as steps:
        assert stack._serve_reference_page(folder, steps) is None

    assert re.search(r"failed +\d+\.\d s +reference page: npm can't be reached", capsys.readouterr().out)


def test_npm_says_why_the_page_cannot_be_made(pages: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> str:
        raise Failure("npm failed", "npm error code X\nnpm error request to there failed, reason: nobody listens\n")

    (pages / ".made-from").unlink()
    monkeypatch.setattr(node, "prepare", fail)

    with pytest.raises(Failure, match=r"npm can't fetch .*: request to there failed, reason: nobody listens"):
        reference_page.make()


def test_ports_of_the_highest_stacks_have_a_page_too() -> None:
    with page_server._listen(65535 + 1) as listener:
        assert listener.getsockname()[1] <= 65535
