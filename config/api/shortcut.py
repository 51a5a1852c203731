"""Requests with a token go past the middleware that only browsers need: sessions, CSRF, signing in, messages, the viewer's zone.

In the settings that middleware stands between ``PastBrowsers`` and ``BrowsersEnd``.
"""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

Answer = Callable[[HttpRequest], HttpResponse]


class BrowsersEnd:
    """Where requests with a token go on. Django makes middleware from the last to the first, so it is there before ``PastBrowsers``."""

    go_on: Answer

    def __new__(cls, get_response: Answer) -> Answer:
        cls.go_on = staticmethod(get_response)
        return get_response


class PastBrowsers:
    """A token proves who asks by itself: no cookie is looked at, so no foreign page can use one."""

    def __init__(self, get_response: Answer) -> None:
        self.for_browsers = get_response
        self.for_tokens = BrowsersEnd.go_on

    def __call__(self, request: HttpRequest) -> HttpResponse:
        has_token = request.META.get("HTTP_AUTHORIZATION", "")[:7].lower() == "bearer "
        if has_token and request.path_info.startswith("/api/"):
            return self.for_tokens(request)
        return self.for_browsers(request)
