"""The same statements without any framework: what the database and the server alone would allow."""

import itertools
import json
import os
import threading
from pathlib import Path

import orjson
import psycopg2
from uuid_utils.compat import uuid7

RECORDED: dict[str, list[list[str]]] = json.loads(Path(os.environ["BENCH_STATEMENTS"]).read_text(encoding="utf-8"))
DSN = json.loads(os.environ["BENCH_DSN"])
mine = threading.local()
counter = itertools.count()
#: per event sequence: which request of the call comes next, with the ids of the call that goes on
IDS = 40


def connection():
    """One connection a thread, in autocommit."""
    if not hasattr(mine, "connection"):
        mine.connection = psycopg2.connect(**DSN)
        mine.connection.autocommit = True
    return mine.connection


def application(environ, start_response):
    """WSGI: ``/<name>`` replays the next recorded request of that name."""
    name = environ["PATH_INFO"].strip("/")
    environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
    sequences = RECORDED[name]
    if name.startswith("event"):
        rows = _write(sequences)
    else:
        with connection().cursor() as cursor:
            rows = _run(cursor, sequences[next(counter) % len(sequences)])
    body = orjson.dumps(rows, default=str)
    start_response("200 OK", [("Content-Type", "application/json"), ("Content-Length", str(len(body)))])
    return [body]


def _write(sequences: list[list[str]]):
    """The next request of this thread's call; a new call has new ids."""
    step = getattr(mine, "step", 0)
    if step == 0:
        mine.ids, mine.key = [str(uuid7()) for _ in range(IDS)], uuid7().hex
    mine.step = (step + 1) % len(sequences)
    database = connection()
    statements = sequences[step]
    for index, fresh in enumerate(mine.ids):
        mark = f"{{{{{index}}}}}"
        statements = [one.replace(mark, fresh) for one in statements] if any(mark in one for one in statements) else statements
    statements = [one.replace("benchcall", mine.key) for one in statements]
    with database.cursor() as cursor:
        return _run(cursor, _as_a_transaction(statements))


def _as_a_transaction(statements: list[str]) -> list[str]:
    """The outermost savepoint of the recording is a transaction in life."""
    first = next(index for index, one in enumerate(statements) if one.startswith("SAVEPOINT"))
    name = statements[first].split()[1]
    swap = {statements[first]: "BEGIN", f"RELEASE SAVEPOINT {name}": "COMMIT"}
    return [swap.get(one, one) for one in statements]


def _run(cursor, statements):
    rows = []
    for one in statements:
        cursor.execute(one)
        if cursor.description:
            rows = cursor.fetchall()
    return rows
