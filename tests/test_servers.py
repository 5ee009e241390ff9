"""Private MariaDB, RabbitMQ and Redis: durable through kills, isolated by namespace, gone when their parent is."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urlsplit

import kombu
import pymysql
import pytest
import redis

from ops.children import Warden
from ops.servers import install
from ops.servers.install import ServersMissing, ensure_servers
from ops.servers.keyvalue import Redis
from ops.servers.namespaces import namespace
from ops.servers.private import Servers
from ops.servers.server import BootFailed
from tests.processes import runs, wait_for

# Collected on the cluster profile alone: the embedded one promises to need none of these programs, and whoever
# names running servers need not have them either.
__test__ = os.environ.get("REGULARS_PROFILE") != "embedded" and "TEST_DATABASE_URL" not in os.environ

ROOT = Path(__file__).parent.parent
START_REDIS = """\
import sys, time
from pathlib import Path
from ops.children import Warden
from ops.servers.keyvalue import Redis
server = Redis(Path(sys.argv[1]), Warden())
server.start()
print(server.pid, flush=True)
time.sleep(60)
"""


@pytest.fixture(scope="module")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Servers]:
    with Servers(tmp_path_factory.mktemp("servers")) as servers:
        yield servers
        pids = [server.pid for server in servers.all]
        names = servers.rabbitmq.names_pid
    assert not any(runs(pid) for pid in [*pids, names])


def database(url: str) -> pymysql.Connection:
    parts = urlsplit(url)
    return pymysql.connect(
        host=parts.hostname,
        port=parts.port or 0,
        user=parts.username,
        password=parts.password or "",
        database=parts.path[1:],
        autocommit=True,
        read_timeout=10,
    )


def rows(url: str, statement: str) -> tuple[tuple[object, ...], ...]:
    with database(url) as connection, connection.cursor() as cursor:
        cursor.execute(statement)
        return cursor.fetchall()


def publish(url: str, body: str) -> None:
    """Publishes to a quorum queue and returns when the broker has confirmed it."""
    with kombu.Connection(url, transport_options={"confirm_publish": True}) as connection:
        kombu.Producer(connection).publish(body, routing_key="till", declare=[queue()], delivery_mode=2)


def received(url: str) -> str | None:
    with kombu.Connection(url) as connection:
        message = queue()(connection.default_channel).get(no_ack=True)
        return message.payload if message else None


def queue() -> kombu.Queue:
    return kombu.Queue("till", durable=True, queue_arguments={"x-queue-type": "quorum"})


def test_mariadb_is_durable_and_waits_for_locks_no_longer_than_it_should(servers: Servers) -> None:
    wanted = {
        "innodb_flush_log_at_trx_commit": "1",
        "innodb_rollback_on_timeout": "ON",
        "innodb_lock_wait_timeout": "5",
        "tx_isolation": "READ-COMMITTED",
        "character_set_server": "utf8mb4",
        "innodb_buffer_pool_size": str(64 * 1024 * 1024),
    }
    found = {str(name): value for name, value in rows(servers.mariadb.url, "SHOW GLOBAL VARIABLES")}
    assert {name: found[name] for name in wanted} == wanted


def test_each_server_keeps_what_it_confirmed_when_it_is_killed(servers: Servers) -> None:
    urls = servers.environment()
    rows(urls["DATABASE_URL"], "CREATE TABLE sale (id INT PRIMARY KEY)")
    rows(urls["DATABASE_URL"], "INSERT INTO sale VALUES (42)")
    publish(urls["BROKER_URL"], "a sale")
    with redis.Redis.from_url(urls["REDIS_URL"]) as cache:
        cache.set("sale", "42")
    before = [server.pid for server in servers.all]
    time.sleep(1)  # RabbitMQ forgets the name of a quorum queue declared within half a second of a crash

    for server in servers.all:
        server.kill()
    assert not any(runs(pid) for pid in before)
    with ThreadPoolExecutor() as pool:
        list(pool.map(lambda server: server.restart(), servers.all))

    assert servers.environment() == urls
    assert rows(urls["DATABASE_URL"], "SELECT id FROM sale") == ((42,),)
    assert received(urls["BROKER_URL"]) == "a sale"
    with redis.Redis.from_url(urls["REDIS_URL"]) as cache:
        assert cache.get("sale") == b"42"


def test_a_paused_server_answers_only_once_it_is_resumed(servers: Servers) -> None:
    servers.redis.pause()
    with pytest.raises(TimeoutError):
        servers.redis.answers()
    servers.redis.resume()
    assert servers.redis.answers()


def test_namespaces_do_not_see_each_other_and_leave_nothing(servers: Servers) -> None:
    with namespace(servers.environment()) as one, namespace(servers.environment()) as two:
        rows(one["DATABASE_URL"], "CREATE TABLE sale (id INT)")
        assert rows(two["DATABASE_URL"], "SHOW TABLES") == ()
        publish(one["BROKER_URL"], "a sale")
        publish(two["BROKER_URL"], "another")
        assert received(one["BROKER_URL"]) == "a sale"
        with redis.Redis.from_url(one["REDIS_URL"]) as mine, redis.Redis.from_url(two["REDIS_URL"]) as yours:
            mine.set("sale", "1")
            assert yours.keys() == []
    with pytest.raises(pymysql.OperationalError, match="Unknown database"):
        rows(one["DATABASE_URL"], "SELECT 1")
    with pytest.raises(Exception, match="vhost .* not found"):
        publish(one["BROKER_URL"], "a sale")
    with redis.Redis.from_url(one["REDIS_URL"]) as mine:
        assert mine.keys() == []


def test_a_namespace_costs_a_fraction_of_a_second(servers: Servers) -> None:
    began = time.monotonic()
    with namespace(servers.environment()):
        pass
    assert time.monotonic() - began < 2


def test_without_the_management_api_a_namespace_shares_the_virtual_host(servers: Servers) -> None:
    urls = servers.environment()
    management = urls.pop("BROKER_MANAGEMENT_URL")
    assert management
    with namespace(urls) as shared:
        assert shared["BROKER_URL"] == urls["BROKER_URL"]
        assert shared["DATABASE_URL"] != urls["DATABASE_URL"]


def test_a_server_that_cannot_boot_says_so_with_the_end_of_its_log(servers: Servers, tmp_path: Path) -> None:
    warden = Warden()
    intruder = Redis(tmp_path, warden)
    intruder.port = servers.redis.port
    with pytest.raises(BootFailed, match=r"redis ended with exit code 1 while starting[\s\S]*in use"):
        intruder.start()
    assert not intruder.alive
    warden.close()


def test_a_server_dies_with_a_parent_that_is_killed(tmp_path: Path) -> None:
    parent = subprocess.Popen(
        [sys.executable, "-c", START_REDIS, str(tmp_path)], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    assert parent.stdout
    server = int(parent.stdout.readline())
    assert runs(server)
    parent.kill()
    parent.communicate()
    wait_for(lambda: not runs(server))


def test_missing_servers_are_named_with_the_way_to_get_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    monkeypatch.setattr(install, "FOLDERS", ())
    monkeypatch.setattr(install, "RABBITMQ_PLACES", ())
    with pytest.raises(ServersMissing) as caught:
        ensure_servers()
    for part in (
        "mariadbd",
        "redis-server",
        "apt-get install mariadb-server rabbitmq-server",
        "TEST_DATABASE_URL",
    ):
        assert part in str(caught.value)


def run_exec(*command: str, **urls: str) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("TEST_")}
    return subprocess.run(
        [sys.executable, "-m", "ops.servers", "exec", "--", *command],
        cwd=ROOT, env=environment | urls, capture_output=True, text=True, check=False,
    )  # fmt: skip


GIVEN = {"TEST_DATABASE_URL": "mysql://a", "TEST_BROKER_URL": "amqp://b", "TEST_REDIS_URL": "redis://c"}


def test_exec_runs_a_command_on_servers_that_are_given_and_ends_with_its_exit_code() -> None:
    done = run_exec("sh", "-c", "echo $DATABASE_URL $BROKER_URL $REDIS_URL; exit 7", **GIVEN)
    assert (done.stdout, done.returncode) == ("mysql://a amqp://b redis://c\n", 7)
    assert run_exec("sh", "-c", "kill -9 $$", **GIVEN).returncode == 128 + 9


def test_exec_refuses_half_of_the_servers_and_commands_that_do_not_exist() -> None:
    half = run_exec("true", TEST_DATABASE_URL="mysql://a")
    assert half.returncode == 2
    assert "TEST_BROKER_URL, TEST_REDIS_URL must be given as well" in half.stderr
    assert "no such program" in run_exec("no-such-program", **GIVEN).stderr
