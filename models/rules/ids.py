"""Ids that a retry must find again: a UUIDv7 whose time is the event's and whose rest is its cause's digest."""

from __future__ import annotations

import hashlib
from datetime import datetime
from uuid import UUID


def id_at(moment: datetime, cause: UUID) -> UUID:
    """The UUIDv7 (RFC 9562, section 5.7) of what `cause` brought about at `moment`; always the same one."""
    millis = int(moment.timestamp() * 1000)
    rest = int.from_bytes(hashlib.sha256(cause.bytes).digest()[:10])
    value = (millis << 80) | (rest & ((1 << 80) - 1))
    value = value & ~(0xF << 76) | (0x7 << 76)
    return UUID(int=value & ~(0x3 << 62) | (0x2 << 62))
