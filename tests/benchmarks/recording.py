"""What one of our answers asks of the database: its statements as text, so that a bare application can ask the very same."""

import json
import re
from pathlib import Path
from typing import Any

from django.db import connection
from rest_framework.test import APIClient

UUIDS = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}")


def statements(client: APIClient, method: str, address: str, body: Any = None) -> list[str]:
    """The statements of one request, in their order."""
    asked: list[str] = []

    def note(execute, sql, params, many, context):
        with connection.connection.cursor() as cursor:
            asked.append(cursor.mogrify(sql, params).decode() if params else sql)
        return execute(sql, params, many, context)

    client.raise_request_exception = True
    with connection.execute_wrapper(note):
        answer = client.get(address) if method == "GET" else client.post(address, body, format="json")
    assert answer.status_code == 200, answer.content
    return asked


def record(path: Path, client: APIClient, requests: dict[str, list[dict[str, Any]]], *, known: set[str]) -> None:
    """Write ``{name: [[statement, …], …]}`` of these requests. In texts that write, ids that are not ``known`` become ``{{0}}``, ``{{1}}`` … to be made anew.

    The transaction is the test's own: nothing that was written stays.
    """
    found: dict[str, list[list[str]]] = {}
    for name, those in requests.items():
        found[name] = []
        for one in those:
            asked = statements(client, one["method"], one["address"], one.get("body"))
            found[name].append(asked)
    for name, sequences in found.items():
        if name.startswith("event"):
            found[name] = _templates(sequences, known)
    path.write_text(json.dumps(found), encoding="utf-8")


def _templates(sequences: list[list[str]], known: set[str]) -> list[list[str]]:
    """Ids that a sequence of requests makes are told by where they first appear: in an INSERT."""
    made: list[str] = []
    for statement in (one for sequence in sequences for one in sequence):
        if statement.startswith("INSERT"):
            made += [found for found in UUIDS.findall(statement) if found not in made and found not in known]
    names = {found: f"{{{{{index}}}}}" for index, found in enumerate(made)}
    return [[UUIDS.sub(lambda match: names.get(match[0], match[0]), one) for one in sequence] for sequence in sequences]
