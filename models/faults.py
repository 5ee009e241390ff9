"""Whose fault is a database error? The system's is tried again; only a message's own is parked.

Facts: research on this stack (error numbers of MySQL 8 and MariaDB 10.11): 1205 lock wait, 1213 deadlock,
1020 snapshot conflict, 1040/1203 too many connections, 1053/1927/2002/2003/2006/2013/2055/4031 lost or
refused connection, 1021/1114 disk or table full, 1290/1836 read only, 1317/1969/3024 interrupted.
"""

from __future__ import annotations

import sqlite3

import peewee
import pymysql

TRANSIENT_NUMBERS = frozenset(
    (1020, 1021, 1040, 1053, 1114, 1129, 1158, 1159, 1160, 1161, 1180, 1203, 1205, 1206, 1213, 1290, 1317)
    + (1836, 1927, 1969, 2002, 2003, 2006, 2013, 2014, 2055, 3024, 4031)
)
TRANSIENT_SQLITE = ("locked", "busy", "disk i/o", "full", "unable to open", "readonly", "interrupted")
DUPLICATE_NUMBERS = frozenset((1022, 1062))


def is_transient(error: BaseException | None) -> bool:
    """True when the same transaction may well succeed later: nothing is wrong with what it says.

    What an error came of counts as well: where the disk was full, the roll-back may fail with another.
    """
    while error is not None:
        if _is_transient(error):
            return True
        error = error.__cause__ or error.__context__
    return False


def _is_transient(error: BaseException) -> bool:
    if isinstance(error, (peewee.InterfaceError, pymysql.err.InterfaceError, ConnectionError, TimeoutError)):
        return True
    if isinstance(error, (peewee.OperationalError, pymysql.err.OperationalError, pymysql.err.InternalError)):
        return _number(error) in TRANSIENT_NUMBERS or _sqlite_transient(error)
    return isinstance(error, sqlite3.OperationalError) and _sqlite_transient(error)


def is_duplicate(error: BaseException) -> bool:
    """True when a unique key was taken, most often by the same command in another worker."""
    if isinstance(error, sqlite3.IntegrityError):
        return "UNIQUE" in str(error)
    known = isinstance(error, (peewee.IntegrityError, pymysql.err.IntegrityError))
    return known and (_number(error) in DUPLICATE_NUMBERS or "UNIQUE" in str(error))


def _number(error: BaseException) -> int:
    return error.args[0] if error.args and isinstance(error.args[0], int) else 0


def _sqlite_transient(error: BaseException) -> bool:
    text = str(error).lower()
    return any(sign in text for sign in TRANSIENT_SQLITE)
