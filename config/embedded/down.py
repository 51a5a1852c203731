"""``make down``: stop what runs on this data folder. ``make reset``: empty it.

python -m config.embedded.down [--reset]
"""

import os
import signal
import sys

from config.embedded import addresses, folders, processes

PATIENCE_S = 120


def down() -> bool:
    """Stop what runs on the data folder, and what an earlier run left behind. Returns whether everything is stopped."""
    folder = addresses.data_dir()
    pid = folders.holder(folder)
    if pid:
        print(f"Stopping Switchboard on {folder} (process {pid}) …", flush=True)
        try:
            os.kill(pid, signal.SIGTERM)
        except ProcessLookupError:
            pass
        except PermissionError:
            print(f"Process {pid} belongs to another user: stop it as that user.")
            return False
        if not processes.wait_until_gone(pid, PATIENCE_S):
            print(f"Process {pid} still runs after {PATIENCE_S} s. See {folder}/logs.")
            return False
        print("Stopped.")
        return True
    if not folder.exists():
        print(f"Nothing runs on {folder}.")
        return True
    with folders.hold(folder):
        left = processes.end_leftovers(folder)
        (folder / "up.json").unlink(missing_ok=True)
    print(f"Stopped {left} processes that an earlier run left behind." if left else f"Nothing runs on {folder}.")
    return True


def reset() -> bool:
    """Stop, then remove the data. On a terminal, ask first."""
    folder = addresses.data_dir()
    if not folder.exists():
        print(f"{folder} is empty already.")
        return True
    if sys.stdin.isatty() and input(f"Remove all data in {folder}? [y/N] ").strip().lower() not in {"y", "yes"}:
        print("Nothing was removed.")
        return False
    if not down():
        return False
    with folders.hold(folder):
        folders.empty(folder)
    print(f"The data in {folder} is removed. `make up` begins anew.")
    return True


def main(arguments: list[str]) -> int:
    """Do what was asked; say plainly why not."""
    try:
        return 0 if (reset() if "--reset" in arguments else down()) else 1
    except folders.Busy as busy:
        print(f"Another command (process {busy.pid}) is just working on {addresses.data_dir()}; try again.")
    except PermissionError as error:
        print(f"{error.filename} belongs to another user: do this as that user.")
    return 1


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
