"""Servers of streams that end with their test."""

from collections.abc import Callable, Iterator

import pytest

from config.platform import feed
from tests.stream.serving import NOTE, Reader, Server


@pytest.fixture(autouse=True)
def note(monkeypatch) -> None:
    """A kind of message that only these tests know."""
    monkeypatch.setitem(feed.kinds, NOTE.name, NOTE)


@pytest.fixture
def serve(transactional_db, tmp_path) -> Iterator[Callable[..., Server]]:
    """``serve()`` starts a process that holds streams on the test's database."""
    servers: list[Server] = []

    def start(**words) -> Server:
        servers.append(Server(tmp_path, **words))
        return servers[-1]

    yield start
    for server in servers:
        server.end()


@pytest.fixture
def read() -> Iterator[Callable[..., Reader]]:
    """``read(server.url, token)`` opens a stream; ``last=`` resumes one."""
    readers: list[Reader] = []

    def begin(*words, **more) -> Reader:
        readers.append(Reader(*words, **more))
        return readers[-1]

    yield begin
    for reader in readers:
        reader.close()
