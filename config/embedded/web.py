"""The command lines of the programs that serve and work: the web server, the Celery workers, beat."""

import os
import sys
from collections.abc import Mapping
from pathlib import Path

BIN = Path(sys.executable).parent  # not resolved: the interpreter of .venv is a link out of it


def web_command(environment: Mapping[str, str], host: str, port: int) -> list[str]:
    """The web server: granian, chosen by measuring. WEB_WORKERS processes of WEB_THREADS threads.

    Beside gunicorn (gthread) with 2 processes of 4 threads on 2 cores, 16 clients: 2.7 ms of processor for an answer of /me/ against 3.1,
    4.1 against 4.6 for a list; the slowest of a hundred sooner too. It gets by with hundreds of idle and of slow clients where
    threads that wait for a header are used up, and it serves ASGI by the same command.
    A worker that dies is replaced within half a second; at the end requests in flight have 20 s to finish.
    """
    return [
        str(BIN / "granian"), "--interface", "wsgi", "config.wsgi:application",
        "--host", host, "--port", str(port),
        "--workers", environment.get("WEB_WORKERS") or "2",
        "--blocking-threads", environment.get("WEB_THREADS") or "4",
        "--backlog", "1024",
        "--backpressure", "4096",  # idle connections count: a low limit lets a hundred of them shut everybody out
        "--respawn-failed-workers", "--respawn-interval", "0.5",
        "--workers-kill-timeout", "20",
        "--http", "1", "--no-ws", "--log-level", "warning",
    ]  # fmt: skip


def stream_command(environment: Mapping[str, str], host: str, port: int) -> list[str]:
    """The process that holds the streams of the live feed: granian again, by ASGI.

    A process of its own, for serving everything by ASGI was measured too: 16 clients, processor for an answer of /me/ 1.05 ms by WSGI, 1.54
    by a2wsgi, 1.19 by the leanest bridge we could write; a list 2.65, 3.28 and 2.89. One process holds 500 streams with ease.
    """
    return [
        str(BIN / "granian"), "--interface", "asgi", "config.asgi:application",
        "--host", host, "--port", str(port),
        "--workers", environment.get("STREAM_WORKERS") or "1",
        "--backlog", "1024",
        "--backpressure", "4096",
        "--respawn-failed-workers", "--respawn-interval", "0.5",
        "--workers-kill-timeout", "10",
        "--http", "1", "--no-ws", "--log-level", "warning",
    ]  # fmt: skip


def worker_command(environment: Mapping[str, str], queue: str) -> list[str]:
    """A Celery worker of one queue: long batches must not hold up what is urgent, so each queue has its own."""
    usual = {"fast": "2", "batch": "1"}
    concurrency = environment.get(f"{queue.upper()}_WORKERS") or usual[queue]
    return [
        str(BIN / "celery"), "-A", "config.celery:app", "worker", "-Q", queue, "-n", f"{queue}@%h", "-c", concurrency,
        "-I", "config.embedded.announcing", "--without-gossip", "--without-mingle", "-l", "INFO",
    ]  # fmt: skip


def beat_command() -> list[str]:
    """Celery's clock. Without a pid file: a stale one would keep it from starting."""
    return [str(BIN / "celery"), "-A", "config.celery:app", "beat", "--pidfile=", "-l", "INFO"]


def worker_environment(environment: Mapping[str, str], ready_file: Path) -> dict[str, str]:
    """The environment of a worker that tells by a file when it takes tasks."""
    return (
        {**environment, "READY_FILE": str(ready_file), "C_FORCE_ROOT": "1"}
        if os.geteuid() == 0
        else {**environment, "READY_FILE": str(ready_file)}
    )
