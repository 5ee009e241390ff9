"""The envelope a command travels in. Merchant, store and actor come from the token, never from the body."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid5

import orjson
from marshmallow import ValidationError

VERSION = 1
SPACE = UUID("6f1ed2c6-7f0e-5f3a-9a39-5a8a0b6cbb10")
FIELDS = frozenset(("v", "id", "name", "merchant", "store", "actor", "at", "trace", "reply", "body"))


@dataclass(frozen=True, slots=True)
class Actor:
    """Who gave the command: a terminal, a member of staff, a cashier at a terminal, or the system itself."""

    terminal: UUID | None = None
    staff: UUID | None = None

    @property
    def scope(self) -> str:
        """Within what an Idempotency-Key is unique: the terminal, else the person."""
        return f"terminal:{self.terminal}" if self.terminal else f"staff:{self.staff}"


@dataclass(slots=True)
class Envelope:
    """One command on its way, and all that is known about where it came from."""

    id: UUID
    name: str
    merchant: UUID
    body: dict[str, Any]
    store: UUID | None = None
    actor: Actor = field(default_factory=Actor)
    at: datetime = field(default_factory=lambda: datetime.now(UTC))
    trace: str = ""
    reply: str | None = None

    def to_wire(self) -> dict[str, Any]:
        """Plain JSON values."""
        return {
            "v": VERSION,
            "id": str(self.id),
            "name": self.name,
            "merchant": str(self.merchant),
            "store": str(self.store) if self.store else None,
            "actor": [str(part) if part else None for part in (self.actor.terminal, self.actor.staff)],
            "at": self.at.isoformat(),
            "trace": self.trace,
            "reply": self.reply,
            "body": self.body,
        }


def read_envelope(wire: Any) -> Envelope:
    """The envelope in a message; `ValidationError` when it is not one that this version understands."""
    if not isinstance(wire, dict) or set(wire) != FIELDS or wire["v"] != VERSION:
        raise ValidationError("not an envelope of version 1")
    try:
        terminal, staff = (UUID(part) if part else None for part in wire["actor"])
        envelope = Envelope(
            id=UUID(wire["id"]),
            name=wire["name"],
            merchant=UUID(wire["merchant"]),
            body=wire["body"],
            store=UUID(wire["store"]) if wire["store"] else None,
            actor=Actor(terminal, staff),
            at=datetime.fromisoformat(wire["at"]),
            trace=wire["trace"],
            reply=wire["reply"],
        )
    except (ValueError, TypeError, AttributeError) as error:
        raise ValidationError(f"a broken envelope: {error}") from error
    if not isinstance(envelope.body, dict) or envelope.at.tzinfo is None or not 1970 < envelope.at.year < 2100:
        raise ValidationError("a broken envelope: body or time")
    if not (isinstance(envelope.trace, str) and isinstance(envelope.reply, str | None)):
        raise ValidationError("a broken envelope: trace or reply")
    return envelope


def command_id(merchant: UUID, actor: Actor, name: str, key: str) -> UUID:
    """The id of a command: the same key from the same actor is the same command."""
    return uuid5(SPACE, f"{merchant}\0{actor.scope}\0{name}\0{key}")


def followup_id(parent: UUID, name: str, nth: int = 0) -> UUID:
    """The id of the n-th command of a name that follows from `parent`."""
    return uuid5(parent, f"{name}\0{nth}")


def body_hash(body: dict[str, Any]) -> bytes:
    """SHA-256 of the body in one canonical form: sorted keys, no spaces."""
    return hashlib.sha256(orjson.dumps(body, option=orjson.OPT_SORT_KEYS)).digest()
