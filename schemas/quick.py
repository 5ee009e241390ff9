"""Reading what is plainly right without ceremony.

A till's basket has some thirty fields; marshmallow takes about 100 µs to look at them, most of it on being ready
for anything. A `QuickShape` takes values that are exactly what they should be at once, and leaves the whole
object to marshmallow as soon as one is not: the result and every error are marshmallow's either way. A field
says in `checks` how many validators its quick way stands for; with a further one it is never quick.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from marshmallow import RAISE, Schema, ValidationError, fields, missing, validate

UNSURE: Any = object()
"""Said of a value that marshmallow has to look at."""
INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{6})?(?:Z|[+-]\d\d:\d\d)\Z", re.ASCII)


class Whole(fields.Integer):
    """A strict integer within bounds: `5.0`, `"5"` and `true` are not 5."""

    checks = 1

    def __init__(self, least: int, most: int, **kwargs: Any) -> None:
        """Bounds included."""
        super().__init__(strict=True, validate=validate.Range(least, most), **kwargs)
        self._least, self._most = least, most

    def quick(self, value: Any) -> Any:
        """The number itself."""
        return value if type(value) is int and self._least <= value <= self._most else UNSURE


class Id(fields.UUID):
    """A UUID in its usual form."""

    checks = 0

    def quick(self, value: Any) -> Any:
        """The id of 36 characters."""
        if type(value) is not str or len(value) != 36:
            return UNSURE
        try:
            return UUID(value)
        except ValueError:
            return UNSURE


class Line(fields.String):
    """A string of bounded length that matches a pattern."""

    checks = 2

    def __init__(self, least: int, most: int, pattern: str, **kwargs: Any) -> None:
        """Lengths included; the pattern has to match from the beginning."""
        super().__init__(validate=[validate.Length(least, most), validate.Regexp(pattern)], **kwargs)
        self._least, self._most, self._pattern = least, most, re.compile(pattern)

    def quick(self, value: Any) -> Any:
        """The string itself."""
        fits = type(value) is str and self._least <= len(value) <= self._most and self._pattern.match(value)
        return value if fits else UNSURE


class Choice(fields.String):
    """One of a few words."""

    checks = 1

    def __init__(self, *words: str, **kwargs: Any) -> None:
        """The words."""
        super().__init__(validate=validate.OneOf(words), **kwargs)
        self._words = frozenset(words)

    def quick(self, value: Any) -> Any:
        """The word itself."""
        return value if type(value) is str and value in self._words else UNSURE


class Moment(fields.AwareDateTime):
    """RFC 3339 with a zone, from 1970 to 2099; naive times are refused. Always UTC inside."""

    checks = 0

    def __init__(self, **kwargs: Any) -> None:
        """As marshmallow's aware time in ISO format."""
        super().__init__(format="iso", **kwargs)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> datetime:
        parsed = super()._deserialize(value, attr, data, **kwargs)
        if not (1970 <= parsed.year < 2100 and 1970 <= parsed.astimezone(UTC).year < 2100):
            raise ValidationError("Must be between 1970 and 2100.")
        return parsed.astimezone(UTC)

    def quick(self, value: Any) -> Any:
        """A moment in the usual form."""
        if type(value) is not str or not INSTANT.match(value):
            return UNSURE
        try:
            parsed = datetime.fromisoformat(value)
        except ValueError:
            return UNSURE
        return parsed.astimezone(UTC) if 1970 < parsed.year < 2099 else UNSURE


class Several(fields.List):
    """A list of parts of one shape, of bounded length."""

    checks = 1

    def __init__(self, shape: type[QuickShape], least: int, most: int, **kwargs: Any) -> None:
        """Lengths included."""
        super().__init__(fields.Nested(shape), validate=validate.Length(least, most), **kwargs)
        self._shape, self._least, self._most = shape(), least, most

    def quick(self, value: Any) -> Any:
        """The loaded parts."""
        if type(value) is not list or not self._least <= len(value) <= self._most:
            return UNSURE
        parts = [self._shape.quick(part) for part in value]
        return UNSURE if UNSURE in parts else parts


def _only_its_own(field: Any) -> bool:
    return len(field.validators) == field.checks


class QuickShape(Schema):
    """A shape that is read at once where all its fields are of this module; unknown fields are refused."""

    def __init__(self, **kwargs: Any) -> None:
        """As a marshmallow schema."""
        super().__init__(**kwargs)
        self._ways = {
            name: (field.quick, field.allow_none, field.load_default)
            for name, field in self.load_fields.items()
            if hasattr(field, "quick") and field.data_key in (None, name) and _only_its_own(field)
        }
        plain = self.unknown == RAISE and not any(self._hooks.values())
        self._is_quick = plain and len(self._ways) == len(self.load_fields)

    def quick(self, data: Any) -> Any:
        """The loaded object, or `UNSURE`."""
        if type(data) is not dict or not self._is_quick:
            return UNSURE
        loaded: dict[str, Any] = {}
        for name, (quick, allow_none, default) in self._ways.items():
            value = data.get(name, missing)
            if value is missing:
                if default is missing:
                    return UNSURE
                loaded[name] = default() if callable(default) else default
            elif value is None and allow_none:
                loaded[name] = None
            else:
                loaded[name] = taken = quick(value)
                if taken is UNSURE:
                    return UNSURE
        return loaded if len(data) <= len(loaded) and data.keys() <= loaded.keys() else UNSURE

    def load(self, data: Any, **kwargs: Any) -> Any:
        """The loaded object; `ValidationError` names every field that is wrong."""
        loaded = UNSURE if kwargs else self.quick(data)
        return super().load(data, **kwargs) if loaded is UNSURE else loaded
