"""Named boundaries of a command's life. A fault test ends the process at one of them; otherwise they are nothing.

`CRASH_AT="after commit:2"` ends the process, as a power cut would, at the second time it gets there.
"""

from __future__ import annotations

import os

_name, _, _nth = os.environ.get("CRASH_AT", "").partition(":")
_left = int(_nth or 1)


def boundary(name: str) -> None:
    """Pass a boundary, or die at it."""
    global _left  # noqa: PLW0603 - a count of passes in this process
    if name != _name:
        return
    _left -= 1
    if _left == 0:
        os._exit(9)
