"""What was heard and is not delivered yet, on disk: a killed bridge, a dead network or a Switchboard that is away lose nothing of it."""

import sqlite3
import time
from collections.abc import Sequence
from pathlib import Path


class Spool:
    """Lines in the order in which they were heard, each for one phone system, and marks of how far files were read.

    One SQLite file, written through to the disk. Not for several threads at once: each opens its own.
    """

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self.database = sqlite3.connect(path, isolation_level=None, timeout=30)
        for _ in range(100):  # whoever opens it first turns it over to WAL; SQLite does not let the others wait for that
            try:
                self.database.execute("PRAGMA journal_mode=WAL")
                break
            except sqlite3.OperationalError:
                time.sleep(0.05)
        self.database.execute("PRAGMA synchronous=FULL")
        self.database.execute(
            "CREATE TABLE IF NOT EXISTS line (id INTEGER PRIMARY KEY AUTOINCREMENT, system TEXT NOT NULL, body TEXT NOT NULL)"
        )
        self.database.execute("CREATE TABLE IF NOT EXISTS mark (name TEXT PRIMARY KEY, inode INTEGER NOT NULL, place INTEGER NOT NULL)")

    def put(self, system: str, bodies: Sequence[str], *, mark: tuple[str, int, int] | None = None) -> None:
        """Keep lines, and in the same step how far the file was read that they come from: ``(name, inode, place)``."""
        self.database.execute("BEGIN IMMEDIATE")
        self.database.executemany("INSERT INTO line (system, body) VALUES (?, ?)", [(system, body) for body in bodies])
        if mark:
            self.database.execute("INSERT OR REPLACE INTO mark (name, inode, place) VALUES (?, ?, ?)", mark)
        self.database.execute("COMMIT")

    def mark(self, name: str) -> tuple[int, int] | None:
        """Inode and place of a file as far as it was read."""
        found = self.database.execute("SELECT inode, place FROM mark WHERE name = ?", (name,)).fetchone()
        return (found[0], found[1]) if found else None

    def next(self, most: int = 200) -> tuple[str, list[int], list[str]]:
        """The eldest lines of one phone system: its slug, their ids and bodies; nothing is an empty list."""
        first = self.database.execute("SELECT system FROM line ORDER BY id LIMIT 1").fetchone()
        if first is None:
            return "", [], []
        rows = self.database.execute("SELECT id, body FROM line WHERE system = ? ORDER BY id LIMIT ?", (first[0], most)).fetchall()
        return first[0], [row[0] for row in rows], [row[1] for row in rows]

    def done(self, ids: Sequence[int]) -> None:
        """Forget what was delivered."""
        self.database.execute("BEGIN IMMEDIATE")
        self.database.executemany("DELETE FROM line WHERE id = ?", [(one,) for one in ids])
        self.database.execute("COMMIT")

    def waiting(self) -> int:
        """How many lines are not delivered yet."""
        return int(self.database.execute("SELECT count(*) FROM line").fetchone()[0])

    def close(self) -> None:
        """Let the file go."""
        self.database.close()
