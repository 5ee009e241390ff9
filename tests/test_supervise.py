"""The supervisor of one machine, on small processes of its own and the real key-value server."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest
import redis

from ops.supervise import LOG_BYTES_MAX, CannotSupervise, Supervisor, read_procfile
from tests.processes import runs, wait_for

CLUSTER = {"BROKER_URL": "amqp://elsewhere", "REDIS_URL": "redis://elsewhere"}
SLEEPS = 'python -c "import time; time.sleep(60)"'
STUBBORN = 'python -c "import signal, time; signal.signal(15, signal.SIG_IGN); print(1); time.sleep(60)"'
WITH_GRANDCHILD = "python -c \"import subprocess, time; print(subprocess.Popen(['sleep', '60']).pid); time.sleep(60)\""
RUN = """\
import sys
from pathlib import Path
from ops.supervise import Supervisor
Supervisor(Path(sys.argv[1]), Path(sys.argv[2]), {"PATH": "/usr/bin:/bin"}).run()
"""


class Place:
    """A folder with a Procfile and a home, and the supervisors started there."""

    def __init__(self, folder: Path) -> None:
        self.procfile = folder / "Procfile"
        self.home = folder / "home"
        self.started: list[Supervisor] = []

    def supervise(self, *lines: str, environment: dict[str, str] | None = None) -> Supervisor:
        self.procfile.write_text("\n".join(lines))
        supervisor = Supervisor(self.procfile, self.home, {**os.environ, **CLUSTER, **(environment or {})})
        self.started.append(supervisor)
        supervisor.start()
        wait_for(lambda: len(supervisor.pids()) >= len(lines))
        return supervisor

    def log(self, name: str) -> str:
        path = self.home / "logs" / f"{name}.log"
        return path.read_text() if path.exists() else ""


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    place = Place(tmp_path)
    yield place
    for supervisor in place.started:
        supervisor.hurry()
        supervisor.stop()


def test_a_procfile_holds_one_command_a_line(tmp_path: Path) -> None:
    (tmp_path / "Procfile").write_text('# the shop\nedge: python -m ops edge\n\nodd-job: sh -c "exit 3"\n')
    assert read_procfile(tmp_path / "Procfile") == {
        "edge": ["python", "-m", "ops", "edge"],
        "odd-job": ["sh", "-c", "exit 3"],
    }


@pytest.mark.parametrize("line", ["edge", "edge:", ": python", "edge/1: python", "kv: python", "first: python"])
def test_a_bad_line_of_a_procfile_is_named_by_its_number(tmp_path: Path, line: str) -> None:
    (tmp_path / "Procfile").write_text(f"first: python\n{line}\n")
    with pytest.raises(CannotSupervise, match="line 2"):
        read_procfile(tmp_path / "Procfile")


def test_the_shipped_procfile_is_readable() -> None:
    assert "edge" in read_procfile(Path(__file__).parent.parent / "Procfile")


def test_every_process_runs_this_python_on_the_home_and_has_a_log(place: Place) -> None:
    shows = "python -uc \"import os, sys, time; print(sys.executable, os.environ['REGULARS_HOME']); time.sleep(60)\""
    place.supervise(f"one: {shows}", f"two: {shows}")
    said = f"{sys.executable} {place.home}\n"
    wait_for(lambda: said in place.log("one") and said in place.log("two"))


def test_a_killed_process_is_started_again_and_the_others_go_on(place: Place) -> None:
    supervisor = place.supervise(f"edge: {SLEEPS}", f"relay: {SLEEPS}")
    before = supervisor.pids()
    os.kill(before["edge"], signal.SIGKILL)
    wait_for(lambda: supervisor.pids().get("edge", before["edge"]) != before["edge"])
    assert supervisor.pids()["relay"] == before["relay"]


def test_a_process_that_keeps_ending_is_started_after_longer_and_longer_pauses(
    place: Place, capsys: pytest.CaptureFixture[str]
) -> None:
    place.procfile.write_text('crash: python -c "raise SystemExit(3)"\nabsent: no-such-program')
    supervisor = Supervisor(place.procfile, place.home, CLUSTER)
    place.started.append(supervisor)
    supervisor.start()
    wait_for(lambda: place.log("crash").count("---") == 3 and place.log("absent").count("---") == 3)
    said = capsys.readouterr().out
    assert [line.split()[-2] for line in said.splitlines() if "crash" in line and "again" in line] == [
        "0.2",
        "0.4",
    ]
    assert re.search(r"crash +ended with exit code 3 after", said)
    assert re.search(r"absent +cannot start: .*no-such-program", said)


def test_what_a_process_started_ends_with_it(place: Place) -> None:
    supervisor = place.supervise(f"edge: {WITH_GRANDCHILD}")
    grandchild = int(wait_for(lambda: re.findall(r"^\d+$", place.log("edge"), re.MULTILINE))[0])
    os.kill(supervisor.pids()["edge"], signal.SIGKILL)
    wait_for(lambda: not runs(grandchild))


def test_processes_stop_edge_first_and_the_key_value_server_last(place: Place, tmp_path: Path) -> None:
    order = tmp_path / "order"
    script = tmp_path / "note.py"
    script.write_text(
        "import signal, sys, time\n"
        "def end(*_):\n    time.sleep(0.05)\n    open(sys.argv[2], 'a').write(sys.argv[1] + ' ')\n    sys.exit()\n"
        "signal.signal(signal.SIGTERM, end)\nprint('ready')\ntime.sleep(60)\n"
    )
    names = ["beat", "relay", "checkout", "edge"]
    embedded = {"BROKER_URL": "", "REDIS_URL": ""}
    lines = [f"{name}: python {script} {name} {order}" for name in names]
    supervisor = place.supervise(*lines, environment=embedded)
    wait_for(lambda: all("ready" in place.log(name) for name in names))
    pids = supervisor.pids()
    supervisor.stop()
    assert order.read_text().split() == ["edge", "checkout", "relay", "beat"]
    assert "ready to exit, bye" in place.log("kv")
    assert not any(runs(pid) for pid in pids.values())


def test_a_process_that_will_not_stop_is_killed(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ops.supervise.GRACE_SECONDS", 0.3)
    supervisor = place.supervise(f"edge: {STUBBORN}")
    wait_for(lambda: "\n1\n" in place.log("edge"))
    pid = supervisor.pids()["edge"]
    supervisor.stop()
    assert not runs(pid)


def test_a_home_has_one_supervisor_at_a_time(place: Place) -> None:
    first = place.supervise(f"edge: {SLEEPS}")
    second = Supervisor(place.procfile, place.home, CLUSTER)
    with pytest.raises(CannotSupervise, match=f"already, as process {os.getpid()}"):
        second.start()
    first.stop()
    second.start()
    second.stop()


def test_only_the_processes_asked_for_start(place: Place) -> None:
    place.procfile.write_text(f"edge: {SLEEPS}\nbeat: {SLEEPS}")
    supervisor = Supervisor(place.procfile, place.home, CLUSTER, only={"beat"})
    place.started.append(supervisor)
    supervisor.start()
    assert set(wait_for(supervisor.pids)) == {"beat"}
    with pytest.raises(CannotSupervise, match="has no bet; it has edge, beat"):
        Supervisor(place.procfile, place.home, CLUSTER, only={"bet"})


def test_a_log_that_has_grown_too_long_is_put_aside_at_the_next_start(place: Place) -> None:
    (place.home / "logs").mkdir(parents=True)
    (place.home / "logs" / "edge.log").write_text("x" * (LOG_BYTES_MAX + 1))
    place.supervise(f"edge: {SLEEPS}")
    assert len(place.log("edge")) < 1000
    assert (place.home / "logs" / "edge.log.1").stat().st_size > LOG_BYTES_MAX


@pytest.fixture
def separate(place: Place) -> Iterator[Callable[[], subprocess.Popen[str]]]:
    """Starts a supervisor in a process of its own, on one process with a grandchild and the key-value server."""
    place.procfile.write_text(f"edge: {WITH_GRANDCHILD}")
    command = [sys.executable, "-c", RUN, str(place.procfile), str(place.home)]
    root = Path(__file__).parent.parent
    processes: list[subprocess.Popen[str]] = []

    def start() -> subprocess.Popen[str]:
        processes.append(subprocess.Popen(command, cwd=root, stdout=subprocess.PIPE, text=True))
        wait_for(lambda: place.log("edge").count("---") == len(processes))
        wait_for(lambda: re.search(r"^\d+\n\Z", place.log("edge"), re.MULTILINE))
        return processes[-1]

    yield start
    for process in processes:
        process.kill()
        process.communicate()


def test_ctrl_c_stops_everything(separate: Callable[[], subprocess.Popen[str]]) -> None:
    supervisor = separate()
    started = psutil.Process(supervisor.pid).children(recursive=True)
    assert len(started) == 4, "warden, key-value server, process, grandchild"
    supervisor.send_signal(signal.SIGINT)
    assert supervisor.wait(timeout=10) == 0
    assert not any(runs(process.pid) for process in started)


def test_a_supervisor_that_is_killed_leaves_nothing_running_and_can_be_started_again_at_once(
    separate: Callable[[], subprocess.Popen[str]],
) -> None:
    supervisor = separate()
    started = psutil.Process(supervisor.pid).children(recursive=True)
    supervisor.kill()
    supervisor.wait()
    again = separate()
    assert not any(runs(process.pid) for process in started)
    again.terminate()
    assert again.wait(timeout=10) == 0


def test_the_embedded_key_value_server_keeps_what_it_confirmed_when_it_is_killed(place: Place) -> None:
    supervisor = place.supervise(f"edge: {SLEEPS}", environment={"BROKER_URL": "", "REDIS_URL": ""})
    with redis.Redis(unix_socket_path=str(place.home / "kv.sock")) as client:
        client.set("sale", "1")
        killed = supervisor.pids()["kv"]
        os.kill(killed, signal.SIGKILL)
        wait_for(lambda: supervisor.pids().get("kv", killed) != killed and answers(client))
        assert client.get("sale") == b"1"


def test_a_key_value_server_that_cannot_start_is_given_up_with_the_place_of_its_log(place: Place) -> None:
    (place.home / "appendonlydir").mkdir(parents=True)
    (place.home / "appendonlydir" / "appendonly.aof.manifest").write_text("no manifest\n")
    with pytest.raises(CannotSupervise, match="logs/kv.log"):
        place.supervise(f"edge: {SLEEPS}", environment={"BROKER_URL": "", "REDIS_URL": ""})
    assert "manifest" in place.log("kv")


def answers(client: redis.Redis) -> bool:
    try:
        return bool(client.ping())
    except redis.RedisError:
        return False
