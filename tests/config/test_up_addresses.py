"""Embedded servers are found by the data folder alone."""

from pathlib import Path

import environ
import pytest
from kombu import Connection
from redis.connection import parse_url

from config.embedded import addresses

FOLDERS = ["/srv/switchboard/var", "/home/Алёна/коммутатор/var", "/a b/c#d?e&f%41+g", "/long" * 30, "/odd:@/var"]


@pytest.mark.parametrize("folder", FOLDERS)
def test_three_libraries_find_the_same_socket_folder_whatever_the_path(folder: str) -> None:
    place = Path(folder)
    sockets = addresses.socket_dir(place)
    assert environ.Env.db_url_config(addresses.database_url(place))["OPTIONS"]["host"] == str(sockets)
    assert parse_url(addresses.cache_url(place))["path"] == f"{sockets}/valkey.sock"
    assert Connection(addresses.broker_url(place)).as_uri().endswith(f"{sockets}/valkey.sock")
    assert len(str(sockets)) + len("/.s.PGSQL.5432.lock") < 104


def test_a_short_folder_is_another_one_for_another_data_folder() -> None:
    assert addresses.socket_dir(Path("/x" * 60)) != addresses.socket_dir(Path("/y" * 60))


def test_the_note_of_a_data_folder_tells_where_its_servers_are(tmp_path: Path) -> None:
    assert addresses.servers_dir(tmp_path) == tmp_path
    (tmp_path / "servers_are_in").write_text("/var/lib/switchboard/0123456789ab")
    assert addresses.database_url(tmp_path).endswith("?host=/var/lib/switchboard/0123456789ab/run")


def test_data_dir_is_beside_manage_py_unless_said_otherwise(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("DATA_DIR", raising=False)
    assert addresses.data_dir() == Path(addresses.__file__).resolve().parents[2] / "var"
    monkeypatch.setenv("DATA_DIR", str(tmp_path / "x" / ".." / "y"))
    assert addresses.data_dir() == (tmp_path / "y").resolve()
