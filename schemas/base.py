"""Commands and answers. A command is a marshmallow schema with a name; naming it enters it in the catalogue.

The class is the whole contract: the edge validates a request with it, the worker loads the message with it,
the API document is made from it. The queue follows from the area in the name.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, ClassVar
from uuid import UUID

from marshmallow import Schema, ValidationError, fields, validate

MONEY_MAX_CENTS = 10**12
QUANTITY_MAX_MILLI = 10**9
POINTS_MAX = 10**12

CATALOGUE: dict[str, type[Command]] = {}


class Shape(Schema):
    """A part of a command, a query, or an answer. Unknown fields are refused."""


class Command(Schema):
    """Something the shop wants done.

    `command` is its name, `area.verb`; a class without one is a base. `personal` names the fields that are
    sealed before they leave the edge. `value` says whether a client-made Idempotency-Key is required;
    `wait_seconds` how long the edge waits for the answer unless told otherwise; `status` what answers done.
    """

    command: ClassVar[str] = ""
    personal: ClassVar[frozenset[str]] = frozenset()
    value: ClassVar[bool] = True
    wait_seconds: ClassVar[float] = 3.0
    status: ClassVar[int] = 201

    def __init_subclass__(cls, **kwargs: Any) -> None:
        """Enter the command in the catalogue; two of one name are a mistake."""
        super().__init_subclass__(**kwargs)
        if not cls.command:
            return
        if cls.command in CATALOGUE:
            raise TypeError(f"two commands are called {cls.command}")
        CATALOGUE[cls.command] = cls

    @classmethod
    def foresee(cls, body: dict[str, Any], id_: UUID) -> dict[str, Any]:
        """Ids the client will need and that are certain before the command is settled."""
        return {}


def area_of(command: type[Command]) -> str:
    """The area of a command, which is also its queue."""
    return command.command.partition(".")[0]


class Moment(fields.AwareDateTime):
    """RFC 3339 with a zone; naive times are refused. Always UTC inside."""

    def __init__(self, **kwargs: Any) -> None:
        """As `AwareDateTime`, in ISO format, from 1970 to 2100."""
        super().__init__(format="iso", **kwargs)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> datetime:
        parsed = super()._deserialize(value, attr, data, **kwargs)
        if not 1970 <= parsed.year < 2100:
            raise ValidationError("Must be between 1970 and 2100.")
        return parsed.astimezone(UTC)


def whole(least: int, most: int, **kwargs: Any) -> fields.Integer:
    """A strict integer within bounds: `5.0`, `"5"` and `true` are not 5."""
    return fields.Integer(strict=True, validate=validate.Range(least, most), **kwargs)


def cents(**kwargs: Any) -> fields.Integer:
    """Money in minor units, not negative."""
    return whole(0, MONEY_MAX_CENTS, **kwargs)


def milli(**kwargs: Any) -> fields.Integer:
    """A quantity in thousandths, at least one thousandth."""
    return whole(1, QUANTITY_MAX_MILLI, **kwargs)


def text(most: int, least: int = 1, **kwargs: Any) -> fields.String:
    """A line of text without control characters."""
    rules = [validate.Length(least, most), validate.Regexp(r"^[^\x00-\x1f\x7f\ud800-\udfff]*\Z")]
    return fields.String(validate=rules, **kwargs)


def code(most: int = 40, **kwargs: Any) -> fields.String:
    """A short name machines use: letters, digits, dot, dash, underscore."""
    rules = [validate.Length(1, most), validate.Regexp(r"^[A-Za-z0-9._-]+\Z")]
    return fields.String(validate=rules, **kwargs)
