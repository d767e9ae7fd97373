from __future__ import annotations

import re

from local.openapi_examples import DOCUMENT, with_fields, with_hashes

TEXT = DOCUMENT.read_text(encoding="utf-8")


def test_examples_of_the_document_are_in_line() -> None:
    assert with_hashes(with_fields(TEXT)) == TEXT, "run make examples"


def test_field_that_a_product_lacks_comes_with_its_default_and_one_that_there_is_not_goes() -> None:
    features = "\n              features: [10 GB of storage, Daily backups]\n"
    with_another, with_default = (
        features.replace(features.strip(), other) for other in ("colour: red", "features: []")
    )
    before, after = TEXT.rsplit(features, 1)

    made = with_fields(before + with_another + after)

    assert made == before + with_default + after


def test_error_that_lists_the_fields_lists_them_all() -> None:
    made = with_fields(TEXT.replace("these can: name, description, ", "these can: colour, "))

    assert "these can: colour" not in made
    assert made == TEXT


def test_hashes_follow_in_the_whole_chain() -> None:
    hashes = set(re.findall(r"[0-9a-f]{64}", TEXT))

    made = with_hashes(TEXT.replace("name: WordPress Professional Plan", "name: WordPress Professional"))

    assert hashes.isdisjoint(re.findall(r"[0-9a-f]{64}", made))
    assert with_hashes(made) == made
