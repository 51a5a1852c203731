"""Servers of streams that end with their test."""

from collections.abc import Callable, Iterator

import pytest

from tests.stream.serving import Reader, Server


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
