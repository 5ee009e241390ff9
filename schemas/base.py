"""Commands and answers. A command is a marshmallow schema with a name; naming it enters it in the catalogue.

The class is the whole contract: the edge validates a request with it, the worker loads the message with it,
the API document is made from it. The queue follows from the area in the name.
"""

from __future__ import annotations

from typing import Any, ClassVar
from uuid import UUID

from schemas.quick import Line, QuickShape, Whole

MONEY_MAX_CENTS = 10**12
QUANTITY_MAX_MILLI = 10**9

CATALOGUE: dict[str, type[Command]] = {}


class Shape(QuickShape):
    """A part of a command, a query, or an answer. Unknown fields are refused."""


class Command(QuickShape):
    """Something the shop wants done.

    `command` is its name, `area.verb`; a class without one is a base. `personal` names the fields that are
    sealed before they leave the edge. `value` says whether a client-made Idempotency-Key is required;
    `wait_seconds` how long the edge waits for the answer unless told otherwise; `status` what answers done.
    """

    command: ClassVar[str] = ""
    personal: ClassVar[frozenset[str]] = frozenset()
    value: ClassVar[bool] = True
    wait_seconds: ClassVar[int] = 3
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


def whole(least: int, most: int, **kwargs: Any) -> Whole:
    """A strict integer within bounds, both included."""
    return Whole(least, most, **kwargs)


def cents(**kwargs: Any) -> Whole:
    """Money in minor units, not negative."""
    return whole(0, MONEY_MAX_CENTS, **kwargs)


def milli(**kwargs: Any) -> Whole:
    """A quantity in thousandths, at least one thousandth."""
    return whole(1, QUANTITY_MAX_MILLI, **kwargs)


def text(most: int, least: int = 1, **kwargs: Any) -> Line:
    """A line of text without control characters."""
    return Line(least, most, r"^[^\x00-\x1f\x7f\ud800-\udfff]*\Z", **kwargs)


def code(most: int = 40, **kwargs: Any) -> Line:
    """A short name machines use: letters, digits, dot, dash, underscore."""
    return Line(1, most, r"^[A-Za-z0-9._-]+\Z", **kwargs)
