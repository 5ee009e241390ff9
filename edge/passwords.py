"""Passwords and PINs: hashed with argon2id here at the edge, so that they never travel.

The salt follows from what the hash is for and the Idempotency-Key, so a command sent again has the same
body. What argon2 is given is keyed with the installation's secret first: a stolen table alone cannot be
searched, not even for four digits. At most `AT_ONCE` are computed together; each takes 19 MiB.
"""

from __future__ import annotations

import threading
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache

from argon2 import low_level
from argon2.exceptions import VerificationError

from edge.errors import Problem
from ops.seals import derive

MEMORY_KIB = 19 * 1024
PASSES = 2
LANES = 1
HASH_BYTES = 32
SALT_BYTES = 16
AT_ONCE = 4
PATIENCE_SECONDS = 3.0

_places = threading.BoundedSemaphore(AT_ONCE)


def hashed(plain: str, *salt_from: str) -> str:
    """The hash of a new password or PIN; the same parts make the same salt."""
    salt = derive("salt", *salt_from)[:SALT_BYTES]
    with _place():
        return low_level.hash_secret(
            _keyed(plain), salt, PASSES, MEMORY_KIB, LANES, HASH_BYTES, low_level.Type.ID
        ).decode()


def matches(kept: str | None, plain: str) -> bool:
    """Whether a password or PIN is the one hashed; without one to compare with, no, in the same time."""
    against = kept or _nobodys()
    with _place():
        try:
            same = low_level.verify_secret(against.encode(), _keyed(plain), low_level.Type.ID)
        except VerificationError:
            return False
    return same and kept is not None


@lru_cache
def _nobodys() -> str:
    return hashed("nobody has this", "nobody")


def _keyed(plain: str) -> bytes:
    return derive("password", unicodedata.normalize("NFKC", plain))


@contextmanager
def _place() -> Iterator[None]:
    if not _places.acquire(timeout=PATIENCE_SECONDS):
        raise Problem("system.busy")
    try:
        yield
    finally:
        _places.release()
