"""What tills and sessions prove themselves with: codes, keys and tokens made from what they are for.

Each is derived from the installation's secret, so a request sent again is answered alike although only
digests are kept. Keys and tokens carry their merchant, so one look-up finds what they belong to.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from hmac import compare_digest
from uuid import UUID

from edge.errors import Problem
from ops.seals import derive

ALPHABET = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Capitals and digits that are not taken for each other, on a screen or on the telephone."""
CODE_LETTERS = 10
KEY = re.compile(r"^rk_([0-9a-f]{32})_([0-9a-f]{32})_[0-9a-f]{64}\Z")
TOKEN = re.compile(r"^rt_([0-9a-f]{32})_([0-9a-f]{32})_([0-9]{1,9})_[0-9a-f]{64}\Z")


def enrol_code(command: UUID) -> str:
    """The one-time code that a command's new till will enrol with, as it is shown: `XXXXX-XXXXX`."""
    number = int.from_bytes(derive("enrol-code", str(command)))
    letters = ""
    for _ in range(CODE_LETTERS):
        number, place = divmod(number, len(ALPHABET))
        letters += ALPHABET[place]
    return f"{letters[:5]}-{letters[5:]}"


def code_digest(code: str) -> bytes:
    """What is kept of a code, however it was typed. Keyed, since ten letters can be searched."""
    return derive("enrol-digest", re.sub(r"[\s-]", "", code).upper())


def digest(key: str) -> bytes:
    """What is kept of a key or token."""
    return hashlib.sha256(key.encode()).digest()


def terminal_key(merchant: UUID, terminal: UUID, command: UUID) -> str:
    """The key a till gets when a command enrols it."""
    return f"rk_{merchant.hex}_{terminal.hex}_{derive('terminal-key', str(command)).hex()}"


def read_terminal_key(key: str) -> tuple[UUID, UUID]:
    """(merchant, till) of a key; `identity.invalid` when it has not its form."""
    parts = KEY.match(key)
    if parts is None:
        raise Problem("identity.invalid")
    return UUID(hex=parts[1]), UUID(hex=parts[2])


@dataclass(frozen=True, slots=True)
class RefreshToken:
    """The n-th refresh token of a session."""

    merchant: UUID
    session: UUID
    nth: int = 0

    @property
    def next(self) -> RefreshToken:
        """The one it is exchanged for."""
        return RefreshToken(self.merchant, self.session, self.nth + 1)

    @property
    def digest(self) -> str:
        """What is kept of it, in hex."""
        return digest(str(self)).hex()

    def __str__(self) -> str:
        end = derive("refresh", str(self.merchant), str(self.session), str(self.nth)).hex()
        return f"rt_{self.merchant.hex}_{self.session.hex}_{self.nth}_{end}"


def read_refresh_token(text: str) -> RefreshToken:
    """The token behind a text; `identity.invalid` when this installation did not make it."""
    parts = TOKEN.match(text)
    if parts is None:
        raise Problem("identity.invalid")
    token = RefreshToken(UUID(hex=parts[1]), UUID(hex=parts[2]), int(parts[3]))
    if not compare_digest(str(token), text):
        raise Problem("identity.invalid")
    return token
