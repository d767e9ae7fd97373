"""``make docs``: makes the reference page, a static page that shows the OpenAPI document and sends requests.

It is Swagger UI with everything it needs beside it: it loads nothing from anywhere else.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, cast

from local.failure import Failure
from local.layout import INFRASTRUCTURE, REFERENCE_PAGE, ROOT, STATE
from local.locking import locked

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

DOCUMENT = ROOT / INFRASTRUCTURE / "openapi" / "product-api.yaml"
OWN_FILES = ROOT / "local" / "page"

_LIBRARY = "swagger-ui-dist"
_LIBRARY_FILES = (
    "favicon-32x32.png",
    "swagger-ui.css",
    "swagger-ui-bundle.js",
    "swagger-ui-bundle.js.LICENSE.txt",
    "LICENSE",
    "NOTICE",
)


def docs() -> int:
    """Make the page and say where it is."""
    print(f"{REFERENCE_PAGE / 'index.html'}: {make()}")
    return 0


def make() -> str:
    """Make the page, unless it is there as it should be.

    Returns
    -------
    str
        What was found, in a few words.

    Raises
    ------
    Failure
        If its library can't be fetched.
    """
    if _is_current():
        return "is there"
    # Starting without these is faster, and mostly the page is there.
    from local import node

    with locked(STATE / "reference-page.lock"):
        if _is_current():
            return "is there"
        try:
            node.prepare()
        except Failure as failure:
            raise Failure(f"npm can't fetch what it is made with: {_reason(failure)}", failure.details) from None
        write(REFERENCE_PAGE, node.package_folder(_LIBRARY))
        return "made"


def write(folder: Path, library: Path) -> None:
    """Write the page's files in place of what was in a folder.

    Parameters
    ----------
    folder
        Where they go.
    library
        Swagger UI's files.
    """
    import yaml

    unfinished = folder.with_suffix(".unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    shutil.copytree(OWN_FILES, unfinished)
    for name in _LIBRARY_FILES:
        shutil.copy(library / name, unfinished)
    document = without_filled_in_examples(yaml.safe_load(DOCUMENT.read_text(encoding="utf-8")))
    # A script, because a page that was opened from a file may read no other.
    (unfinished / "product-api.js").write_text(f"window.productApi = {json.dumps(document)};\n", encoding="utf-8")
    _stamp(unfinished).write_text(_fingerprint(), encoding="utf-8")
    shutil.rmtree(folder, ignore_errors=True)
    unfinished.replace(folder)


def without_filled_in_examples(document: Mapping[str, object]) -> dict[str, object]:
    """Return a document whose optional parameters have their examples in their descriptions.

    Swagger UI fills examples into its forms. All of them together make no valid request: no listing can be sorted by
    price, begin at a made-up cursor and search for a name.
    """
    copy = cast("dict[str, object]", json.loads(json.dumps(document)))
    for parameter in list(_parameters(copy)):
        if not parameter.get("required") and "example" in parameter:
            example = parameter.pop("example")
            shown = example if isinstance(example, str) else json.dumps(example)
            parameter["description"] = f"{str(parameter.get('description', '')).rstrip()}\n\nExample: `{shown}`"
    return copy


def _parameters(value: object) -> Iterator[dict[str, object]]:
    """Yield every parameter in a document, wherever it is written."""
    if isinstance(value, dict):
        if "in" in value and "name" in value and "schema" in value:
            yield value
        value = list(value.values())
    if isinstance(value, list):
        for part in value:
            yield from _parameters(part)


def _reason(failure: Failure) -> str:
    """Return what npm says about its failure, in one line; without that, what failed."""
    said = (line.removeprefix("npm error ") for line in failure.details.splitlines() if line.startswith("npm error "))
    return next((line for line in said if "failed" in line), str(failure))


def _is_current() -> bool:
    try:
        return _stamp(REFERENCE_PAGE).read_text(encoding="utf-8") == _fingerprint()
    except OSError:
        return False


def _stamp(folder: Path) -> Path:
    """Return the file that says what a page was made from."""
    return folder / ".made-from"


def _fingerprint() -> str:
    digest = hashlib.sha256()
    files = (Path(__file__), DOCUMENT, ROOT / "local" / "package-lock.json", *sorted(OWN_FILES.iterdir()))
    for file in files:
        digest.update(file.name.encode() + hashlib.sha256(file.read_bytes()).digest())
    return digest.hexdigest()
