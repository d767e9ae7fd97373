"""Everything that lists a product's fields, held to the one description in common/product.py."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import hcl2
import pytest
from ruamel.yaml import YAML

from common.currencies import CURRENCIES
from common.product import (
    FIELD_NAMES,
    FIELDS,
    LISTED_ATTRIBUTES,
    PRODUCT_ATTRIBUTES,
    Choice,
    CurrencyCode,
    Flag,
    Money,
    Text,
    Texts,
)
from local.layout import INFRASTRUCTURE, ROOT

TABLE = ROOT / INFRASTRUCTURE / "terraform" / "table.tf"
DOCUMENT = ROOT / INFRASTRUCTURE / "openapi" / "product-api.yaml"
READMES = [ROOT / name / "README.md" for name in ("2_1_bbws_create_product", "2_1_bbws_update_product")]


def check_names(found, described, where):
    """Compare a list of names with the description, naming what is missing and where."""
    missing, unknown = set(described) - set(found), set(found) - set(described)
    assert not missing, f"{where} lacks {', '.join(sorted(missing))}"
    assert not unknown, f"{where} has {', '.join(sorted(unknown))}, which common/product.py doesn't describe so"


@pytest.fixture(scope="module")
def schemas() -> dict[str, Any]:
    return YAML(typ="safe").load(DOCUMENT)["components"]["schemas"]


def resolved(schemas, schema):
    """Return a schema with what it refers to, its own words first."""
    if "$ref" not in schema:
        return schema
    return resolved(schemas, schemas[schema["$ref"].rpartition("/")[2]]) | schema


def keywords(rule):
    """Return what a schema says of values that a rule allows."""
    match rule:
        case Text():
            return {"type": "string", "minLength": rule.shortest, "maxLength": rule.longest}
        case Texts():
            return {"type": "array", "maxItems": rule.most}
        case Money():
            return {"type": "number", "minimum": rule.lowest, "maximum": rule.highest}
        case Choice():
            return {"type": "string", "enum": set(rule.words)}
        case CurrencyCode():
            return {"type": "string", "enum": set(CURRENCIES)}
        case Flag():
            return {"type": "boolean"}


def comparable(value):
    if isinstance(value, float):
        return Decimal(str(value))
    return set(value) if isinstance(value, list) else value


def test_indexes_hold_what_listings_show():
    """What is left out of them is its default in every listing, whatever the product has."""
    (local,) = (
        block for block in hcl2.loads(TABLE.read_text(encoding="utf-8"))["locals"] if "listed_attributes" in block
    )
    found = [name.strip('"') for name in local["listed_attributes"]]

    check_names(found, LISTED_ATTRIBUTES, "listed_attributes in the infrastructure's terraform/table.tf")


def test_document_has_every_field_in_requests_and_answers(schemas):
    fields, product = schemas["ProductFields"], schemas["Product"]

    check_names(fields["properties"], FIELD_NAMES, "schema ProductFields in openapi/product-api.yaml")
    check_names(product["properties"], PRODUCT_ATTRIBUTES, "schema Product in openapi/product-api.yaml")
    changed = schemas["ChangeRecord"]["properties"]["changed"]["items"]["enum"]
    check_names(changed, FIELD_NAMES, "changed in schema ChangeRecord in openapi/product-api.yaml")
    check_names(product["required"], PRODUCT_ATTRIBUTES, "required of schema Product in openapi/product-api.yaml")
    required = [name for part in schemas["NewProduct"]["allOf"] for name in part.get("required", ())]
    check_names(
        required,
        [field.name for field in FIELDS if field.default is None],
        "required of schema NewProduct in openapi/product-api.yaml",
    )


@pytest.mark.parametrize("field", FIELDS, ids=lambda field: field.name)
def test_document_has_each_field_s_rule(schemas, field):
    for name in ("ProductFields", "Product"):
        schema = resolved(schemas, schemas[name]["properties"][field.name])

        for keyword, value in keywords(field.rule).items():
            found = comparable(schema.get(keyword))
            assert found == value, f"{field.name} in schema {name}: {keyword} is {found}, and its rule says {value}"
        if isinstance(field.rule, Texts):
            each = resolved(schemas, schema["items"])
            assert {key: each[key] for key in keywords(field.rule.each)} == keywords(field.rule.each), field.name


@pytest.mark.parametrize("readme", READMES, ids=lambda path: path.parent.name)
def test_tables_of_fields_in_the_readmes_are_whole(readme):
    _, _, table = readme.read_text(encoding="utf-8").partition("| field | values |")
    rows = [line for line in table.split("\n\n")[0].splitlines() if line.startswith("| `")]

    check_names([row.split("`")[1] for row in rows], FIELD_NAMES, f"the table in {readme.parent.name}/README.md")
