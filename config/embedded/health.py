"""Ask /healthz of the web server beside this process; the exit code tells a container engine. Standard library only.

Run as a file (``python config/embedded/health.py``): importing the package would cost a second of processor each time.
"""

import os
import sys
import urllib.error
import urllib.request

port = os.environ.get("PORT") or "8000"
known = (os.environ.get("ALLOWED_HOSTS") or "localhost").split(",")[0].strip().lstrip(".")
request = urllib.request.Request(f"http://127.0.0.1:{port}/healthz", headers={"Host": "localhost" if known == "*" else known})
try:
    with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=4) as answer:
        sys.exit(0 if answer.status == 200 else 1)
except (OSError, urllib.error.URLError) as error:
    print(error)
    sys.exit(1)
