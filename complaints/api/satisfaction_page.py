"""The page on which a customer answers, ``/s/<token>/``: plain HTML without a script, for a phone and for a screen reader.

It is outside of the API: whoever has the link is not known here, so nothing is told but the number of their own complaint.
"""

import time
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.template.loader import get_template
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation.trans_real import parse_accept_lang_header
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from complaints import satisfaction
from complaints.models import Satisfaction
from complaints.satisfaction import LinkOver, LinkUnknown, LinkUsed, SatisfactionNotOwed
from complaints.satisfaction_words import words
from config.api import throttling
from config.api.callers import client_ip
from config.platform.moves import TransitionNotAllowed

HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Robots-Tag": "noindex, nofollow",
}
LONGEST_BODY = 64 * 1024
SCORES = ("1", "2", "3", "4", "5")


@csrf_exempt  # the token in the address is what a foreign page cannot know; a cookie would prove nothing more, and none is set
@require_http_methods(["GET", "HEAD", "POST"])
def page(request: HttpRequest, token: str) -> HttpResponse:
    """The question, and after a POST the thanks. Looking at it changes nothing, so those who look into letters use up no link."""
    accepted = [tag for tag, _ in parse_accept_lang_header(request.META.get("HTTP_ACCEPT_LANGUAGE", "")[:500])]
    if _is_too_much(request):
        return _notice("busy", 429, "", accepted, {"Retry-After": str(throttling.WINDOW_S)})
    now = timezone.now()
    try:
        row = satisfaction.of_token(token, now=now)
        language = row.complaint.language
        if request.method != "POST":
            return _form(row, language, accepted, {}, [])
        if _is_too_long(request):
            return _form(row, language, accepted, {}, ["comment"])
        given, faults = _read(request)
        if faults:
            return _form(row, language, accepted, request.POST.dict(), faults)
        satisfaction.answer_by_token(token, **given, now=now)
        return _notice("thanks", 200, language, accepted, text="sorry_text" if given["is_solved"] is False else "thanks_text")
    except LinkUnknown:
        return _notice("unknown", 404, "", accepted)
    except (LinkUsed, TransitionNotAllowed):
        return _notice("used", 410, "", accepted)
    except (LinkOver, SatisfactionNotOwed):
        return _notice("over", 410, "", accepted)


def _is_too_much(request: HttpRequest) -> bool:
    """Guessing 256 bits is hopeless; this keeps those who try from being a burden."""
    limit = settings.RATE_LIMITS["anonymous"]
    used = throttling.count(f"anonymous:{client_ip(request) or 'unknown'}", now=time.time()) if limit else None
    return used is not None and used > limit


def _is_too_long(request: HttpRequest) -> bool:
    """No form of ours is: it is not read, for files may be sent to other addresses and are let in as far as here."""
    length = request.META.get("CONTENT_LENGTH") or "0"
    return not length.isdigit() or int(length[:18]) > LONGEST_BODY


def _read(request: HttpRequest) -> tuple[dict[str, Any], list[str]]:
    score, solved = request.POST.get("score", ""), request.POST.get("is_solved", "")
    comment = request.POST.get("comment", "").replace("\0", "").replace("\r\n", "\n").strip()
    faults = [] if score in SCORES else ["score"]
    if len(comment) > satisfaction.LONGEST_COMMENT:
        faults.append("comment")
    given = {"score": int(score) if score in SCORES else 0, "is_solved": {"yes": True, "no": False}.get(solved), "comment": comment}
    return given, faults


def _form(row: Satisfaction, language: str, accepted: list[str], given: dict[str, Any], faults: list[str]) -> HttpResponse:
    tag, said = words(language, accepted)
    text = {"score": said["choose"], "comment": said["too_long"].format(most=satisfaction.LONGEST_COMMENT)}
    context = {
        "lang": tag,
        "said": said,
        "title": said["title"].format(number=row.complaint.number),
        "heading": format_html(said["title"], number=format_html('<span class="number">{}</span>', row.complaint.number)),
        "scores": [{"value": one, "word": said[one], "is_chosen": given.get("score") == one} for one in SCORES],
        "solved": [{"value": one, "word": said[one], "is_chosen": given.get("is_solved") == one} for one in ("yes", "no")],
        "comment": given.get("comment", ""),
        "longest": satisfaction.LONGEST_COMMENT,
        "faults": [{"field": name, "text": text[name]} for name in faults],
        "score_fault": text["score"] if "score" in faults else "",
        "comment_fault": text["comment"] if "comment" in faults else "",
    }
    return _answer(context, 422 if faults else 200, {})


def _notice(
    name: str, status: int, language: str, accepted: list[str], headers: dict[str, str] | None = None, *, text: str = ""
) -> HttpResponse:
    tag, said = words(language, accepted)
    context = {"lang": tag, "said": said, "title": said[name], "notice": said[text or f"{name}_text"]}
    return _answer(context, status, headers or {})


def _answer(context: dict[str, Any], status: int, headers: dict[str, str]) -> HttpResponse:
    return HttpResponse(get_template("satisfaction.html").render(context), status=status, headers={**HEADERS, **headers})
