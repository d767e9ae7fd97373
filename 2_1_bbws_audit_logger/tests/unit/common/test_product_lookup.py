"""Finding the product that a path names."""

from __future__ import annotations

import pytest

from common.attribute_values import to_item
from common.errors import ProductNotFound
from common.head import Head
from common.product_lookup import active_product, existing_product
from common.product_table import head_key

PRODUCT_ID = "3f2b8c1e-5d4a-4b6f-9c7e-8a1d2e3f4a5b"


@pytest.mark.parametrize("find", [active_product, existing_product])
def test_active_product_is_found(table, stored_product, find):
    product = stored_product()

    assert find(table, product["productId"]) == product


def test_withdrawn_product_exists_but_is_not_active(table, stored_product):
    product = stored_product(active=False)

    assert existing_product(table, product["productId"]) == product
    with pytest.raises(ProductNotFound, match=product["productId"]):
        active_product(table, product["productId"])


@pytest.mark.parametrize("find", [active_product, existing_product])
def test_unknown_product_is_not_found(table, stored_product, find):
    stored_product()

    with pytest.raises(ProductNotFound, match=PRODUCT_ID):
        find(table, PRODUCT_ID)


@pytest.mark.parametrize("find", [active_product, existing_product])
def test_rejected_creation_left_no_product_to_find(table, find):
    rejected = Head(sequence=1, last_hash="0" * 64, create_change_id="c-1").attributes(PRODUCT_ID)
    table.client.put_item(TableName=table.name, Item=to_item({**head_key(PRODUCT_ID), **rejected}))

    with pytest.raises(ProductNotFound):
        find(table, PRODUCT_ID)
