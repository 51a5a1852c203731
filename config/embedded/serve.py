"""The web server of a container or a unit file, or what holds streams: the command of ``make up``, in the place of this process.

python -m config.embedded.serve          BIND (all addresses), PORT (8000), WEB_WORKERS (2), WEB_THREADS (4)
python -m config.embedded.serve stream   BIND, PORT, STREAM_WORKERS (1)
"""

import os
import shutil
import sys
from pathlib import Path

from config.embedded import web


def main() -> None:
    """Empty the folder of counters (those of processes that are gone would be summed with the living), and become the server."""
    counters = os.environ.get("PROMETHEUS_MULTIPROC_DIR")
    if counters:
        shutil.rmtree(counters, ignore_errors=True)
        Path(counters).mkdir(parents=True, exist_ok=True)
    command_of = web.stream_command if "stream" in sys.argv[1:] else web.web_command
    command = command_of(os.environ, os.environ.get("BIND") or "0.0.0.0", int(os.environ.get("PORT") or "8000"))  # noqa: S104 (its container ends there)
    os.execv(command[0], command)  # noqa: S606


if __name__ == "__main__":
    main()
