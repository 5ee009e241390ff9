"""Cheap isolation on shared servers: a database, a virtual host and a Redis index of one's own."""

import base64
import contextlib
import random
import secrets
from collections.abc import Iterator, Mapping
from typing import cast
from urllib.parse import SplitResult, quote, unquote, urlsplit, urlunsplit

import pymysql
import redis
import urllib3

CLAIM_SECONDS = 6 * 3600  # a session that crashed gives its Redis index back after this long


@contextlib.contextmanager
def namespace(urls: Mapping[str, str]) -> Iterator[dict[str, str]]:
    """The environment `urls` with its three URLs changed to empty places nobody else uses, gone afterwards.

    A virtual host needs BROKER_MANAGEMENT_URL in `urls`; without it the one in BROKER_URL is used as it is.
    """
    name = f"regulars_{secrets.token_hex(4)}"
    with contextlib.ExitStack() as stack:
        yield {
            **urls,
            "DATABASE_URL": stack.enter_context(_database(urls["DATABASE_URL"], name)),
            "BROKER_URL": stack.enter_context(_virtual_host(urls, name)),
            "REDIS_URL": stack.enter_context(_redis_index(urls["REDIS_URL"])),
        }


@contextlib.contextmanager
def _database(url: str, name: str) -> Iterator[str]:
    _execute(url, f"CREATE DATABASE `{name}` CHARACTER SET utf8mb4")
    try:
        yield _with_path(url, name)
    finally:
        _execute(url, f"DROP DATABASE `{name}`")


def _execute(url: str, statement: str) -> None:
    parts = urlsplit(url)
    connection = pymysql.connect(
        host=parts.hostname,
        port=parts.port or 3306,
        user=unquote(parts.username or "root"),
        password=unquote(parts.password or ""),
    )
    with connection, connection.cursor() as cursor:
        cursor.execute(statement)


@contextlib.contextmanager
def _virtual_host(urls: Mapping[str, str], name: str) -> Iterator[str]:
    broker, management = urls["BROKER_URL"], urls.get("BROKER_MANAGEMENT_URL")
    if not management:
        yield broker
        return
    user = quote(urlsplit(broker).username or "guest", safe="")
    _manage(management, "PUT", f"vhosts/{name}")
    _manage(management, "PUT", f"permissions/{name}/{user}", b'{"configure":".*","write":".*","read":".*"}')
    try:
        yield _with_path(broker, name)
    finally:
        _manage(management, "DELETE", f"vhosts/{name}")


def _manage(url: str, method: str, path: str, body: bytes = b"{}") -> None:
    parts = urlsplit(url)
    account = f"{unquote(parts.username or 'guest')}:{unquote(parts.password or 'guest')}"
    answer = urllib3.request(
        method,
        f"{_without_account(parts)}/api/{path}",
        body=body,
        headers={
            "Authorization": f"Basic {base64.b64encode(account.encode()).decode()}",
            "Content-Type": "application/json",
        },
        timeout=30,
    )
    if answer.status >= 300:
        raise RuntimeError(f"the broker refused {method} {path}: {answer.status} {answer.data.decode()}")


@contextlib.contextmanager
def _redis_index(url: str) -> Iterator[str]:
    with redis.Redis.from_url(_with_path(url, "0")) as claims:
        index = _claim(claims)
        fresh = _with_path(url, str(index))
        try:
            _flush(fresh)
            yield fresh
        finally:
            _flush(fresh)
            claims.delete(_claim_key(index))


def _claim(claims: redis.Redis) -> int:
    """Takes a free index at random: even when someone flushed the claims, a clash is unlikely."""
    settings = cast(dict[str, str], claims.config_get("databases"))
    indexes = range(2, int(settings["databases"]))  # 0 keeps the claims, 1 belongs to who uses the server whole
    for index in random.sample(indexes, len(indexes)):
        if claims.set(_claim_key(index), 1, nx=True, ex=CLAIM_SECONDS):
            return index
    raise RuntimeError(f"all {len(indexes)} Redis databases are in use; another test session must end first")


def _claim_key(index: int) -> str:
    return f"regulars:claim:{index}"


def _flush(url: str) -> None:
    with redis.Redis.from_url(url) as client:
        client.flushdb()


def _with_path(url: str, path: str) -> str:
    return urlunsplit(urlsplit(url)._replace(path=f"/{path}"))


def _without_account(parts: SplitResult) -> str:
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2])).rstrip("/")
