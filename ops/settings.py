"""What this process runs on: three URLs, one data folder, the installation's secrets. Read once."""

from __future__ import annotations

import base64
import json
import os
import secrets
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

SECRET_BYTES = 32
SECRET_NAMES = ("token_key", "seal_key", "index_key")


class WeakSecret(Exception):
    """A secret is missing or shorter than 32 bytes: the system refuses to start with it."""


@dataclass(frozen=True)
class Secrets:
    """Keys made at first start: tokens are signed, personal fields sealed and indexed with them."""

    token_key: bytes
    seal_key: bytes
    index_key: bytes


@dataclass(frozen=True)
class Settings:
    """Everything the environment decides. The embedded profile needs none of it set.

    `proxies` is how many proxies of ours stand before the edge: that many hops of X-Forwarded-For are believed.
    """

    home: Path
    database_url: str
    broker_url: str
    redis_url: str
    bind: str
    port: int
    edge_workers: int
    edge_threads: int
    queue_age_max_seconds: int
    queue_length_max: int
    proxies: int

    @property
    def profile(self) -> str:
        """`embedded` (SQLite, Valkey) or `cluster` (MySQL, RabbitMQ, Redis)."""
        return "embedded" if self.database_url.startswith("sqlite") else "cluster"

    @property
    def secrets(self) -> Secrets:
        """The installation's keys: from `REGULARS_SECRETS` (a file), else the data folder."""
        return _secrets(Path(os.environ.get("REGULARS_SECRETS", self.home / "secrets.json")))


@lru_cache
def settings() -> Settings:
    """The settings of this process."""
    env = os.environ
    home = Path(env.get("REGULARS_HOME", "var")).resolve()
    database_url = env.get("DATABASE_URL", f"sqlite:///{home}/regulars.db")
    embedded = database_url.startswith("sqlite")
    return Settings(
        home=home,
        database_url=database_url,
        broker_url=env.get("BROKER_URL", f"redis+socket://{home}/kv.sock?virtual_host=0"),
        redis_url=env.get("REDIS_URL", f"unix://{home}/kv.sock?db=1"),
        bind=env.get("REGULARS_BIND", "127.0.0.1"),
        port=int(env.get("REGULARS_PORT", "8080")),
        edge_workers=int(env.get("REGULARS_EDGE_WORKERS", "1" if embedded else "2")),
        edge_threads=int(env.get("REGULARS_EDGE_THREADS", "16")),
        queue_age_max_seconds=int(env.get("REGULARS_QUEUE_AGE_MAX_SECONDS", "30")),
        queue_length_max=int(env.get("REGULARS_QUEUE_LENGTH_MAX", "200000")),
        proxies=int(env.get("REGULARS_PROXIES", "0")),
    )


@lru_cache
def _secrets(path: Path) -> Secrets:
    if not path.exists():
        _generate(path)
    stored = json.loads(path.read_text())
    keys = {name: base64.b64decode(stored.get(name, "")) for name in SECRET_NAMES}
    for name, key in keys.items():
        if len(key) < SECRET_BYTES or len(set(key)) < 8:
            raise WeakSecret(f"{name} in {path} is missing or weak: 32 random bytes, base64, are needed")
    return Secrets(**keys)


def _generate(path: Path) -> None:
    """First start: write fresh keys, readable by the owner alone. The first of several processes wins."""
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = {name: base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode() for name in SECRET_NAMES}
    draft = path.with_suffix(f".{os.getpid()}.new")
    draft.touch(mode=0o600)
    draft.write_text(json.dumps(fresh, indent=2))
    try:
        os.link(draft, path)
    except FileExistsError:
        pass
    finally:
        draft.unlink()
