"""The way to a shelf of the catalogue, as people write it: "Drinks / Coffee / Beans"."""

from __future__ import annotations

SEPARATOR = " / "
DEPTH_MAX = 8
NAME_MAX = 120


class NoPath(ValueError):
    """A text that names no shelf."""


def category_path(text: str) -> tuple[str, ...]:
    """The names on the way, the outermost first; a slash without spaces around it belongs to a name."""
    names = tuple(name.strip() for name in text.split(SEPARATOR))
    if len(names) > DEPTH_MAX:
        raise NoPath(f"at most {DEPTH_MAX} levels")
    if any(not 1 <= len(name) <= NAME_MAX for name in names):
        raise NoPath(f"every level has a name of at most {NAME_MAX} characters")
    return names
