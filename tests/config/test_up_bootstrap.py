"""A machine that cannot install packages is told what is missing; one that has them is left alone."""

import json
import sys
from pathlib import Path

import pytest

from config.embedded import bootstrap


@pytest.fixture
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A place for .venv where nothing is."""
    monkeypatch.setattr(bootstrap, "VENV", tmp_path / ".venv")
    monkeypatch.setattr(bootstrap, "PYTHON", tmp_path / ".venv" / "bin" / "python")
    monkeypatch.setattr(bootstrap, "STAMP", tmp_path / ".venv" / "installed.json")
    return tmp_path


def test_a_python_without_pip_is_told_what_to_install(elsewhere: Path, monkeypatch: pytest.MonkeyPatch, capsys) -> None:
    monkeypatch.setattr(bootstrap, "has", lambda module: False)
    monkeypatch.setattr(bootstrap.shutil, "which", lambda name: None)
    assert bootstrap.main("requirements.lock") == 1
    said = capsys.readouterr().out
    assert "apt-get install python3-venv" in said
    assert "PYTHON=" in said
    assert not (elsewhere / ".venv").exists(), "nothing half-made stays"


def test_an_installed_lock_is_not_installed_again(elsewhere: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (elsewhere / ".venv" / "bin").mkdir(parents=True)
    bootstrap.PYTHON.symlink_to(sys.executable)
    installs: list[str] = []
    monkeypatch.setattr(bootstrap, "install", installs.append)
    assert [bootstrap.main("requirements.lock"), bootstrap.main("requirements.lock")] == [0, 0]
    assert installs == ["requirements.lock"]
    assert bootstrap.main("requirements-dev.lock") == 0
    assert installs == ["requirements.lock", "requirements-dev.lock"]
    assert bootstrap.main("requirements.lock") == 0, "the lock of the developers contains the other"
    assert len(installs) == 2


def test_a_changed_lock_or_another_python_installs_anew(elsewhere: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (elsewhere / ".venv" / "bin").mkdir(parents=True)
    bootstrap.PYTHON.symlink_to(sys.executable)
    installs: list[str] = []
    monkeypatch.setattr(bootstrap, "install", installs.append)
    for stamp in ({}, {"requirements.lock": "of yesterday", "python": bootstrap.version_of(sys.executable)}, {"python": "3.9"}, []):
        bootstrap.STAMP.write_text(json.dumps(stamp))
        assert bootstrap.main("requirements.lock") == 0
    assert len(installs) == 4


def test_the_version_of_what_does_not_run_is_empty(tmp_path: Path) -> None:
    assert bootstrap.version_of(tmp_path / "nothing") == ""
    assert bootstrap.version_of(sys.executable) == f"{sys.version_info[0]}.{sys.version_info[1]}"
