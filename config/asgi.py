"""The ASGI entrance: the process that holds the streams of the live feed. Everything else is served by ``config.wsgi``."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django = get_wsgi_application()  # loads the apps, which what follows needs

from config.api.stream.serving import Streams  # noqa: E402

application = Streams(django)
