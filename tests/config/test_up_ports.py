"""A port that was asked for is refused plainly; one that was not is found."""

import socket
from collections.abc import Iterator

import pytest

from config.embedded import ports


@pytest.fixture
def taken() -> Iterator[int]:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield listener.getsockname()[1]


def test_a_taken_port_that_was_asked_for_is_said_with_how_to_choose_another(taken: int) -> None:
    with pytest.raises(ports.PortTaken, match=f"Port {taken} is taken.*PORT=.* make up"):
        ports.choose(str(taken), "127.0.0.1")


def test_the_next_free_port_is_taken_when_none_was_asked_for(taken: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ports, "USUAL_PORT", taken)
    assert taken < ports.choose("", "127.0.0.1") <= taken + 100


@pytest.mark.parametrize("odd", ["0", "65536", "http", "-1", "80.5", "８０００x"])
def test_what_is_no_port_is_said(odd: str) -> None:
    with pytest.raises(ports.PortTaken, match="is not a port"):
        ports.choose(odd, "127.0.0.1")
