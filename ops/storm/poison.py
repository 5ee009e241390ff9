"""Messages nobody can settle. Each carries a mark by which it must be found parked, and must harm no other."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import UUID, uuid4

import orjson

from ops.broker import bundle
from ops.storm.queues import Raw
from schemas.envelope import Actor, Envelope

CHECKOUT, ROLL_UP = "sales.checkout", "reports.roll_up"


def garbage() -> Iterator[tuple[str, Raw]]:
    """One of each kind: (mark, message)."""
    makers = (
        _not_json,
        _not_text,
        _no_headers,
        _odd_headers,
        _no_known_content,
        _unknown_command,
        _other_version,
        _two_names,
        _no_store,
        _no_such_sale,
        _nobody_readable,
    )
    for make in makers:
        mark = str(uuid4())
        yield mark, make(mark)


def _not_json(mark: str) -> Raw:
    return Raw("sales", b"{not json " + mark.encode(), _headers(CHECKOUT))


def _not_text(mark: str) -> Raw:
    return Raw("sales", b"\xff\xfe\x00\x80" + mark.encode(), _headers(CHECKOUT))


def _no_headers(mark: str) -> Raw:
    return Raw("points", orjson.dumps([mark]))


def _odd_headers(mark: str) -> Raw:
    return Raw("reports", orjson.dumps([mark]), {"task": 5, "id": [mark], "lang": None})


def _no_known_content(mark: str) -> Raw:
    return Raw("points", b"\x80\x04" + mark.encode(), _headers("points.accrue"), "application/x-python-serialize")


def _unknown_command(mark: str) -> Raw:
    return Raw("sales", _body("sales.conjure", _wire(mark, "sales.conjure")), _headers("sales.conjure"))


def _other_version(mark: str) -> Raw:
    return Raw("sales", _body(CHECKOUT, _wire(mark, CHECKOUT) | {"v": 99}), _headers(CHECKOUT))


def _two_names(mark: str) -> Raw:
    wires = _wire(mark, CHECKOUT), _wire(mark, ROLL_UP)
    return Raw("sales", _body(CHECKOUT, *wires), _headers(CHECKOUT))


def _nobody_readable(mark: str) -> Raw:
    """An empty bundle."""
    return Raw("reports", orjson.dumps([[[]], {}, {"mark": mark}]), _headers(ROLL_UP))


def _no_store(mark: str) -> Raw:
    """A checkout that comes from nowhere: its handler raises."""
    body = {
        "sequence": 1,
        "sold_at": "2026-01-02T03:04:05Z",
        "lines": [{"sku_id": mark, "quantity_milli": 1000, "gross_cents": 1}],
    }
    return Raw("sales", _body(CHECKOUT, _wire(mark, CHECKOUT, body)), _headers(CHECKOUT))


def _no_such_sale(mark: str) -> Raw:
    """A roll-up of a sale that never was: a fault, for the sale is committed before its roll-up is sent."""
    return Raw("reports", _body(ROLL_UP, _wire(mark, ROLL_UP, {"sale_id": mark})), _headers(ROLL_UP))


def _wire(mark: str, name: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
    """An envelope of a merchant nobody knows."""
    envelope = Envelope(id=UUID(mark), name=name, merchant=uuid4(), actor=Actor(terminal=uuid4()), body=body or {})
    return envelope.to_wire()


def _body(name: str, *wires: dict[str, Any]) -> bytes:
    return bundle(name, list(wires)).body


def _headers(name: str) -> dict[str, Any]:
    return {"lang": "py", "task": name, "id": str(uuid4()), "argsrepr": "", "kwargsrepr": ""}
