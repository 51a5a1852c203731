"""A connection is kept between requests, and whether it still lives is seen without asking the server each time."""

import time

import psycopg2
import pytest
from django.db import connections

from config.platform.database import base


@pytest.fixture
def line(transactional_db):
    """A connection of its own, as a request finds it: used before, and to be looked at before its next statement."""
    line = connections["default"].copy()
    line.settings_dict = {**line.settings_dict, "CONN_HEALTH_CHECKS": True}
    line.connect()
    line.close_if_unusable_or_obsolete()
    yield line
    line.close()


def pid_of(line) -> int:
    with line.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        return cursor.fetchone()[0]


def end(pid: int, by) -> None:
    with by.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(%s, 5000)", [pid])


def test_a_connection_that_lives_is_used_again_without_asking(line, monkeypatch):
    pid = pid_of(line)
    monkeypatch.setattr(base.base.DatabaseWrapper, "is_usable", lambda self: pytest.fail("it was asked"))
    line.close_if_unusable_or_obsolete()
    assert pid_of(line) == pid


def test_a_connection_that_the_server_closed_is_replaced_before_the_next_statement(line):
    pid = pid_of(line)
    end(pid, connections["default"])
    line.close_if_unusable_or_obsolete()
    assert pid_of(line) != pid


def test_a_connection_that_was_long_not_asked_is_asked(line, monkeypatch):
    asked = []
    monkeypatch.setattr(base.base.DatabaseWrapper, "is_usable", lambda self: asked.append(True) or True)
    now = time.monotonic()
    monkeypatch.setattr(base.time, "monotonic", lambda: now + base.ASK_EVERY_S + 1)
    line.close_if_unusable_or_obsolete()
    pid_of(line)
    assert asked


def test_in_the_middle_of_a_request_the_loss_is_told(line):
    end(pid_of(line), connections["default"])
    with pytest.raises((psycopg2.Error, Exception), match=r"terminat|closed"):
        pid_of(line)
