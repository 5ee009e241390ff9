"""A refusal: the shop's rules say no. It is an outcome with a code, kept on the receipt, never retried."""

from __future__ import annotations

from typing import Any

REFUSALS: dict[str, tuple[int, str]] = {}
"""Every refusal code: the HTTP status that answers it and what it means, as the docs list it."""


class Refused(Exception):
    """Raised by a rule or a handler: `area.reason`, and what the cashier may be told."""

    def __init__(self, code: str, **facts: Any) -> None:
        """`facts` are plain JSON values that go into the answer."""
        if code not in REFUSALS:
            raise KeyError(f"refusal {code} is not in the catalogue of models/rules/refusals.py")
        super().__init__(code)
        self.code = code
        self.facts = facts


def _refusal(code: str, status: int, meaning: str) -> None:
    REFUSALS[code] = (status, meaning)


_refusal("idempotency.conflict", 422, "This Idempotency-Key was used before with another body.")
_refusal("sales.price_changed", 409, "The price is not what the till showed; the answer holds the new quote.")
_refusal("sales.sequence_taken", 409, "This terminal has already sent another sale under this sequence number.")
_refusal("sales.tenders_differ", 422, "Tenders less change do not add up to what is payable.")
_refusal("sales.discount_too_large", 422, "A line's discount is larger than the line.")
_refusal("sales.change_without_cash", 422, "Only cash gives change, and no more than was handed over.")
_refusal("sales.unknown_product", 422, "A line names a product this shop does not have.")
_refusal("sales.unknown_store", 404, "The sale's store is not a store of this shop.")
_refusal("sales.unknown_member", 422, "There is no such member in this shop.")
_refusal("sales.member_not_active", 409, "The member is frozen or closed.")
_refusal("points.unknown_member", 404, "There is no such member in this shop.")
_refusal("points.rule_not_later", 409, "An earn rule takes effect after the one before it.")
_refusal("merchants.code_taken", 409, "Another shop has this code.")
_refusal("merchants.store_code_taken", 409, "Another store of this shop has this code.")
_refusal("merchants.login_taken", 409, "Somebody of this shop has, or had, this login.")
_refusal("merchants.last_owner", 409, "A shop keeps at least one owner.")
_refusal("merchants.unknown_store", 404, "There is no such store in this shop.")
_refusal("merchants.unknown_terminal", 404, "There is no such till in this shop.")
_refusal("merchants.unknown_staff", 404, "There is no such person in this shop, or no longer.")
_refusal("merchants.enrol_code_wrong", 401, "This enrolment code is not known, was used, or has lapsed.")
_refusal("merchants.session_ended", 401, "This session has ended; sign in again.")
_refusal("members.phone_taken", 409, "Another member of this shop has this phone; `member_id` names them.")
_refusal("members.card_taken", 409, "Another member of this shop has this card; `member_id` names them.")
_refusal("members.unknown_tier", 422, "There is no such tier in this shop.")
_refusal("members.unknown_member", 404, "There is no such member in this shop.")
_refusal("members.tier_taken", 409, "There is a tier of this code already.")
_refusal("catalogue.unknown_category", 422, "There is no such category in this shop.")
_refusal("catalogue.category_taken", 409, "A category of this name stands in the same place already.")
_refusal("catalogue.barcode_taken", 409, "A barcode leads to another SKU; `item` and `sku_id` name both.")
_refusal("catalogue.unknown_sku", 422, "A line names a SKU this shop does not have.")
_refusal("catalogue.unknown_store", 404, "There is no such store in this shop.")
