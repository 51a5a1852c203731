"""make bench: our answers beside a bare WSGI application that asks the same statements, on one machine, in one run.

python -m tests.benchmarks [--contacts 1000000] [--calls 2000000] [--requests 2000] [--small]

Without DATABASE_URL the servers are the benchmark's own (DATA_DIR/bench), kept for the next run.
"""

import argparse
import os
import sys

from tests.benchmarks import servers


def main() -> int:
    """Read the options, see to the servers, measure."""
    options = argparse.ArgumentParser(prog="make bench", description="Our answers beside a bare WSGI application with the same statements.")
    options.add_argument("--contacts", type=int, default=1_000_000)
    options.add_argument("--calls", type=int, default=2_000_000)
    options.add_argument("--requests", type=int, default=2000, help="in one round")
    options.add_argument("--rounds", type=int, default=4, help="each way, in turns")
    options.add_argument("--only", default="", help="names of measures, with commas between: lookup,event,…")
    options.add_argument("--plans", default="", help="a file for the plans of the statements that read")
    options.add_argument("--small", action="store_true", help="a few rows and requests, no limits: only to see that it works")
    options.add_argument("--afresh", action="store_true", help="throw the filled tables of the last run away")
    asked = options.parse_args()
    if asked.small:
        asked.contacts, asked.calls, asked.requests, asked.rounds = 4_000, 8_000, 40, 1
    if not os.environ.get("DATABASE_URL"):
        room = "bench-small" if asked.small else "bench"
        words = [word for word in sys.argv[1:] if word != "--afresh"]
        return servers.run([sys.executable, "-W", "ignore", "-m", "tests.benchmarks", *words], room=room, afresh=asked.afresh)
    servers.ready_django()
    from tests.benchmarks import measuring

    return measuring.run(asked)


if __name__ == "__main__":
    sys.exit(main())
