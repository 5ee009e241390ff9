"""Waiting for processes, and for what they do, in tests."""

import time
from collections.abc import Callable
from typing import TypeVar

import psutil

Value = TypeVar("Value")


def wait_for(what: Callable[[], Value], seconds: float = 10) -> Value:
    """What `what` gives once it is true; an AssertionError when that takes too long."""
    deadline = time.monotonic() + seconds
    while not (value := what()):
        assert time.monotonic() < deadline, f"waited {seconds:g} s in vain"
        time.sleep(0.01)
    return value


def runs(pid: int) -> bool:
    """Whether the process runs. One that is dead but not collected yet does not."""
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
