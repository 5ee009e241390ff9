"""The key-value server of the embedded profile."""

import sys
from pathlib import Path

import pytest
import redis

from ops.children import Warden
from ops.servers import keyvalue
from ops.servers.keyvalue import EmbeddedKeyValue, NoKeyValueServer


def test_the_embedded_key_value_server_can_be_used_by_itself(tmp_path: Path) -> None:
    warden = Warden()
    server = EmbeddedKeyValue(tmp_path, warden)
    server.start()
    with redis.Redis.from_url(server.url) as client:
        client.set("sale", "1")
        server.kill()
        server.restart()
        assert client.get("sale") == b"1"
    server.stop()
    warden.close()
    assert not server.alive


def test_the_wheels_server_is_used_where_path_has_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    monkeypatch.setattr(keyvalue, "BUNDLED", sys.executable)
    assert keyvalue.find_key_value_server() == sys.executable
    monkeypatch.setattr(keyvalue, "BUNDLED", None)
    with pytest.raises(NoKeyValueServer, match="apt-get install"):
        keyvalue.find_key_value_server()


def test_a_home_too_deep_for_a_socket_is_refused_in_words(tmp_path: Path) -> None:
    with pytest.raises(NoKeyValueServer, match="REGULARS_HOME"):
        keyvalue.socket_of(tmp_path / ("x" * 100))
