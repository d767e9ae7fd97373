"""The reference page in a browser: what a person sees, and requests sent from it."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, cast
from urllib.parse import urlsplit

import pytest
from browser import empty_page, find_chromium
from product_api import eventually

if TYPE_CHECKING:
    from collections.abc import Iterator

    from browser import Page
    from conftest import Deployment
    from product_api import Json, ProductApi, Products

PICTURES = Path(__file__).resolve().parent.parent / ".local" / "screenshots"

CHROMIUM = find_chromium()

WITHOUT_KEY = """
{
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) {
    texts.currentNode.data = texts.currentNode.data.replaceAll(KEY_IN_CLEAR, "…");
  }
}
"""

# Opening an operation takes a moment, in which its button is there already.
HASTY_CLICK = """
(async () => {
  const operation = document.querySelector("OPERATION");
  operation.querySelector(".opblock-summary-control").click();
  while (!operation.querySelector(".execute")) {
    await new Promise((proceed) => setTimeout(proceed));
  }
  operation.querySelector(".execute").click();
})()
"""

# A key makes the browser ask first (CORS preflight).
FETCH = """
fetch(URL, {method: METHOD, headers: {"x-api-key": KEY}}).then(
  async (answer) => [answer.status, (await answer.json()).error]
)
"""

pytestmark = [
    pytest.mark.skipif(
        CHROMIUM is None, reason="needs Chromium or Chrome, and finds none: install it, or name it in CHROMIUM"
    ),
    pytest.mark.skipif(bool(os.environ.get("API_URL")), reason="only a local stack has a reference page beside it"),
]


@pytest.fixture
def page(deployment: Deployment, tmp_path: Path) -> Iterator[Page]:
    """The reference page, once it is there."""
    assert CHROMIUM
    assert deployment.reference_page_url, "the stack has no reference page: what make up printed says why"
    with empty_page(CHROMIUM, tmp_path, width=1280, height=1500) as page:
        page.call("Page.navigate", url=deployment.reference_page_url)
        eventually(lambda: page.run("document.querySelectorAll('.opblock').length") or None, "operations are shown")
        yield page


def operation(name: str) -> str:
    return f"#operations-{name}"


def open_operation(page: Page, selector: str) -> None:
    page.run(f"document.querySelector('{selector} .opblock-summary-control').click()")
    await_form(page, selector)


def await_form(page: Page, selector: str) -> None:
    eventually(lambda: page.run(f"!!document.querySelector('{selector} .execute:enabled')"), f"{selector} can be sent")


def execute(page: Page, selector: str) -> tuple[int, Json]:
    """Send the request of an operation that is open, and return the status and the body that the page shows."""
    page.run(f"document.querySelector('{selector} .execute').click()")
    answer = f"{selector} .live-responses-table .response"

    def shown(part: str) -> object:
        return page.run(f"document.querySelector('{part}')?.innerText")

    try:
        eventually(lambda: shown(answer), f"{selector} shows an answer")
    except AssertionError as never:
        page.photograph(PICTURES / "reference-page-without-answer.png")
        refused = shown(f"{selector} .validation-errors")
        raise AssertionError(f"{never}; refused: {refused}; on the console: {page.complaints()}") from None
    body = shown(f"{answer} .highlight-code code")
    assert body, f"there is no body in the answer: {shown(answer)}"
    return int(str(shown(f"{answer} .response-col_status")).split()[0]), cast("Json", json.loads(str(body)))


def origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def test_page_shows_every_operation_and_nothing_goes_wrong(page: Page, deployment: Deployment) -> None:
    assert "BBWS product API" in str(page.run("document.querySelector('.info').innerText"))
    shown = page.run("[...document.querySelectorAll('.opblock')].map(block => block.id.split('-').pop())")
    assert {"listProducts", "createProduct", "getProduct", "updateProduct", "withdrawProduct", "listChanges"} <= set(
        cast("list[str]", shown)
    )
    assert page.run("document.querySelector('.servers option:checked').value") == deployment.url
    page.photograph(PICTURES / "reference-page.png")
    assert page.complaints() == []


def test_product_is_read_from_the_page(page: Page, deployment: Deployment, products: Products) -> None:
    product = products.make(name=products.name("WordPress Professional Plan"), features=["10 WordPress sites"])
    get = operation("Products-getProduct")

    open_operation(page, get)
    page.type_into(f"{get} tr[data-param-name=productId] input", str(product["productId"]))
    status, answer = execute(page, get)

    assert (status, cast("Json", answer["product"])["name"]) == (200, product["name"])
    page.run(f"document.querySelector('{get}').scrollIntoView()")
    # Pictures are kept and shown around.
    page.run(WITHOUT_KEY.replace("KEY_IN_CLEAR", json.dumps(deployment.writer_key)))
    page.photograph(PICTURES / "reference-page-try-it.png")
    assert page.complaints() == []
    assert deployment.reference_page_url
    own = {origin(deployment.reference_page_url), origin(deployment.url)}
    assert {origin(url) for url in page.requested_urls() if not url.startswith("data:")} == own


def test_products_are_listed_from_the_page_with_the_form_as_it_is(page: Page, products: Products) -> None:
    products.make()
    list_products = operation("Products-listProducts")

    open_operation(page, list_products)
    status, answer = execute(page, list_products)

    assert status == 200
    assert cast("list[Json]", answer["products"])
    assert page.complaints() == []


def test_page_sees_that_there_is_nothing_at_a_path(page: Page, deployment: Deployment) -> None:
    for path in ("nothing", "products/00000000-0000-4000-8000-000000000000/nothing"):
        for method in ("GET", "POST", "PUT", "DELETE"):
            status, error = cast(
                "list[object]",
                page.run(
                    FETCH.replace("URL", json.dumps(f"{deployment.url}/{path}"))
                    .replace("METHOD", json.dumps(method))
                    .replace("KEY", json.dumps(deployment.writer_key))
                ),
            )
            assert (status, error) == (404, "NotFound")


def test_nothing_is_sent_before_the_form_is_there(page: Page) -> None:
    list_products = operation("Products-listProducts")

    page.run(HASTY_CLICK.replace("OPERATION", list_products))

    await_form(page, list_products)
    assert execute(page, list_products)[0] == 200
    assert page.complaints() == []


def test_product_is_created_from_the_page(page: Page, writer: ProductApi, products: Products) -> None:
    create = operation("Products-createProduct")
    fields = products.fields()

    open_operation(page, create)
    page.type_into(f"{create} textarea.body-param__text", json.dumps(fields))
    status, answer = execute(page, create)

    assert status == 202
    product_id = str(answer["productId"])
    products.adopt(product_id)
    product = eventually(lambda: writer.product(product_id), "the product is there")
    assert product["name"] == fields["name"]
    assert page.complaints() == []
