"""Commands, queries and answers of the catalogue."""

from __future__ import annotations

from typing import Any

from marshmallow import ValidationError, fields, validate, validates_schema

from models.rules.catalogue import NAME_MAX, SEPARATOR, NoPath, category_path
from schemas.base import QUANTITY_MAX_MILLI, Command, Shape, cents, milli, text
from schemas.base import code as short_code
from schemas.paging import Page

LOAD_MAX = 500
LINES_MAX = 500
BARCODES_MAX = 20
PATH_MAX = 500


def _names_a_shelf(path: str) -> None:
    try:
        category_path(path)
    except NoPath as error:
        raise ValidationError(f"Not a path of categories: {error}.") from error


def _one_name(name: str) -> None:
    if name != name.strip() or SEPARATOR in name:
        raise ValidationError(f"Must not begin or end with a space, nor hold {SEPARATOR!r}.")


class AddCategory(Command):
    """A further category, under another one or outermost."""

    command = "catalogue.add_category"

    name = fields.String(required=True, validate=[*text(NAME_MAX).validators, _one_name])
    parent_id = fields.UUID(load_default=None, allow_none=True)


class LoadedItem(Shape):
    """A product with its SKU, as it shall be. A category or barcodes not mentioned stay as they are."""

    code = short_code(40, required=True)
    name = text(200, required=True)
    category = fields.String(allow_none=True, validate=[*text(PATH_MAX).validators, _names_a_shelf])
    barcodes = fields.List(short_code(40), validate=validate.Length(0, BARCODES_MAX))
    price_cents = cents(required=True)
    cost_cents = cents(required=True)
    unit = text(10, load_default="pc")


class Load(Command):
    """Products brought up to date by their SKU codes: made where missing, changed where different."""

    command = "catalogue.load"
    status = 200

    items = fields.List(fields.Nested(LoadedItem), required=True, validate=validate.Length(1, LOAD_MAX))

    @validates_schema
    def _each_once(self, data: dict[str, Any], **_: object) -> None:
        """No code and no barcode stands in two items, or twice in one."""
        codes: set[str] = set()
        barcodes: set[str] = set()
        wrong: dict[int, dict[str, list[str]]] = {}
        for nth, item in enumerate(data["items"]):
            if item["code"] in codes:
                wrong.setdefault(nth, {})["code"] = ["Stands in an item before."]
            codes.add(item["code"])
            for barcode in item.get("barcodes", ()):
                if barcode in barcodes:
                    wrong.setdefault(nth, {})["barcodes"] = [f"{barcode} stands in an item before, or twice here."]
                barcodes.add(barcode)
        if wrong:
            raise ValidationError({"items": wrong})


class ReceivedLine(Shape):
    """So much of a SKU has come."""

    sku_id = fields.UUID(required=True)
    quantity_milli = milli(required=True)


class Receive(Command):
    """Goods that came into a store."""

    command = "catalogue.receive"

    store_id = fields.UUID(required=True)
    reference = text(80, load_default=None, allow_none=True)
    lines = fields.List(fields.Nested(ReceivedLine), required=True, validate=validate.Length(1, LINES_MAX))


class AdjustedLine(Shape):
    """So much more (or less, below zero) of a SKU is there than was thought."""

    sku_id = fields.UUID(required=True)
    quantity_milli = fields.Integer(
        strict=True,
        required=True,
        validate=[validate.Range(-QUANTITY_MAX_MILLI, QUANTITY_MAX_MILLI), validate.NoneOf([0])],
    )


class Adjust(Command):
    """A store's stock put right, with the reason."""

    command = "catalogue.adjust"

    store_id = fields.UUID(required=True)
    reason = text(120, required=True)
    lines = fields.List(fields.Nested(AdjustedLine), required=True, validate=validate.Length(1, LINES_MAX))


class SkuQuery(Page):
    """Which SKUs: the one of a code or a barcode, else all."""

    code = fields.String(load_default=None, validate=validate.Length(1, 40))
    barcode = fields.String(load_default=None, validate=validate.Length(1, 40))

    @validates_schema
    def _one_criterion(self, data: dict[str, Any], **_: object) -> None:
        if data["code"] is not None and data["barcode"] is not None:
            raise ValidationError("Either code or barcode, not both.")


class StockQuery(Page):
    """Which quantities: of a store, of a SKU, of both, or all that may be seen."""

    store_id = fields.UUID(load_default=None)
    sku_id = fields.UUID(load_default=None)


class SkuView(Shape):
    """A SKU with its product; the cost is shown to those who keep the catalogue."""

    sku_id = fields.UUID(required=True)
    product_id = fields.UUID(required=True)
    code = fields.String(required=True)
    name = fields.String(required=True)
    category_id = fields.UUID(required=True, allow_none=True)
    price_cents = fields.Integer(required=True)
    cost_cents = fields.Integer()
    unit = fields.String(required=True)
    barcodes = fields.List(fields.String(), required=True)
    changed_at = fields.DateTime(required=True)


class SkusView(Shape):
    """SKUs in the order they were made, and where the next page begins."""

    items = fields.List(fields.Nested(SkuView), required=True)
    next_cursor = fields.String(required=True, allow_none=True)


class CategoryView(Shape):
    """A category and the one it stands under."""

    category_id = fields.UUID(required=True)
    name = fields.String(required=True)
    parent_id = fields.UUID(required=True, allow_none=True)


class CategoriesView(Shape):
    """Categories in the order they were made, and where the next page begins."""

    items = fields.List(fields.Nested(CategoryView), required=True)
    next_cursor = fields.String(required=True, allow_none=True)


class StockRowView(Shape):
    """How much of a SKU a store holds, in thousandths; below zero when more was sold than was booked in."""

    store_id = fields.UUID(required=True)
    sku_id = fields.UUID(required=True)
    quantity_milli = fields.Integer(required=True)


class StockView(Shape):
    """Quantities by store and SKU, and where the next page begins."""

    items = fields.List(fields.Nested(StockRowView), required=True)
    next_cursor = fields.String(required=True, allow_none=True)
