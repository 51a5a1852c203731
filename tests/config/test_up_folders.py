"""A data folder has one holder, private files, and is emptied of nothing that is not ours."""

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from config.embedded import down, folders


def test_a_second_holder_is_told_who_the_first_is(tmp_path: Path) -> None:
    with folders.hold(tmp_path), pytest.raises(folders.Busy) as busy, folders.hold(tmp_path):
        pass
    assert busy.value.pid == os.getpid()
    assert folders.holder(tmp_path) is None


def test_the_lock_goes_with_the_process_however_it_ends(tmp_path: Path) -> None:
    held = f"from pathlib import Path; from config.embedded import folders; import os; folders.hold(Path({str(tmp_path)!r})).__enter__(); os._exit(9)"
    assert subprocess.run([sys.executable, "-c", held], check=False).returncode == 9
    with folders.hold(tmp_path):
        pass


def test_the_secret_key_is_made_once_and_read_by_its_owner_only(tmp_path: Path) -> None:
    key = folders.secret_key(tmp_path)
    assert len(key) >= 50
    assert folders.secret_key(tmp_path) == key
    assert stat.S_IMODE((tmp_path / "secret_key").stat().st_mode) == 0o600
    assert [path.name for path in tmp_path.iterdir()] == ["secret_key"]


def test_up_json_that_is_half_written_or_odd_counts_as_none(tmp_path: Path) -> None:
    assert folders.read_up(tmp_path) == {}
    for odd in ("", "{", "[]", "\xff"):
        (tmp_path / "up.json").write_text(odd)
        assert folders.read_up(tmp_path) == {}


def test_reset_removes_ours_and_leaves_what_is_not(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys) -> None:
    monkeypatch.setenv("DATA_DIR", str(tmp_path))
    monkeypatch.setattr("sys.stdin.isatty", lambda: False)
    (tmp_path / "postgres").mkdir()
    (tmp_path / "postgres" / "PG_VERSION").write_text("18")
    (tmp_path / "secret_key").write_text("x")
    (tmp_path / "my notes.txt").write_text("keep")
    assert down.main(["--reset"]) == 0
    assert sorted(path.name for path in tmp_path.iterdir()) == ["my notes.txt", "up.lock"]
    assert "removed" in capsys.readouterr().out
