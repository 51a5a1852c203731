"""Follows a log that grows and is turned over: every whole line once, from where it was left, however often the follower is begun."""

import os
from collections.abc import Iterator
from pathlib import Path

from calls.bridge.spool import Spool

MOST = 1_000
LONGEST = 100_000


def read_on(path: Path, spool: Spool, *, system: str) -> int:
    """Spool the lines that came since; answers how many. Call it again and again.

    A log that was turned over is read to its end under its new name (``queue_log.1`` and the like) before the new one is begun; one
    that was cut short is begun anew.
    """
    name, count = str(path), 0
    left = spool.mark(name)
    if left is not None and (old := _renamed(path, left[0])) is not None:
        count += _lines(old, spool, name=name, system=system, start=left[1])
    try:
        here = path.stat()
    except OSError:
        return count
    start = left[1] if left is not None and left[0] == here.st_ino and left[1] <= here.st_size else 0
    return count + _lines(path, spool, name=name, system=system, start=start)


def _renamed(path: Path, inode: int) -> Path | None:
    """The file that was followed, when it has another name now."""
    try:
        if path.stat().st_ino == inode:
            return None
    except OSError:
        pass
    for other in sorted(path.parent.glob(f"{path.name}?*")):
        try:
            if other.stat().st_ino == inode:
                return other
        except OSError:
            continue
    return None


def _lines(path: Path, spool: Spool, *, name: str, system: str, start: int) -> int:
    count = 0
    with path.open("rb") as file:
        inode = os.fstat(file.fileno()).st_ino
        file.seek(start)
        for lines, place in _pieces(file, start):
            spool.put(system, lines, mark=(name, inode, place))
            count += len(lines)
    return count


def _pieces(file: Iterator[bytes], place: int) -> Iterator[tuple[list[str], int]]:
    """Whole lines, some at a time, with the place behind them; a last line without its end waits for it."""
    lines: list[str] = []
    for line in file:
        if not line.endswith(b"\n"):
            break
        place += len(line)
        if text := line[:LONGEST].decode("utf-8", "replace").strip():
            lines.append(text)
        if len(lines) >= MOST:
            yield lines, place
            lines = []
    yield lines, place
