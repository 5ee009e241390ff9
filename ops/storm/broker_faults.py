"""What can go wrong at the broker and beside it: alarm, full and missing queues, doubled and disordered messages."""

from __future__ import annotations

import time

import pymysql
import redis

from ops.servers.mariadb import ACCOUNT
from ops.storm.field import EDGE, Fault, Field
from ops.storm.poison import garbage

ALARM = (
    "vm_memory_monitor:set_vm_memory_high_watermark({{absolute, 1000000}}),"
    "spawn(fun() -> timer:sleep({milliseconds}), vm_memory_monitor:set_vm_memory_high_watermark(0.4) end)."
)
WORKER_OF = {"sales": "checkout", "points": "accrual", "reports": "reports"}
PUBLISHER_OF = {"sales": EDGE, "points": "relay", "reports": "relay"}
DOUBLED_MOST = 50
EMPTY_SECONDS = 20.0
SETTLING_SECONDS = 1.5
"""What a worker has in its hands is settled after so long; killed before, it gives everything back."""


def broker_faults() -> list[Fault]:
    """Faults of the broker, of connections and of what is on the queues."""
    return [
        Fault("memory alarm", ("rabbitmq",), _alarm, once=True),
        Fault("full queue", ("rabbitmq",), _fill),
        *(
            Fault(f"queue {name} is deleted", ("rabbitmq", "mariadb", PUBLISHER_OF[name], worker), _Deletion(name))
            for name, worker in WORKER_OF.items()
        ),
        *(
            Fault(f"messages of {name} doubled, reversed", ("rabbitmq", w), _Doubling(name))
            for name, w in WORKER_OF.items()
        ),
        Fault("garbage on the queues", ("rabbitmq",), _inject),
        Fault("database connections dropped", ("mariadb",), _drop_connections),
        Fault("Redis flushed", ("redis",), _flush),
    ]


def _alarm(field: Field) -> None:
    seconds = field.chance.uniform(3.0, field.longest)
    field.rabbitmqctl("eval", ALARM.format(milliseconds=int(seconds * 1000)))
    time.sleep(seconds)


def _fill(field: Field) -> None:
    """A queue that takes five messages at most answers the others with a refusal."""
    queue = field.chance.choice(list(WORKER_OF))
    field.queues.limit(queue, 5)
    try:
        field.rest()
    finally:
        field.queues.limit(queue, None)


class _Doubling:
    """Messages that wait are given back twice, the last first; its worker is killed first, so that some wait."""

    def __init__(self, queue: str) -> None:
        self._queue = queue

    def __call__(self, field: Field) -> None:
        field.kill(WORKER_OF[self._queue])
        time.sleep(field.chance.uniform(0.5, 1.5))
        count = field.queues.double(self._queue, DOUBLED_MOST)
        field.say(f"  {count} messages of {self._queue} are on it twice")


class _Deletion:
    """A queue is gone for some seconds. Nothing may be in it, or the storm itself would lose it."""

    def __init__(self, queue: str) -> None:
        self._queue = queue

    def __call__(self, field: Field) -> None:
        with field.silenced(PUBLISHER_OF[self._queue]):
            if not self._emptied(field):
                field.say(f"  {self._queue} did not become empty; left alone")
                return
            field.queues.delete(self._queue)
        field.rest(2.0)
        field.rig.migrate()

    def _emptied(self, field: Field) -> bool:
        """Nothing ready, and nothing comes back when the worker that may hold some is killed."""
        deadline = time.monotonic() + EMPTY_SECONDS
        while time.monotonic() < deadline:
            time.sleep(SETTLING_SECONDS)
            if field.queues.ready(self._queue)[0] == 0:
                field.kill(WORKER_OF[self._queue])
                time.sleep(0.5)
                if field.queues.ready(self._queue)[0] == 0:
                    self._await_consumer(field)
                    return True
        return False

    def _await_consumer(self, field: Field) -> None:
        """Every other time a worker listens again when the queue is taken from under it."""
        deadline = time.monotonic() + field.chance.choice((0.0, EMPTY_SECONDS))
        while time.monotonic() < deadline and field.queues.ready(self._queue)[1] == 0:
            time.sleep(0.2)


def _inject(field: Field) -> None:
    for mark, message in garbage():
        field.injected.marks[mark] = False
        field.queues.put(message)
        field.injected.marks[mark] = True


def _drop_connections(field: Field) -> None:
    """Every connection is ended by the database, again and again for three seconds."""
    server = field.server("mariadb")
    port = int(server.url.rsplit(":", 1)[1].split("/")[0])
    connection = pymysql.connect(host="127.0.0.1", port=port, user=ACCOUNT, password=ACCOUNT, autocommit=True)
    with connection, connection.cursor() as cursor:
        for _ in range(10):
            cursor.execute(
                "SELECT id FROM information_schema.processlist WHERE id <> CONNECTION_ID() AND user = %s", [ACCOUNT]
            )
            for (id_,) in cursor.fetchall():
                try:
                    cursor.execute("KILL CONNECTION %s", [id_])
                except pymysql.OperationalError:
                    continue  # it ended by itself
            time.sleep(0.3)


def _flush(field: Field) -> None:
    with redis.Redis.from_url(field.server("redis").url, socket_timeout=5) as client:
        client.flushall()
