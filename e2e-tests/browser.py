"""Chromium without a window, driven through its DevTools protocol."""

from __future__ import annotations

import base64
import json
import os
import shutil
import subprocess
import time
import urllib.request
from contextlib import contextmanager
from typing import TYPE_CHECKING, cast

from product_api import eventually
from websockets.sync.client import connect

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from product_api import Json
    from websockets.sync.client import ClientConnection

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")

# A bound, not a promise: browsers take long to start on a busy computer.
_STARTED_WITHIN_SECONDS = 60.0


class PageFailed(Exception):
    """A script that was run in a page threw something."""


def find_chromium() -> str | None:
    """Return the path of a Chromium, or of the one that ``CHROMIUM`` names; None if there is none."""
    return next(filter(None, map(shutil.which, [os.environ.get("CHROMIUM", ""), *NAMES])), None)


class Page:
    """A page in a browser.

    Parameters
    ----------
    connection
        The page's DevTools connection.
    """

    def __init__(self, connection: ClientConnection) -> None:
        self._connection = connection
        self._calls = 0
        self._events: list[Json] = []
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.call(f"{domain}.enable")

    def call(self, method: str, **parameters: object) -> Json:
        """Call a method of the protocol and return its result."""
        self._calls += 1
        self._connection.send(json.dumps({"id": self._calls, "method": method, "params": parameters}))
        while True:
            message = cast("Json", json.loads(self._connection.recv()))
            if message.get("id") == self._calls:
                assert "error" not in message, message
                return cast("Json", message["result"])
            self._events.append(message)

    def run(self, script: str) -> object:
        """Return the value of an expression in the page, awaited if it is a promise.

        Raises
        ------
        PageFailed
            If it throws.
        """
        answer = self.call("Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True)
        if "exceptionDetails" in answer:
            raise PageFailed(json.dumps(answer["exceptionDetails"]))
        return cast("Json", answer["result"]).get("value")

    def type_into(self, selector: str, text: str) -> None:
        """Put a text in place of what is in a field, once the field is there."""
        eventually(lambda: self.run(f"!!document.querySelector({json.dumps(selector)})"), f"{selector} is there")
        self.run(f"document.querySelector({json.dumps(selector)}).select()")
        self.call("Input.insertText", text=text)
        # A field may wait for more until it is left.
        self.run("document.activeElement.blur()")

    def events(self, method: str) -> list[Json]:
        """Return the parameters of the events of one kind that came so far."""
        return [cast("Json", event["params"]) for event in self._events if event.get("method") == method]

    def complaints(self) -> list[str]:
        """Return the errors and warnings on the console, the browser's own included, and what scripts threw."""
        thrown = [json.dumps(event) for event in self.events("Runtime.exceptionThrown")]
        said = [json.dumps(e) for e in self.events("Runtime.consoleAPICalled") if e["type"] in ("error", "warning")]
        entries = (cast("Json", event["entry"]) for event in self.events("Log.entryAdded"))
        noted = [json.dumps(entry) for entry in entries if entry["level"] in ("error", "warning")]
        return thrown + said + noted

    def requested_urls(self) -> list[str]:
        """Return the address of every request that the page made, preflights included."""
        sent = self.events("Network.requestWillBeSent")
        return [str(cast("Json", event["request"])["url"]) for event in sent]

    def photograph(self, file: Path) -> None:
        """Keep a picture of what is in view, as PNG."""
        picture = self.call("Page.captureScreenshot", format="png")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(base64.b64decode(str(picture["data"])))


@contextmanager
def empty_page(chromium: str, folder: Path, width: int, height: int) -> Iterator[Page]:
    """Start a browser with one empty page, and end it afterwards.

    Parameters
    ----------
    chromium
        The browser's path.
    folder
        An empty folder for what it keeps.
    width, height
        The size of what is in view, in CSS pixels.
    """
    with (folder / "browser.log").open("wb") as log:
        process = subprocess.Popen(
            [
                chromium,
                "--headless",
                # Its sandbox isn't available everywhere, and it sees one page only, the project's own.
                "--no-sandbox",
                "--disable-gpu",
                "--disable-background-networking",
                "--no-first-run",
                f"--user-data-dir={folder / 'profile'}",
                "--remote-debugging-port=0",
                "about:blank",
            ],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
        )
    try:
        with connect(_address(process, folder), proxy=None, max_size=None) as connection:
            page = Page(connection)
            page.call(
                "Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False
            )
            yield page
            # It stops in order, and so do its own processes.
            page.call("Browser.close")
    finally:
        try:
            process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            process.terminate()
            process.wait()


def _address(process: subprocess.Popen[bytes], folder: Path) -> str:
    """Return the address of the DevTools connection of a browser's only page, once it is there."""
    # Holds the port that it chose.
    file = folder / "profile" / "DevToolsActivePort"
    deadline = time.monotonic() + _STARTED_WITHIN_SECONDS
    while not (file.exists() and file.read_text().count("\n")):
        log = (folder / "browser.log").read_text(errors="replace")[-2000:]
        assert process.poll() is None, f"the browser ended: {log}"
        assert time.monotonic() < deadline, f"the browser doesn't start: {log}"
        time.sleep(0.05)
    port = file.read_text().splitlines()[0]
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/json/list") as answer:
        targets = json.load(answer)
    return str(next(target["webSocketDebuggerUrl"] for target in targets if target["type"] == "page"))
