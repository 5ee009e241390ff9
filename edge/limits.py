"""How often something may be tried: counted in Redis, so that all edges count together."""

from __future__ import annotations

import hashlib
from contextlib import suppress
from dataclasses import dataclass

import redis

from edge.errors import Problem
from ops import cache

UNREACHABLE = (OSError, redis.RedisError)


@dataclass(frozen=True, slots=True)
class Limit:
    """So many tries under a name within so many seconds of the first. The name is kept as a digest only."""

    name: str
    most: int
    seconds: int

    def count(self) -> None:
        """Count a try; `identity.too_many_tries` over the limit. Without Redis: busy, never unlimited."""
        try:
            pipe = cache.client().pipeline()
            pipe.set(self._key, 0, ex=self.seconds, nx=True)
            pipe.incr(self._key)
            pipe.ttl(self._key)
            _, count, left = pipe.execute()
        except UNREACHABLE as error:
            raise Problem("system.busy") from error
        if count > self.most:
            raise Problem("identity.too_many_tries", retry_after=max(1, left), headers=self._headers(left))

    def give_back(self) -> None:
        """The try was a good one and does not count."""
        with suppress(*UNREACHABLE):
            if int(cache.client().decr(self._key)) <= 0:
                cache.client().delete(self._key)

    def clear(self) -> None:
        """Who tried has got it right: begin again."""
        with suppress(*UNREACHABLE):
            cache.client().delete(self._key)

    @property
    def _key(self) -> str:
        return f"tries:{hashlib.sha256(self.name.encode()).hexdigest()[:32]}"

    def _headers(self, left: int) -> dict[str, str]:
        return {
            "RateLimit": f'"tries";r=0;t={max(1, left)}',
            "RateLimit-Policy": f'"tries";q={self.most};w={self.seconds}',
        }
