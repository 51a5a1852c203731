"""The settings of the tests: those of the project, over plain HTTP, on servers of their own when nobody names any.

`pytest` alone is thus enough: PostgreSQL and Valkey start for the session (once, also with several workers) and go with it.
"""

import json
import os
import subprocess
import sys

NAMES = ("DATABASE_URL", "BROKER_URL", "CACHE_URL", "SECRET_KEY", "DATA_DIR")
WAIT = f"import json, os, sys; print(json.dumps({{name: os.environ[name] for name in {NAMES} if name in os.environ}}), flush=True); sys.stdin.read()"


def start_servers() -> None:
    """Put their addresses into the environment. They end with this process, however it ends: with it ends their input."""
    command = [sys.executable, "-m", "config.embedded.beside", sys.executable, "-c", WAIT]
    child = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, start_new_session=True)
    line = child.stdout.readline()
    if not line:
        raise SystemExit("The embedded servers did not start; see above. Or name your own: DATABASE_URL, BROKER_URL.")
    os.environ.update(json.loads(line))
    start_servers.running = child  # kept, or its input would be closed


if "pytest" in sys.modules and not (os.environ.get("DATABASE_URL") and os.environ.get("BROKER_URL")):
    start_servers()
os.environ.setdefault("HTTPS", "0")

from config.settings import *  # noqa: E402, F403

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]  # the slow one is Django's, and tested there
WALLBOARD_KEPT_S = 0.0  # tests look at what they made a moment ago
